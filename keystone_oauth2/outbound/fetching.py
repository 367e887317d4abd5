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

"""GET requests that end in time, whatever the server does."""

import http.client
import os
import socket
import ssl
import threading
import typing as ty
import urllib.parse

from requests import utils

#: Seconds for a whole request, and bytes of a response.
DEADLINE = 10
MAX_BYTES = 4 * 1024 * 1024


class FetchError(Exception):
    """There is no response that could be used; the message says why."""


class Answer(ty.NamedTuple):
    """A response.

    :ivar etag: empty if it has none.
    """

    status: int
    etag: str
    body: bytes


def context(
    verify: bool | str | None, certificate: str | tuple[str, str] | None
) -> ssl.SSLContext:
    """Return a TLS context with the options of a keystoneauth session.

    :param verify: file or directory with the CAs; otherwise, those of requests
        are used.
    :param certificate: file with a client certificate and its key, or a pair.
    :raises OSError: a file cannot be read.
    """
    path = verify if isinstance(verify, str) else _default_authorities()
    is_directory = os.path.isdir(path)
    made = ssl.create_default_context(
        cafile=None if is_directory else path,
        capath=path if is_directory else None,
    )
    if certificate is not None:
        pair = (certificate,) if isinstance(certificate, str) else certificate
        made.load_cert_chain(*pair)
    return made


def get(
    url: str,
    tls: ssl.SSLContext,
    headers: dict[str, str],
    deadline: float = DEADLINE,
) -> Answer:
    """Send a GET request over TLS; neither redirects nor proxies are used.

    :param deadline: in seconds, for all of it.
    :raises FetchError: there is no complete response in time, or it is too
        large, or the URL is not an https URL.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port or 443
        if parts.scheme != 'https' or host is None:
            raise FetchError('its URL does not begin with https://')
        with (
            socket.create_connection((host, port), deadline) as raw,
            tls.wrap_socket(
                raw, server_hostname=host, do_handshake_on_connect=False
            ) as connected,
        ):
            return _in_time(connected, parts, headers, deadline)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FetchError(str(error) or type(error).__name__) from error


def _in_time(
    connected: ssl.SSLSocket,
    parts: urllib.parse.SplitResult,
    headers: dict[str, str],
    deadline: float,
) -> Answer:
    # A timeout of a socket is one of each octet that arrives.
    is_over = threading.Event()
    timer = threading.Timer(deadline, _end, [connected, is_over])
    timer.daemon = True
    timer.start()
    try:
        connected.do_handshake()
        connection = http.client.HTTPConnection(parts.hostname or '')
        connection.sock = connected
        path = f'{parts.path}?{parts.query}' if parts.query else parts.path
        connection.request(
            'GET', path, headers={**headers, 'Host': parts.netloc}
        )
        answer = _read(connection.getresponse())
    finally:
        timer.cancel()
    if is_over.is_set():
        # It looks like a response that the server has ended.
        raise FetchError(f'the response takes more than {deadline} seconds')
    return answer


def _end(connected: ssl.SSLSocket, is_over: threading.Event) -> None:
    is_over.set()
    try:
        # SSLSocket.shutdown would pull the ground from under the reader.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        pass


def _read(response: http.client.HTTPResponse) -> Answer:
    body = response.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise FetchError(f'the response has more than {MAX_BYTES} bytes')
    # None if it is not known; 0 for responses without a body.
    if response.length:
        raise FetchError('the response is incomplete')
    return Answer(response.status, response.headers.get('ETag', ''), body)


def _default_authorities() -> str:
    # As requests finds them, and with it keystoneauth.
    for name in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'):
        if os.environ.get(name):
            return os.environ[name]
    return str(utils.DEFAULT_CA_BUNDLE_PATH)
