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

"""What ``[oauth2_tokens]`` and ``[token] provider`` describe."""

import typing as ty

from keystone_oauth2.compose import options
from keystone_oauth2.conf import oauth2_tokens
from keystone_oauth2.conf import urls
from keystone_oauth2.db import clients
from keystone_oauth2.identity import jwt_tokens
from keystone_oauth2.identity import jwt_validity
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.identity import tokens
from keystone_oauth2.protocol import ports

#: Providers that validate JWT access tokens.
PROVIDERS = ('oauth2_fernet', 'oauth2_jws')


def has_jwts(conf: ty.Any) -> bool:
    """Whether Keystone validates JWT access tokens.

    :param conf: Keystone's configuration, as everywhere in this module.
    """
    return conf.token.provider in PROVIDERS


def repository(
    conf: ty.Any,
) -> signing_key_repository.SigningKeyRepository | None:
    """Return the repository with the signing keys; None if it has none."""
    if not has_jwts(conf):
        return None
    return signing_key_repository.configured(conf)


def validity(conf: ty.Any) -> jwt_validity.Validity | None:
    """Return what checks JWT access tokens; None if there are none."""
    keys = repository(conf)
    if keys is None:
        return None
    return jwt_validity.Validity(
        keys=keys.load,
        issuer=urls.issuer(conf),
        tokens_revoked_at=clients.tokens_revoked_at,
    )


def token_service(conf: ty.Any) -> ports.TokenService:
    """Return what issues tokens.

    :raises options.WrongConfiguration: something that JWT access tokens need
        is missing.
    """
    group = conf.oauth2_tokens
    check = validity(conf)
    if group.format == oauth2_tokens.OPAQUE:
        return tokens.Tokens(check)
    keys = repository(conf)
    if keys is None or check is None:
        raise options.WrongConfiguration(
            f'[oauth2_tokens] format is jwt, but Keystone would not accept '
            f'such tokens: set [token] provider to '
            f'{" or ".join(PROVIDERS)} on every node.'
        )
    issuer = urls.issuer(conf)
    if issuer is None:
        raise options.WrongConfiguration(
            '[oauth2_tokens] format is jwt, which needs an issuer: set '
            '[oauth2] issuer to an https URL such as '
            'https://keystone.example.com/v3.'
        )
    try:
        keys.read()
    except signing_key_repository.Unusable as error:
        raise options.WrongConfiguration(str(error)) from error
    return jwt_tokens.JWTTokens(
        check,
        repository=keys,
        issuer=issuer,
        audience=group.audience or issuer,
        lifetime=group.lifetime,
        max_size=group.max_size,
    )


def audiences(conf: ty.Any) -> frozenset[str]:
    """Return the audiences of tokens that Keystone's own API accepts."""
    found = (urls.issuer(conf), conf.oauth2_tokens.audience)
    return frozenset(audience for audience in found if audience)
