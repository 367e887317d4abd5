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

from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import grants
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import resource
from keystone_oauth2.protocol import scope
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.protocol.clients import client as clients


class ClientCredentials:
    """Issues a token with the roles that are delegated to the client.

    :param tokens: issues the token.
    :param policy: the operator's policy.
    :param certificates: remembers what the token is bound to.
    """

    def __init__(
        self,
        *,
        tokens: ports.TokenService,
        policy: ports.Policy,
        certificates: ports.CertificateStore,
    ) -> None:
        self._tokens = tokens
        self._policy = policy
        self._certificates = certificates

    def issue(self, token_request: grants.TokenRequest) -> messages.Response:
        """Return a token from the token service.

        :raises TokenCannotBeBound: the provider cannot bind the token to the
            client's certificate.
        :raises InvalidTarget: a ``resource`` is malformed, or the token would
            be valid for others, too.
        :raises TemporarilyUnavailable: there is no key to sign it with.
        :raises InvalidScope: the requested scope is not the delegated one.
        :raises UnauthorizedClient: the operator's policy denies it.
        :raises ports.Refused: Keystone does not allow it.
        """
        client = token_request.client
        requested = token_request.form.get('scope')
        resources: tuple[str, ...] = ()
        if self._tokens.knows_resources:
            resources = resource.read(token_request.form)
        delegation = ports.Delegation.to(client, resources)
        token = self._issued(client, delegation)
        scope.check(requested, token.roles)
        if client.confirmation is not None and not token.is_jwt:
            self._certificates.remember(client.confirmation)
        body = {
            'access_token': token.value,
            'token_type': confirmation.token_type(client.confirmation),
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
                user_id=delegation.user_id,
                project_id=delegation.project_id,
                audit_id=token.audit_id,
            ),
        )

    def _issued(
        self,
        client: clients.AuthenticatedClient,
        delegation: ports.Delegation,
    ) -> ports.IssuedToken:
        try:
            token = self._tokens.issue(delegation)
        except ports.CannotBind as error:
            raise errors.TokenCannotBeBound(detail=str(error)) from error
        except ports.CannotRestrict as error:
            raise errors.InvalidTarget(detail=str(error)) from error
        except ports.CannotSign as error:
            raise errors.TemporarilyUnavailable(
                signing_keys.RETRY_AFTER, str(error)
            ) from error
        if not self._policy.permit_issue(client, 'client_credentials', token):
            raise errors.UnauthorizedClient(
                detail=f'policy denies client {client.id}'
            )
        return token
