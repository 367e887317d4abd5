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

"""The authentication method ``oauth2_credential``, which loads this package.

Keystone writes this name into tokens issued over Mutual-TLS but registers no
method for it, so Fernet tokens lose it. Keystone loads every method in
``[auth] methods`` before it builds its Flask application.
"""

import typing as ty

from oslo_config import cfg
from oslo_log import log

from keystone_oauth2 import conf
from keystone_oauth2.compose import installation
from keystone_oauth2.identity import mount
from keystone_oauth2.identity import web

LOG = log.getLogger(__name__)


class OAuth2Credential(web.AuthMethodHandler):
    """Replaces the in-tree API with this package's when it is loaded."""

    def __init__(self) -> None:
        conf.register_opts(cfg.CONF)
        try:
            # Imported here, since it needs more than Keystone brings.
            from keystone_oauth2.compose import routes

            mount.replace_in_tree_api(routes)
        except ModuleNotFoundError as error:
            _refuse(installation.explain(error), error)
        except mount.UnknownKeystone as error:
            _refuse(str(error), error)

    def authenticate(self, auth_payload: ty.Any) -> ty.NoReturn:
        """Refuse, since only the token endpoint issues such tokens.

        :raises keystone.exception.Unauthorized: always.
        """
        super().authenticate(auth_payload)
        raise AssertionError


def _refuse(sentence: str, error: Exception) -> ty.NoReturn:
    LOG.critical(sentence)
    raise SystemExit(sentence) from error
