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

"""JWT access tokens (RFC 9068).

One member, ``openstack``, has what Keystone says of a token and no registered
claim says: whoever verifies a token can make Keystone's answer of it.
"""

import dataclasses
import datetime
import json
import typing as ty

from keystone_oauth2.protocol import confirmation as confirmations
from keystone_oauth2.protocol import scope
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.protocol.clients import jwk

MEDIA_TYPE = 'at+jwt'
_HEADER = frozenset({'alg', 'kid', 'typ'})


class Key(ty.Protocol):
    """A private or public key."""

    @property
    def algorithm(self) -> str:
        """The only one it is for, as in ``alg``."""

    def has_signed(self, token: str) -> bool:
        """Whether a compact JWS was signed with it."""


class Keys(ty.Protocol):
    """Keys that tokens may be signed with."""

    def find(self, kid: str) -> Key | None:
        """Return the key with an id, or None."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccessToken:
    """What a JWT access token says.

    :ivar client_id: of the application credential or user.
    :ivar audience: resources for which it is valid, at least one.
    :ivar issued_at: seconds since the epoch, as is ``expires_at``.
    :ivar audit_id: Keystone's, which identifies it everywhere.
    :ivar confirmation: what it is bound to, or None.
    :ivar openstack: see the module.
    """

    issuer: str
    user_id: str
    client_id: str
    audience: tuple[str, ...]
    issued_at: int
    expires_at: int
    audit_id: str
    confirmation: confirmations.Confirmation | None
    openstack: dict[str, ty.Any]

    def sign(self, key: signing_keys.SigningKey) -> str:
        """Return the token (RFC 9068, 2)."""
        return key.sign(MEDIA_TYPE, self._claims())

    def _claims(self) -> dict[str, ty.Any]:
        audience = self.audience
        claims = {
            'iss': self.issuer,
            'sub': self.user_id,
            'client_id': self.client_id,
            'aud': audience[0] if len(audience) == 1 else audience,
            'exp': self.expires_at,
            'iat': self.issued_at,
            'jti': self.audit_id,
            'scope': scope.text(
                role['name'] for role in self.openstack['roles']
            ),
            'cnf': self.confirmation and self.confirmation.cnf,
            'openstack': self.openstack,
        }
        return {name: value for name, value in claims.items() if value}

    def keystone_token(self) -> dict[str, ty.Any]:
        """Return Keystone's answer to ``GET /v3/auth/tokens?nocatalog``.

        Only ``password_expires_at`` of the user is always None.
        """
        token = {
            **self.openstack,
            'user': {
                'id': self.user_id,
                'password_expires_at': None,
                **self.openstack['user'],
            },
            'audit_ids': [self.audit_id],
            'issued_at': _time(self.issued_at),
            'expires_at': _time(self.expires_at),
        }
        if 'application_credential' in token:
            token['application_credential'] = {
                'id': self.client_id,
                **token['application_credential'],
            }
        return {'token': token}

    @classmethod
    def read(cls, token: str) -> 'AccessToken':
        """Read a token that has been verified.

        :raises ValueError: it is not a JWT access token of this package.
        """
        try:
            return cls._of(_decoded(token.split('.')[1]))
        except (
            AttributeError,
            IndexError,
            KeyError,
            RecursionError,
            TypeError,
        ) as error:
            raise ValueError('not a JWT access token') from error

    @classmethod
    def _of(cls, claims: dict[str, ty.Any]) -> 'AccessToken':
        audience = claims['aud']
        audiences = [audience] if isinstance(audience, str) else audience
        if not all(isinstance(one, str) for one in audiences):
            raise ValueError('aud is no string or list of strings')
        openstack = claims['openstack']
        confirmation = None
        if 'cnf' in claims:
            confirmation = confirmations.Confirmation(
                openstack['oauth2_credential']['x5t#S256'],
                claims['cnf']['x5t#S256'],
            )
        return cls(
            issuer=claims['iss'],
            user_id=claims['sub'],
            client_id=claims['client_id'],
            audience=tuple(audiences),
            issued_at=claims['iat'],
            expires_at=claims['exp'],
            audit_id=claims['jti'],
            confirmation=confirmation,
            openstack=openstack,
        )


def is_one(token: str) -> bool:
    """Whether a text has the header of a JWT access token.

    :param token: any text.
    """
    return _header(token).get('typ') == MEDIA_TYPE


def issuer(token: str) -> str | None:
    """Return what a text that :func:`is_one` says of its issuer.

    It is not verified.
    """
    try:
        found = _decoded(token.split('.')[1]).get('iss')
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def key_id(token: str) -> str:
    """Return the ``kid`` of a JWT access token; empty if it has none."""
    kid = _header(token).get('kid')
    return kid if isinstance(kid, str) else ''


def verify(token: str, keys: Keys, issuer: str | None) -> AccessToken:
    """Return what a token says that an authorization server has signed.

    Neither its time nor its audience is checked: Keystone lets some services
    use expired tokens.

    :param keys: of that server.
    :param issuer: the issuer identifier.
    :raises ValueError: it is not such a token.
    """
    header = _header(token)
    if header.keys() != _HEADER or header['typ'] != MEDIA_TYPE:
        raise ValueError('not a JWT access token')
    key = keys.find(key_id(token))
    if key is None or key.algorithm != header['alg']:
        raise ValueError('not signed with a known key')
    # One text for each token: libraries ignore padding.
    jwk.octets(token.rpartition('.')[2])
    if not key.has_signed(token):
        raise ValueError('the signature is wrong')
    found = AccessToken.read(token)
    if found.issuer != issuer:
        raise ValueError('of another issuer')
    return found


def _time(seconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f'{moment:%Y-%m-%dT%H:%M:%S}.000000Z'


def _header(token: str) -> dict[str, ty.Any]:
    # No other token of Keystone has two dots and begins with a JSON object.
    if not token.startswith('eyJ') or token.count('.') != 2:
        return {}
    try:
        return _decoded(token.partition('.')[0])
    except (ValueError, RecursionError):
        return {}


def _decoded(part: str) -> dict[str, ty.Any]:
    members = json.loads(jwk.octets(part))
    if not isinstance(members, dict):
        raise ValueError('not an object')
    return members
