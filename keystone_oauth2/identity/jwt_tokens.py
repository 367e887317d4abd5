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

"""JWT access tokens that Keystone accepts like its own.

:class:`JWTTokens` implements :class:`.protocol.ports.TokenService`.
"""

import calendar
import typing as ty

from keystone.common import provider_api
from keystone.common import render_token
from keystone.models import token_model
from oslo_log import log
from oslo_utils import timeutils

from keystone_oauth2.identity import client_token
from keystone_oauth2.identity import jwt_validity
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.identity import tokens
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import signing_keys

LOG = log.getLogger(__name__)
PROVIDERS = provider_api.ProviderAPIs

# What registered claims say, or what services do not need and may be long.
_LEFT_OUT = ('audit_ids', 'expires_at', 'issued_at', 'service_providers')


class JWTTokens(tokens.Tokens):
    """Issues JWT access tokens, and opaque ones where a JWT would be too long.

    :param validity: checks JWT access tokens.
    :param repository: with the key that signs.
    :param issuer: the issuer identifier.
    :param audience: of tokens whose client asks for no resource.
    :param lifetime: in seconds at most.
    :param max_size: of a token in bytes.
    """

    knows_resources = True

    def __init__(
        self,
        validity: jwt_validity.Validity,
        *,
        repository: signing_key_repository.SigningKeyRepository,
        issuer: str,
        audience: str,
        lifetime: int,
        max_size: int,
    ) -> None:
        super().__init__(validity)
        self._repository = repository
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._max_size = max_size

    def issue(self, delegation: ports.Delegation) -> ports.IssuedToken:
        """Issue a token with the roles that are delegated.

        :raises ports.CannotRestrict: it would be too long, and an opaque token
            is valid for all resources.
        :raises ports.CannotSign: there is no key.
        :raises ports.Refused: as for an opaque token.
        """
        key = self._repository.load().active
        if key is None:
            raise ports.CannotSign('there is no usable signing key')
        token = _DescribedToken(delegation, self._lifetime)
        with tokens.refusing(delegation):
            self._sign(token, delegation, key)
        if len(token.id) <= self._max_size:
            return tokens.issued(token, delegation, is_jwt=True)
        if delegation.resources:
            raise ports.CannotRestrict('the JWT would be too long')
        LOG.info(
            'client %s gets an opaque token: its JWT would have %d bytes',
            delegation.client_id,
            len(token.id),
        )
        return super().issue(delegation)

    def _sign(
        self,
        token: '_DescribedToken',
        delegation: ports.Delegation,
        key: signing_keys.SigningKey,
    ) -> None:
        now = int(timeutils.utcnow_ts())
        signed = access_token.AccessToken(
            issuer=self._issuer,
            user_id=delegation.user_id,
            client_id=delegation.client_id,
            audience=delegation.resources or (self._audience,),
            issued_at=now,
            expires_at=calendar.timegm(token.end.timetuple()),
            audit_id=token.audit_id,
            confirmation=delegation.confirmation,
            openstack=_openstack(token),
        ).sign(key)
        token.mint(signed, client_token.isotime(now))


class _DescribedToken(client_token.ClientToken):
    """A token whose client, user and project have names.

    Those that the client's authentication has not read are in Keystone's
    cache.
    """

    def __init__(
        self, delegation: ports.Delegation, lifetime: int | None
    ) -> None:
        self._details = delegation.details
        super().__init__(delegation, lifetime)

    @property
    def user(self) -> ty.Any:
        details = self._details
        if details is None or details.user_name is None:
            return token_model.TokenModel.user.fget(self)
        return {'name': details.user_name, 'password_expires_at': None}

    @property
    def user_domain(self) -> ty.Any:
        details = self._details
        if details is None or details.user_domain is None:
            return token_model.TokenModel.user_domain.fget(self)
        return _enabled(details.user_domain)

    @property
    def project(self) -> ty.Any:
        if self._details is None:
            return token_model.TokenModel.project.fget(self)
        return {
            'id': self.project_id,
            'name': self._details.project.name,
            'enabled': True,
            'is_domain': self._details.is_domain,
        }

    @property
    def project_domain(self) -> ty.Any:
        if self._details is None:
            return token_model.TokenModel.project_domain.fget(self)
        return _enabled(self._details.project.domain)

    @property
    def application_credential(self) -> ty.Any:
        details = self._details
        if details is None or details.has_access_rules:
            return token_model.TokenModel.application_credential.fget(self)
        return {
            **(super().application_credential or {}),
            'id': self.application_credential_id,
            'name': details.name,
            'unrestricted': not details.is_restricted,
        }


def _enabled(domain: claims.Domain) -> dict[str, ty.Any]:
    return {'id': domain.id, 'name': domain.name, 'enabled': True}


def _openstack(token: token_model.TokenModel) -> dict[str, ty.Any]:
    """Return what Keystone says of a token, and no registered claim.

    Calls ``render_token_response_from_model``.
    """
    rendered = render_token.render_token_response_from_model(
        token, include_catalog=False
    )['token']
    rendered['user'].pop('password_expires_at', None)
    for description in (
        rendered['user'],
        rendered.get('application_credential', {}),
    ):
        description.pop('id', None)
    for name in _LEFT_OUT:
        rendered.pop(name, None)
    return ty.cast('dict[str, ty.Any]', rendered)
