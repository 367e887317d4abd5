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

"""Introspection responses as signed JWTs (RFC 9701)."""

import collections.abc as abc
import time
import typing as ty

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import signing_keys

_TYPE = 'token-introspection+jwt'
MEDIA_TYPE = f'application/{_TYPE}'


class IntrospectionSigner:
    """Signs introspection responses.

    :param keys: returns the keys of the authorization server.
    :param issuer: the issuer identifier.
    """

    def __init__(
        self, *, keys: abc.Callable[[], signing_keys.KeySet], issuer: str
    ) -> None:
        self._keys = keys
        self._issuer = issuer

    def sign(self, members: dict[str, ty.Any], caller: messages.Caller) -> str:
        """Return a response as a JWT for its caller (RFC 9701, 5).

        :param members: of the response (RFC 7662, 2.2).
        :raises ports.CannotSign: there is no usable key.
        """
        key = self._keys().active
        if key is None:
            raise ports.CannotSign('there is no usable signing key')
        # With sub or exp, it could be taken for an access token or for a
        # client assertion (8.1).
        return key.sign(
            _TYPE,
            {
                'iss': self._issuer,
                'aud': caller.client_id or caller.user_id,
                'iat': int(time.time()),
                'token_introspection': members,
            },
        )
