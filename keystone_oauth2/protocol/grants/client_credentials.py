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

"""The client-credentials grant (RFC 6749, 4.4)."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import scope


class ClientCredentials:
    """Issues a token with the roles that are delegated to the client."""

    def __init__(self, keystone: ports.Ports) -> None:
        self._keystone = keystone

    def issue(
        self, client: messages.Client, form: parameters.Parameters
    ) -> messages.Response:
        """Return a token from Keystone's token provider.

        :raises TokenCannotBeBound: the provider cannot bind the token to the
            client's certificate.
        :raises InvalidScope: the requested scope is not the delegated one.
        :raises UnauthorizedClient: the operator's policy denies it.
        :raises ports.Refused: Keystone does not allow it.
        """
        requested = form.get('scope')
        try:
            token = self._keystone.issue_token(client)
        except ports.CannotBind as error:
            raise errors.TokenCannotBeBound(detail=str(error)) from error
        if not self._keystone.permit_issue(
            client, 'client_credentials', token
        ):
            raise errors.UnauthorizedClient(
                detail=f'policy denies client {client.id}'
            )
        scope.check(requested, token.roles)
        if client.certificate is not None:
            self._keystone.remember_certificate(client.certificate)
        body = {
            'access_token': token.value,
            'token_type': 'Bearer',
            'expires_in': token.expires_in,
        }
        granted = scope.text(token.roles)
        if granted and granted != requested:
            body['scope'] = granted
        return messages.Response(
            body,
            messages.Event(
                'issued',
                client_id=client.id,
                user_id=client.user.id,
                project_id=client.project_id,
                audit_id=token.audit_id,
            ),
        )
