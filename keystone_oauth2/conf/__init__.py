# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Configuration options, one module per group."""

import collections.abc as abc

from oslo_config import cfg

from keystone_oauth2.conf import oauth2
from keystone_oauth2.conf import oauth2_assertions
from keystone_oauth2.conf import oauth2_certificates
from keystone_oauth2.conf import oauth2_clients
from keystone_oauth2.conf import oauth2_limits
from keystone_oauth2.conf import oauth2_secrets
from keystone_oauth2.conf import oauth2_statsd
from keystone_oauth2.conf import oauth2_tokens

_MODULES = (
    oauth2,
    oauth2_assertions,
    oauth2_certificates,
    oauth2_clients,
    oauth2_limits,
    oauth2_secrets,
    oauth2_statsd,
    oauth2_tokens,
)


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register this package's options."""
    for module in _MODULES:
        module.register_opts(conf)


def list_opts() -> abc.Iterable[tuple[str, list[cfg.Opt]]]:
    """Return all options, for ``oslo-config-generator``."""
    return [module.list_opts() for module in _MODULES]
