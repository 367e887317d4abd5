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

"""Keystone, with the options in ``[keystone_authtoken]``."""

import time
import typing as ty

from keystoneauth1 import session as sessions

from keystone_oauth2.outbound import fetching

_TLS_SECONDS = 300


class IdentityEndpoint:
    """The endpoint at which ``auth_token`` validates tokens.

    :param auth: plugin with the service's own credentials, which nobody else
        uses: a request that hangs holds its lock.
    :param session: the one of ``auth_token``, for its TLS options.
    :param interface: of the endpoint in the catalog.
    :param region_name: of the endpoint; None for any.
    """

    def __init__(
        self,
        auth: ty.Any,
        session: sessions.Session,
        *,
        interface: str,
        region_name: str | None,
    ) -> None:
        self._auth = auth
        # Its own: connections must not be shared by processes, and nothing
        # here may wait without end.
        self._session = sessions.Session(
            verify=session.verify,
            cert=session.cert,
            timeout=fetching.DEADLINE,
            redirect=False,
        )
        self._filter: dict[str, ty.Any] = {
            'service_type': 'identity',
            'interface': interface,
            'region_name': region_name,
            'version': (3, 0),
        }
        self._tls_until = 0.0

    def get(
        self, path: str, etag: str, *, authenticated: bool
    ) -> fetching.Answer:
        """Send a GET request.

        :param path: below version 3 of the identity API.
        :param etag: of the response that the caller has, or empty.
        :param authenticated: whether to send the service's own token.
        :raises fetching.FetchError: there is no response.
        """
        headers = {
            'Accept': 'application/json',
            # A cache would hide an emergency.
            'Cache-Control': 'no-cache',
            'Connection': 'close',
        }
        if etag:
            headers['If-None-Match'] = etag
        answer = self._send(path, headers, authenticated=authenticated)
        if answer.status == 401 and authenticated:
            # The token may have been revoked.
            self._session.invalidate(self._auth)
            answer = self._send(path, headers, authenticated=True)
        return answer

    def _send(
        self, path: str, headers: dict[str, str], *, authenticated: bool
    ) -> fetching.Answer:
        endpoint = self._session.get_endpoint(self._auth, **self._filter)
        if not endpoint:
            raise fetching.FetchError('the catalog has no identity endpoint')
        if authenticated:
            token = self._session.get_token(self._auth)
            headers = {**headers, 'X-Auth-Token': token or ''}
        return fetching.get(
            endpoint.rstrip('/') + path, self._context(), headers
        )

    def _context(self) -> ty.Any:
        # Files may change, and reading them takes longer than a request.
        if time.monotonic() >= self._tls_until:
            self._tls = fetching.context(
                self._session.verify, self._session.cert
            )
            self._tls_until = time.monotonic() + _TLS_SECONDS
        return self._tls
