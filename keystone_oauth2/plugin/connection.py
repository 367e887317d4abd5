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

"""Requests of a plugin, whose responses may be hostile."""

import dataclasses
import email.utils
import json
import re
import time
import typing as ty

from keystoneauth1 import exceptions
from keystoneauth1 import plugin
from keystoneauth1 import session as sessions
import requests
import urllib3

from keystone_oauth2.plugin import errors

_REQUEST_ID = re.compile('req-[0-9a-f-]{36}')
# Seconds for a body, and without an octet of the header if the session has no
# limit of its own.
_TIMEOUT = 60
_CHUNK = 65536
# Octets.
_MAX_BODY = 2**18
_MAX_TEXT = 300
# Seconds: someone's maintenance page may ask for days.
_MAX_RETRY_AFTER = 600
_OPTIONS: dict[str, ty.Any] = {
    'authenticated': False,
    # A secret must not follow a redirect to someone else, or be logged.
    'log': False,
    'raise_exc': False,
    'redirect': False,
    'stream': True,
    # Otherwise, requests would authenticate with what ~/.netrc has.
    'requests_auth': lambda request: request,
}


@dataclasses.dataclass(frozen=True)
class Connection:
    """Sends requests with the certificate of a plugin.

    :ivar session: the session that uses the plugin.
    :ivar auth: the plugin, which need not be that of the session.
    """

    session: sessions.Session
    auth: plugin.BaseAuthPlugin

    def get(
        self, url: str, limit: int = _MAX_BODY, **options: ty.Any
    ) -> dict[str, ty.Any]:
        """Return the JSON object at a URL.

        :param limit: octets that it may have.
        :raises AccessTokenError: there is none.
        """
        return self._request('GET', url, limit, options)

    def post(self, url: str, **options: ty.Any) -> dict[str, ty.Any]:
        """Return the JSON object in the response to a form.

        :raises AccessTokenError: there is none.
        """
        return self._request('POST', url, _MAX_BODY, options)

    def _request(
        self, method: str, url: str, limit: int, options: dict[str, ty.Any]
    ) -> dict[str, ty.Any]:
        if self.session.timeout is None:
            options['timeout'] = _TIMEOUT
        # A small response can otherwise be large.
        options.setdefault('headers', {})['Accept-Encoding'] = 'identity'
        problem = None
        try:
            response = self.session.request(
                url, method, auth=self.auth, **_OPTIONS, **options
            )
            with response:
                content = _read(response, limit)
        except (
            exceptions.ClientException,
            OSError,
            ValueError,
            urllib3.exceptions.HTTPError,
        ) as error:
            problem = _describe(error)
        # Outside: the context of an error has the request, and the secret.
        if problem is not None:
            raise errors.AccessTokenError(f'{method} {url}: {problem}')
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        if response.status_code == 200 and isinstance(body, dict):
            return body
        raise _error(response, method, url, body)


def _read(response: requests.Response, limit: int) -> bytes:
    """Return the body of a response.

    :raises OSError: it is too large, too slow, or compressed.
    """
    if 'Content-Encoding' in response.headers:
        raise OSError('the response is compressed')
    end = time.monotonic() + _TIMEOUT
    content = b''
    # Returns what has arrived; older releases of urllib3 can only wait.
    read, size = getattr(response.raw, 'read1', None), _CHUNK
    if read is None:
        read, size = response.raw.read, 1024
    while chunk := read(size):
        content += chunk
        if len(content) > limit:
            raise OSError(f'the response has more than {limit} octets')
        if time.monotonic() > end:
            raise OSError(f'the response takes more than {_TIMEOUT} seconds')
    return content


def _describe(error: Exception) -> str:
    # The texts of others may have a header field or the like in them.
    known = (
        exceptions.ConnectFailure,
        exceptions.ConnectTimeout,
        exceptions.SSLError,
    )
    if isinstance(error, known) or (
        isinstance(error, OSError)
        and not isinstance(error, requests.RequestException)
    ):
        return str(error)
    return type(error).__name__


def _error(
    response: requests.Response, method: str, url: str, body: ty.Any
) -> errors.AccessTokenError:
    status = response.status_code
    error = body.get('error') if isinstance(body, dict) else None
    text = f'{method} {url}: {_said(error, body)} (HTTP {status})'
    request_id = response.headers.get('x-openstack-request-id', '')
    if _REQUEST_ID.fullmatch(request_id):
        text += f' (Request-ID: {request_id})'
    return errors.AccessTokenError(
        text,
        status,
        _retry_after(response),
        is_refusal=status in (401, 404) and isinstance(error, dict),
    )


def _said(error: ty.Any, body: ty.Any) -> str:
    if isinstance(error, dict):
        # Of Keystone itself.
        texts = [error.get('message')]
    elif isinstance(error, str):
        # RFC 6749, 5.2.
        texts = [error, body.get('error_description')]
    else:
        texts = []
    said = ': '.join(text for text in texts if isinstance(text, str))
    readable = ''.join(char for char in said if char.isprintable())
    return readable[:_MAX_TEXT] or 'the response is not what was expected'


def _retry_after(response: requests.Response) -> int:
    """Return the seconds in ``Retry-After`` (RFC 9110, 10.2.3), or 0."""
    value = response.headers.get('Retry-After', '')
    if response.status_code not in (429, 503):
        return 0
    if re.fullmatch('[0-9]{1,9}', value):
        seconds = int(value)
    else:
        try:
            moment = email.utils.parsedate_to_datetime(value)
            seconds = int(moment.timestamp() - time.time()) + 1
        except (ValueError, OverflowError):
            seconds = 0
    return min(max(seconds, 0), _MAX_RETRY_AFTER)
