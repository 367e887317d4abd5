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

"""Grants (RFC 6749, 4), one per module, loaded by entry point."""

import dataclasses
import typing as ty

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol.clients import client as clients


@dataclasses.dataclass(frozen=True)
class TokenRequest:
    """A token request whose client has authenticated.

    :ivar form: its parameters.
    :ivar request: as received.
    """

    client: clients.AuthenticatedClient
    form: parameters.Parameters
    request: messages.Request


class Grant(ty.Protocol):
    """A way to obtain an access token, named by ``grant_type``.

    Its constructor has one keyword parameter for each object that it needs.
    """

    def issue(self, token_request: TokenRequest) -> messages.Response:
        """Return the response with the token (RFC 6749, 5.1).

        :raises errors.OAuthError: the grant does not allow it.
        :raises ports.Refused: Keystone does not allow it.
        """
