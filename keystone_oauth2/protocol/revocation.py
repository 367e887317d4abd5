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

"""Token revocation (RFC 7009)."""

from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports


class RevocationEndpoint:
    """Revokes tokens.

    :param authentication: authenticates the caller.
    :param tokens: validates and revokes tokens.
    :param policy: the operator's policy.
    """

    def __init__(
        self,
        *,
        authentication: client_auth.ClientAuthentication,
        tokens: ports.TokenService,
        policy: ports.Policy,
    ) -> None:
        self.authentication = authentication
        self._tokens = tokens
        self._policy = policy

    def respond(self, request: messages.Request) -> messages.Response:
        """Revoke a token, if the caller is allowed to (RFC 7009, 2).

        The response is the same for a token that is unknown, has expired or
        belongs to another client. ``token_type_hint`` is ignored, since there
        is only one type of token.

        :raises errors.OAuthError: the request is malformed, or the caller
            could not be authenticated.
        """
        form = parameters.read(request)
        value = form.required('token')
        caller = self.authentication.authenticate_caller(request, form)
        token = self._tokens.validate(value)
        if token and self._policy.permit_revocation(caller, token):
            self._tokens.revoke(token)
            return messages.Response(
                None,
                messages.Event(
                    'revoked',
                    client_id=caller.client_id,
                    user_id=caller.user_id,
                    project_id=caller.project_id,
                    audit_id=token.audit_id,
                ),
            )
        return messages.Response(None)
