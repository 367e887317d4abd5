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

from keystone.models import token_model

from keystone_oauth2.identity import tokens
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports


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
    """Answer who sent ``X-Auth-Token``, as Keystone's middleware found out.

    :param auth_context: empty where there was no token.
    """
    token = auth_context.get('token')
    if token is None:
        return None
    return messages.Caller(
        user_id=token.user_id,
        user_domain_id=token.user_domain['id'],
        roles=tuple(role['name'] for role in token.roles),
        client_id=tokens.client_id(token),
        project_id=token.project_id,
        project_domain_id=(token.project_domain or {}).get('id'),
        domain_id=token.domain_id,
        system_scope='all' if token.system_scoped else None,
    )
