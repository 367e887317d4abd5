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

"""A request whose identity is told to the service by its header fields."""

import collections.abc as abc
import typing as ty

from keystonemiddleware.auth_token import _request

#: Whether another service vouches for the user's token, while the request is
#: processed.
FORWARDED = 'keystone_oauth2.is_forwarded'


class AuthTokenRequest(_request._AuthTokenRequest):
    """The request of ``auth_token``, without two faults.

    ``auth_token`` 13.0 leaves a field ``OpenStack-System-Scope`` that a client
    has sent, and overwrites the user's with that of a service token.
    """

    def _all_auth_headers(self) -> abc.Iterator[str]:
        yield self._SYSTEM_SCOPE_HEADER
        yield from super()._all_auth_headers()

    def set_service_headers(self, auth_ref: ty.Any) -> None:
        """Set the fields about a service token."""
        of_user = self.headers.get(self._SYSTEM_SCOPE_HEADER)
        super().set_service_headers(auth_ref)
        self.headers[self._SYSTEM_SCOPE_HEADER] = of_user

    @classmethod
    def identity_keys(cls) -> tuple[str, ...]:
        """Return the keys of a WSGI environment that tell who the user is."""
        names = dict.fromkeys(cls({})._all_auth_headers())
        return tuple(
            'HTTP_' + name.upper().replace('-', '_') for name in names
        )
