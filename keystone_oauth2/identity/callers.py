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

"""Callers and their authority (``keystone.models.token_model``)."""

import collections.abc as abc
import dataclasses
import typing as ty

from keystone import exception
from keystone.common import provider_api
from keystone.models import token_model
from oslo_config import cfg

from keystone_oauth2.identity import token_models
from keystone_oauth2.identity import users
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol.clients import registration

PROVIDERS = provider_api.ProviderAPIs

# Methods by which users log in themselves, as in Keystone 30's
# ``keystone.api._shared.delegation``. A user's certificate is not among them:
# credentials created with it could outlive it.
_PRIMARY_METHODS = frozenset(
    {
        'external',
        'kerberos',
        'mapped',
        'openid',
        'password',
        'saml2',
        'token',
        'totp',
        'x509',
    }
)


def check_reader(auth_context: abc.Mapping[str, ty.Any]) -> None:
    """Check that a token may be used to read registrations.

    As for application credentials in Keystone 30, a token that was delegated
    by other means than an application credential is refused.

    :param auth_context: with the token in ``X-Auth-Token``.
    :raises keystone.exception.ForbiddenAction: it may not.
    """
    _primary_token(auth_context)


def authorize_removal(
    auth_context: abc.Mapping[str, ty.Any],
    client: abc.Mapping[str, ty.Any] | None,
) -> registration.Authority:
    """Check that a token may be used to remove an authenticator.

    The owner needs a token that can do all that the client can. Other users
    are checked by policy. As in Keystone, a restricted application credential
    cannot change anything.

    :param auth_context: with the token in ``X-Auth-Token``.
    :param client: as returned by
        :func:`keystone_oauth2.identity.clients.describe`.
    :raises keystone.exception.ForbiddenAction: it may not.
    :raises web.TokenRefused: it is revoked, or its user is disabled.
    """
    token = _primary_token(auth_context)
    if client is None:
        _check_unrestricted(token)
    elif token.user_id == client['user']['id']:
        _check_carries(token, client)
    return _authority(token)


def authorize_registration(
    auth_context: abc.Mapping[str, ty.Any],
    client: abc.Mapping[str, ty.Any] | None,
) -> registration.Authority:
    """Check that a token may be used to register an authenticator.

    An authenticator gives access to all that the client can do, so the token
    must have at least this authority. Whatever the policy says, only the
    owner may register one, just as Keystone lets users create application
    credentials only for themselves.

    :param auth_context: with the token in ``X-Auth-Token``.
    :param client: as returned by
        :func:`keystone_oauth2.identity.clients.describe`.
    :raises keystone.exception.ForbiddenAction: it may not.
    :raises web.TokenRefused: it is revoked, or its user is disabled.
    """
    token = _primary_token(auth_context)
    if client is None or token.user_id != client['user']['id']:
        raise _forbidden('only its owner may do this')
    _check_carries(token, client)
    _check_access_rules(token, client)
    authority = _authority(token)
    if client['id'] == authority.application_credential_id:
        # It ends when the client does.
        return dataclasses.replace(authority, ends_at=None)
    if _stored(client)['unrestricted']:
        # It could then register without an end in its turn.
        _check_end(authority, client)
    return authority


def authorize_update(
    auth_context: abc.Mapping[str, ty.Any],
    client: abc.Mapping[str, ty.Any] | None,
) -> registration.Authority:
    """Check that a token may be used to set the methods of a client.

    As for :func:`authorize_registration`. In addition, the client must not
    outlive the application credential of the token, since the choice would.
    """
    authority = authorize_registration(auth_context, client)
    if client is not None:
        _check_end(authority, client)
    return authority


def _check_end(
    authority: registration.Authority, client: abc.Mapping[str, ty.Any]
) -> None:
    end = authority.ends_at
    if end is not None:
        if client['expires_at'] is None or client['expires_at'] > end:
            raise _forbidden(
                'it outlives the application credential of the token'
            )


def _stored(client: abc.Mapping[str, ty.Any]) -> dict[str, ty.Any]:
    stored: dict[str, ty.Any] = (
        PROVIDERS.application_credential_api.get_application_credential(
            client['id']
        )
    )
    return stored


def _primary_token(
    auth_context: abc.Mapping[str, ty.Any],
) -> token_model.TokenModel:
    token = auth_context.get('token')
    if token is None or _is_delegated(token):
        raise _forbidden('the token was delegated')
    return token


def _is_delegated(token: token_model.TokenModel) -> bool:
    if token.trust_scoped or token.oauth_scoped:
        return True
    if 'application_credential' in token.methods:
        return False
    # Older releases of Keystone lack the option.
    more = getattr(cfg.CONF.auth, 'additional_primary_auth_methods', ())
    primary = (_PRIMARY_METHODS | frozenset(more)) - {'ec2credential'}
    return not token.methods or not primary.issuperset(token.methods)


def _check_unrestricted(token: token_model.TokenModel) -> None:
    credential = token.application_credential
    if credential and not credential['unrestricted']:
        raise _forbidden(
            'the application credential of the token is restricted'
        )


def _check_carries(
    token: token_model.TokenModel, client: abc.Mapping[str, ty.Any]
) -> None:
    if token.project_id != client['project']['id']:
        raise _forbidden('the token is not scoped to its project')
    wanted = {role['id'] for role in client['roles']}
    if not wanted <= {role['id'] for role in token.roles} & _held_now(token):
        raise _forbidden('the token lacks one of its roles')


def _held_now(token: token_model.TokenModel) -> set[str]:
    """Return the ids of the roles that a user has on the project of a token.

    Calls ``assignment_api.list_role_assignments`` past its cache. The roles
    of a federated user are those of the groups in the token.
    """
    if token.is_federated:
        return {role['id'] for role in token.roles}
    api = PROVIDERS.assignment_api
    assignments = api.list_role_assignments.original(
        api,
        user_id=token.user_id,
        project_id=token.project_id,
        effective=True,
    )
    return {assignment['role_id'] for assignment in assignments}


def _check_access_rules(
    token: token_model.TokenModel, client: abc.Mapping[str, ty.Any]
) -> None:
    credential = token.application_credential
    own = _access_rules(credential) if credential else None
    if own is None:
        return
    rules = _access_rules(_stored(client))
    if rules is None or not rules <= own:
        raise _forbidden('the access rules of the token do not cover its own')


def _access_rules(
    credential: abc.Mapping[str, ty.Any],
) -> frozenset[tuple[str, str, str]] | None:
    """Return a credential's access rules, or None if it has no such limit."""
    rules = credential.get('access_rules')
    if rules is None:
        return None
    return frozenset(
        (rule['service'], rule['method'], rule['path']) for rule in rules
    )


def _authority(token: token_model.TokenModel) -> registration.Authority:
    _check_unrestricted(token)
    # The token was validated with Keystone's cache, which may miss the changes
    # of other workers. These calls read the database and the directory.
    if token_models.is_revoked(token) or not users.is_enabled_now(
        token.user_id
    ):
        raise web.TokenRefused()
    credential = token.application_credential or {}
    return registration.Authority(
        user_id=token.user_id,
        application_credential_id=credential.get('id'),
        ends_at=credential.get('expires_at'),
    )


def _forbidden(reason: str) -> exception.ForbiddenAction:
    return exception.ForbiddenAction(action=f'managing this client ({reason})')


def token_holder(
    auth_context: abc.Mapping[str, ty.Any],
) -> messages.Caller | None:
    """Return the holder of the token in ``X-Auth-Token``.

    Ids are in their stored spelling, not in that of the token request.

    :param auth_context: of Keystone's middleware; empty without a token.
    """
    token = auth_context.get('token')
    if token is None:
        return None
    return messages.Caller(
        user_id=token.user['id'],
        user_domain_id=token.user_domain['id'],
        roles=tuple(role['name'] for role in token.roles),
        client_id=token_models.client_id(token),
        project_id=_id(token.project),
        project_domain_id=_id(token.project_domain),
        domain_id=_id(token.domain),
        system_scope='all' if token.system_scoped else None,
    )


def _id(owned: abc.Mapping[str, ty.Any] | None) -> str | None:
    return owned['id'] if owned else None
