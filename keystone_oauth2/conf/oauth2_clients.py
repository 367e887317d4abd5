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

"""Group ``[oauth2_clients]``: what can be registered for a client."""

from oslo_config import cfg

from keystone_oauth2.conf import text

authenticator_limit = cfg.IntOpt(
    'authenticator_limit',
    deprecated_name='client_authenticator_limit',
    deprecated_group='oauth2',
    default=10,
    min=1,
    max=100,
    help=text.unwrap("""
Maximum number of secrets, of keys and of certificates, each, that can be
registered for a client. Expired ones are replaced by new ones.
"""),
)

authenticator_expiry_warning = cfg.IntOpt(
    'authenticator_expiry_warning',
    deprecated_name='client_authenticator_expiry_warning',
    deprecated_group='oauth2',
    default=1209600,
    min=0,
    help=text.unwrap("""
How many seconds before its expiration a registered secret, key or certificate
is reported as expiring soon, by the API and by ``keystone-oauth2-manage
list_expiring``. The default is 14 days.
"""),
)

GROUP_NAME = __name__.rsplit('.', maxsplit=1)[-1]
ALL_OPTS: list[cfg.Opt] = [
    authenticator_limit,
    authenticator_expiry_warning,
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of this group."""
    conf.register_opts(ALL_OPTS, group=GROUP_NAME)


def list_opts() -> tuple[str, list[cfg.Opt]]:
    """Return the group and its options."""
    return GROUP_NAME, ALL_OPTS
