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

"""Keystone's token providers, with JWT access tokens in addition.

``[token] provider`` names one of them. Keystone's own tokens are those of the
in-tree provider, and remain valid with it. Keystone's checks look for
``fernet`` in the name.
"""

import typing as ty

from keystone import exception
from keystone.token.providers.fernet import core as fernet
from keystone.token.providers.jws import core as jws
from oslo_config import cfg
from oslo_log import log

from keystone_oauth2 import conf
from keystone_oauth2.conf import urls
from keystone_oauth2.identity import client_token
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.protocol import access_token

LOG = log.getLogger(__name__)


class _JWTProvider:
    """Validates JWT access tokens; another class validates other tokens."""

    def __init__(self) -> None:
        # Keystone loads its providers first, also without the extension.
        conf.register_opts(cfg.CONF)
        super().__init__()

    def validate_token(self, token_id: str) -> tuple[ty.Any, ...]:
        """Return what a token says to ``keystone.token.provider``.

        Keystone checks whether it has expired or was revoked, and computes
        the roles.

        :raises exception.TokenNotFound: it is not a token.
        """
        if not access_token.is_one(token_id):
            return ty.cast(
                'tuple[ty.Any, ...]',
                super().validate_token(token_id),  # type: ignore[misc]
            )
        repository = signing_key_repository.configured(cfg.CONF)
        # The extension checks the audience.
        if client_token.CERTIFICATE_METHOD not in cfg.CONF.auth.methods:
            LOG.error(
                'JWT access tokens are refused: append oauth2_credential to '
                '[auth] methods.'
            )
            raise exception.TokenNotFound(token_id='')  # nosec B106
        try:
            found = access_token.verify(
                token_id, repository.load(), urls.issuer(cfg.CONF)
            )
            return _values(found)
        except ValueError as error:
            LOG.debug('JWT access token: %s', error)
            raise exception.TokenNotFound(token_id='') from error  # nosec B106


class OAuth2Fernet(_JWTProvider, fernet.Provider):
    """The entry point ``oauth2_fernet``."""


class OAuth2JWS(_JWTProvider, jws.Provider):
    """The entry point ``oauth2_jws``."""


def _values(found: access_token.AccessToken) -> tuple[ty.Any, ...]:
    methods = found.openstack['methods']
    is_user = client_token.CERTIFICATE_METHOD in methods
    bound_to = found.confirmation
    return (
        found.user_id,
        methods,
        [found.audit_id],
        None,  # system
        None,  # domain
        found.openstack['project']['id'],
        None,  # trust
        None,  # groups of a federated user
        None,  # identity provider
        None,  # protocol
        None,  # OAuth 1.0 access token
        None if is_user else found.client_id,
        bound_to and bound_to.keystone_thumbprint,
        client_token.isotime(found.issued_at),
        client_token.isotime(found.expires_at),
    )
