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

"""Token introspection (RFC 7662, RFC 9701)."""

import dataclasses
import logging
import typing as ty

from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import introspection_jwt
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import signing_keys

LOG = logging.getLogger(__name__)


class IntrospectionEndpoint:
    """Describes a token to a caller.

    :param authentication: authenticates the caller.
    :param tokens: validates tokens.
    :param policy: the operator's policy.
    :param certificates: finds what a token is bound to.
    :param issuer: issuer identifier, or None if there is none.
    :param introspection_signer: signs responses, or None if they cannot be
        signed.
    """

    def __init__(
        self,
        *,
        authentication: client_auth.ClientAuthentication,
        tokens: ports.TokenService,
        policy: ports.Policy,
        certificates: ports.CertificateStore,
        issuer: str | None,
        introspection_signer: introspection_jwt.IntrospectionSigner | None,
    ) -> None:
        self.authentication = authentication
        self._tokens = tokens
        self._policy = policy
        self._certificates = certificates
        self._issuer = issuer
        self._signer = introspection_signer

    def respond(self, request: messages.Request) -> messages.Response:
        """Return the state of a token (RFC 7662, 2.2).

        The response is the same whether the token is not valid or the caller
        is not allowed to see it.

        :raises errors.OAuthError: the request is malformed, the caller could
            not be authenticated, or the response cannot be signed.
        """
        form = parameters.read(request)
        value = form.required('token')
        caller = self._caller(request, form)
        token = self._tokens.validate(value)
        members: dict[str, ty.Any] | None = None
        if token is not None and self._may_see(caller, token, request):
            members = self._members(token)
        event = messages.Event(
            'introspected',
            reason='inactive' if members is None else None,
            client_id=caller.client_id,
            user_id=caller.user_id,
            project_id=caller.project_id,
            audit_id=token.audit_id if token else None,
        )
        return self._represented(
            {'active': False}
            if members is None
            else {'active': True, **members},
            event,
            caller if request.prefers_jwt else None,
        )

    def _caller(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Caller:
        try:
            return self.authentication.authenticate_caller(request, form)
        except errors.NoClientAuthentication as error:
            if self._signer is None or not request.prefers_jwt:
                raise
            raise errors.UnauthenticatedSignedRequest(error.detail) from error

    def _represented(
        self,
        members: dict[str, ty.Any],
        event: messages.Event,
        audience: messages.Caller | None,
    ) -> messages.Response:
        """Return a response as JSON or as a JWT.

        :param audience: the caller if it asks for a JWT, or else None.
        """
        if self._signer is None:
            # A server may disregard Accept (RFC 9110, 12.5.1).
            return messages.Response(members, event)
        if audience is None:
            return messages.Response(members, event, is_negotiated=True)
        try:
            signed = self._signer.sign(members, audience)
        except ports.CannotSign as error:
            raise errors.TemporarilyUnavailable(
                signing_keys.RETRY_AFTER, str(error)
            ) from error
        return messages.Response(
            signed,
            event,
            media_type=introspection_jwt.MEDIA_TYPE,
            is_negotiated=True,
        )

    def _may_see(
        self,
        caller: messages.Caller,
        token: claims.Claims,
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
        return self._policy.permit_introspection(caller, token)

    def _members(self, token: claims.Claims) -> dict[str, ty.Any] | None:
        bound_to = token.confirmation
        if bound_to is None or bound_to.x5t_s256 is not None:
            return token.members(self._issuer)
        thumbprint = self._certificates.find(bound_to.keystone_thumbprint)
        if thumbprint is None:
            # Without it, services would treat the token as unbound.
            LOG.warning(
                'introspection: unknown certificate of token %s; was the '
                "token issued by Keystone's own module?",
                token.audit_id,
            )
            return None
        return dataclasses.replace(
            token,
            confirmation=dataclasses.replace(bound_to, x5t_s256=thumbprint),
        ).members(self._issuer)
