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

"""Who asks about a token (``keystone.models.token_model``)."""

import collections.abc as abc
import functools
import typing as ty

from keystone import exception
from keystone.models import token_model
from oslo_config import cfg

from keystone_oauth2.identity import tokens
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports

# Methods by which users log in themselves, as in Keystone 30's
# ``keystone.api._shared.delegation``. A certificate of a user is not among
# them: what it makes must not outlive it.
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


def describe_client(client: messages.Client) -> messages.Caller:
    """Answer a client with its roles, as a token would have them.

    Has ``TokenModel.mint`` make all checks, without making a token.

    :raises ports.Refused: as for a token.
    """
    tokens.method_of(client)
    token = _Delegation()
    token.user_id = client.user.id
    token.project_id = client.project_id
    token.application_credential_id = client.application_credential_id
    try:
        token.mint('', '')
        roles = _usable_roles(token)
    except tokens.REFUSALS as error:
        raise ports.Refused(f'client {client.id}: {error}') from error
    return messages.Caller(
        user_id=client.user.id,
        user_domain_id=client.user.domain_id,
        roles=roles,
        client_id=client.id,
        authentication_method=client.authentication_method,
        project_id=client.project_id,
        project_domain_id=token.project['domain_id'],
    )


def check_manager(
    auth_context: abc.Mapping[str, ty.Any],
    client: abc.Mapping[str, ty.Any] | None,
    *,
    changes: bool,
) -> None:
    """Make sure that a token may manage what is registered for a client.

    What Keystone 30's own API says of application credentials holds here, too:
    what was delegated makes nothing that outlives the delegation, a restricted
    application credential changes nothing, and an unrestricted one gets at no
    role that it does not have.

    :param auth_context: with the token in ``X-Auth-Token``.
    :param client: as :func:`keystone_oauth2.identity.clients.describe` has it.
    :param changes: whether something is to be changed.
    :raises keystone.exception.ForbiddenAction: it may not.
    """
    token = auth_context.get('token')
    if (
        token is None
        or _is_delegated(token)
        or (changes and not _may_change(token, client))
    ):
        raise exception.ForbiddenAction(
            action='managing OAuth 2.0 clients with a delegated token'
        )


def _is_delegated(token: token_model.TokenModel) -> bool:
    if token.trust_scoped or token.oauth_scoped:
        return True
    if 'application_credential' in token.methods:
        return False
    # Older Keystones lack the option.
    more = getattr(cfg.CONF.auth, 'additional_primary_auth_methods', ())
    primary = (_PRIMARY_METHODS | frozenset(more)) - {'ec2credential'}
    return not token.methods or not primary.issuperset(token.methods)


def _may_change(
    token: token_model.TokenModel, client: abc.Mapping[str, ty.Any] | None
) -> bool:
    if 'application_credential' not in token.methods:
        return True
    if client is None or not token.application_credential['unrestricted']:
        return False
    if client['id'] == token.application_credential_id:
        return True
    # Whoever registers a secret for a client has its roles.
    held = {role['id'] for role in token.roles}
    wanted = {role['id'] for role in client['roles']}
    return client['project']['id'] == token.project_id and wanted <= held


class _Delegation(token_model.TokenModel):
    """A token that is never made, and looks its roles up once."""

    @functools.cached_property
    def roles(self) -> list[dict[str, str]]:
        return super().roles


def _usable_roles(token: token_model.TokenModel) -> tuple[str, ...]:
    # Access rules name the only requests that a credential may be used for;
    # none of them can name these. What is its own, it may see all the same.
    credential = token.application_credential
    if credential and credential.get('access_rules'):
        return ()
    return tuple(role['name'] for role in token.roles)


def token_holder(
    auth_context: abc.Mapping[str, ty.Any],
) -> messages.Caller | None:
    """Return who sent ``X-Auth-Token``, as Keystone's middleware found out.

    Ids are as they are stored, not as the request for the token spelled them.

    :param auth_context: empty where there was no token.
    """
    token = auth_context.get('token')
    if token is None:
        return None
    return messages.Caller(
        user_id=token.user['id'],
        user_domain_id=token.user_domain['id'],
        roles=tuple(role['name'] for role in token.roles),
        client_id=tokens.client_id(token),
        project_id=_id(token.project),
        project_domain_id=_id(token.project_domain),
        domain_id=_id(token.domain),
        system_scope='all' if token.system_scoped else None,
    )


def _id(owned: abc.Mapping[str, ty.Any] | None) -> str | None:
    return owned['id'] if owned else None
