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

"""Token introspection (RFC 7662)."""

import logging
import typing as ty

from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import scope

LOG = logging.getLogger(__name__)


class IntrospectionEndpoint:
    """Describes a token to a caller.

    :param authenticator: authenticates the caller.
    :param keystone: validates tokens.
    :param issuer: issuer identifier, or None if there is none.
    """

    def __init__(
        self,
        authenticator: client_auth.ClientAuthentication,
        keystone: ports.Ports,
        issuer: str | None,
    ) -> None:
        self.authenticator = authenticator
        self._keystone = keystone
        self._issuer = issuer

    def respond(self, request: messages.Request) -> messages.Response:
        """Return the state of a token (RFC 7662, 2.2).

        The response is the same whether the token is not valid or the caller
        is not allowed to see it.

        :raises errors.OAuthError: the request is malformed, or the caller
            could not be authenticated.
        """
        form = parameters.read(request)
        value = form.required('token')
        caller = self.authenticator.authenticate_caller(request, form)
        token = self._keystone.validate_token(value)
        body: dict[str, ty.Any] | None = None
        if token is not None and self._may_see(caller, token, request):
            body = self._describe(token)
        return messages.Response(
            body or {'active': False},
            messages.Event(
                'introspected',
                reason=None if body else 'inactive',
                client_id=caller.client_id,
                user_id=caller.user_id,
                project_id=caller.project_id,
                audit_id=token.audit_id if token else None,
            ),
        )

    def _may_see(
        self,
        caller: messages.Caller,
        token: messages.Token,
        request: messages.Request,
    ) -> bool:
        # A caller that does not enforce access rules would allow the token
        # too much.
        if token.access_rules is not None:
            if not request.understands_access_rules:
                LOG.info(
                    'introspection: token %s has access rules, which the '
                    'caller does not enforce',
                    token.audit_id,
                )
                return False
        return self._keystone.permit_introspection(caller, token)

    def _describe(self, token: messages.Token) -> dict[str, ty.Any] | None:
        confirmation = None
        if token.keystone_thumbprint is not None:
            confirmation = self._keystone.find_thumbprint(
                token.keystone_thumbprint
            )
            if confirmation is None:
                # Without it, services would treat the token as unbound.
                LOG.warning(
                    'introspection: unknown certificate of token %s; was '
                    "the token issued by Keystone's own module?",
                    token.audit_id,
                )
                return None
        members = {
            **_standard_members(token, self._issuer, confirmation),
            **_openstack_members(token),
        }
        return {
            key: value for key, value in members.items() if value is not None
        }


def _standard_members(
    token: messages.Token, issuer: str | None, confirmation: str | None
) -> dict[str, ty.Any]:
    return {
        'active': True,
        'scope': scope.text(token.roles) or None,
        'client_id': token.client_id,
        'username': token.user_name,
        'token_type': 'Bearer',
        'exp': token.expires_at,
        'iat': token.issued_at,
        'nbf': token.issued_at,
        'sub': token.user_id,
        'iss': issuer,
        'jti': token.audit_id,
        'cnf': {'x5t#S256': confirmation} if confirmation else None,
    }


def _openstack_members(token: messages.Token) -> dict[str, ty.Any]:
    """Return the members from which a service builds its request context.

    They have the shape that keystonemiddleware's ``external_oauth2_token``
    can map: nested objects, roles in one string, and the domain of a
    domain-scoped token in the place of a project's domain.
    """
    project: dict[str, ty.Any] | None = None
    if token.project is not None:
        project = {
            'id': token.project.id,
            'name': token.project.name,
            'domain': _domain(token.project.domain),
        }
    elif token.domain is not None:
        project = {'domain': _domain(token.domain)}
    return {
        'user': {
            'id': token.user_id,
            'name': token.user_name,
            'domain': _domain(token.user_domain),
        },
        'project': project,
        'domain': _domain(token.domain) if token.domain else None,
        'system_scope': True if token.is_system else None,
        'roles': _role_names(token) or None,
        'is_admin_project': token.is_admin_project,
        'access_rules': token.access_rules,
    }


def _role_names(token: messages.Token) -> str:
    # A role name with a comma would be read as two.
    return ','.join(name for name in sorted(token.roles) if ',' not in name)


def _domain(domain: messages.Domain) -> dict[str, str]:
    return {'id': domain.id, 'name': domain.name}
