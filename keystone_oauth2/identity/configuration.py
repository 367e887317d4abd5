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

"""Keystone's configuration for commands (``keystone.conf``)."""

import collections.abc as abc

from keystone.common import sql
import keystone.conf
from oslo_config import cfg

from keystone_oauth2 import conf


def prepare() -> cfg.ConfigOpts:
    """Return Keystone's configuration with all options, before reading it."""
    keystone.conf.configure()
    conf.register_opts(keystone.conf.CONF)
    sql.initialize()
    keystone.conf.set_config_defaults()
    return keystone.conf.CONF


def load(arguments: abc.Sequence[str], command: cfg.Opt) -> None:
    """Load the files that Keystone would load, and set up logging.

    :param arguments: of the command line, with ``--config-file`` as usual.
    :param command: the option for the subcommand.
    """
    configuration = prepare()
    configuration.register_cli_opt(command)
    configuration(list(arguments), project='keystone')
    keystone.conf.setup_logging()
