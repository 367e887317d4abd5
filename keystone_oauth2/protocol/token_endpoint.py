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

"""The token endpoint (RFC 6749, 3.2)."""

import collections.abc as abc

from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import grants
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports


class TokenEndpoint:
    """Authenticates a client and issues an access token.

    :param authentication: authenticates the client.
    :param grants: the grants by their ``grant_type``.
    """

    def __init__(
        self,
        *,
        authentication: client_auth.ClientAuthentication,
        grants: abc.Mapping[str, grants.Grant],
    ) -> None:
        self.authentication = authentication
        self._grants = dict(grants)

    def respond(self, request: messages.Request) -> messages.Response:
        """Return the response to a token request (RFC 6749, 5.1).

        :raises errors.OAuthError: the request is refused.
        """
        form = parameters.read(request)
        # A malformed request is refused before the cost of a slow hash.
        grant_type = form.required('grant_type')
        client = self.authentication.authenticate(request, form)
        grant = self._grant(grant_type)
        try:
            return grant.issue(grants.TokenRequest(client, form, request))
        except ports.Refused as refused:
            # The same response as for a wrong secret: clients need not learn
            # that a project is disabled.
            raise errors.InvalidClient(detail=str(refused)) from refused

    def _grant(self, grant_type: str) -> grants.Grant:
        try:
            return self._grants[grant_type]
        except KeyError:
            raise errors.UnsupportedGrantType() from None
