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

import collections.abc as abc
import http.client
import os
import re
import socket
import ssl
import threading
import time
import typing as ty
import urllib.parse

from requests import utils

#: Seconds for a whole request, and bytes of a response.
DEADLINE = 10
MAX_BYTES = 4 * 1024 * 1024
_LATE = 'the response takes too long'
_UNSAFE = re.compile('[^\x20-\x7e]')
_MAX_REASON_LENGTH = 200


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
    verify: bool | str | None = None,
    certificate: str | tuple[str, str] | None = None,
    *,
    authorities: str | None = None,
) -> ssl.SSLContext:
    """Return a TLS context with the options of a keystoneauth session.

    :param verify: file or directory with the CAs; otherwise, those of requests
        are used.
    :param certificate: file with a client certificate and its key, or a pair.
    :param authorities: PEM of the only CAs, instead of a file with them.
    :raises OSError: a file, or the PEM, cannot be read.
    :raises ValueError: the PEM is not ASCII, or empty.
    """
    if authorities is not None:
        made = _trusting(authorities)
    else:
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


def _trusting(authorities: str) -> ssl.SSLContext:
    # If it is empty, those of the system would be trusted instead.
    if not authorities or not authorities.isascii():
        raise ValueError('there is no certificate in PEM')
    return ssl.create_default_context(cadata=authorities)


def get(
    url: str,
    tls: ssl.SSLContext,
    headers: dict[str, str],
    deadline: float = DEADLINE,
    *,
    permits: abc.Callable[[str], bool] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Answer:
    """Send a GET request over TLS; neither redirects nor proxies are used.

    :param deadline: in seconds, for all of it. Only looking up the host name
        ends when the resolver of the system gives up.
    :param permits: whether an address of the host may be connected to; all of
        them if not given.
    :param max_bytes: of the body.
    :raises FetchError: there is no complete response in time, or it is too
        large, or the URL is not an https URL, or no address is allowed.
    """
    end = time.monotonic() + deadline
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port or 443
        if parts.scheme != 'https' or host is None:
            raise FetchError('its URL does not begin with https://')
        with (
            _connect(_addresses(host, port, permits), port, end) as raw,
            tls.wrap_socket(
                raw, server_hostname=host, do_handshake_on_connect=False
            ) as connected,
        ):
            return _in_time(connected, parts, headers, end, max_bytes)
    except (OSError, ValueError, http.client.HTTPException) as error:
        # Some quote what the server has sent.
        text = _UNSAFE.sub('?', str(error))[:_MAX_REASON_LENGTH]
        raise FetchError(text or type(error).__name__) from error


def _addresses(
    host: str, port: int, permits: abc.Callable[[str], bool] | None
) -> list[str]:
    """Return those that may be connected to, in the order of the system."""
    found = list(
        dict.fromkeys(
            str(address[0])
            for *_, address in socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        )
    )
    permitted = [one for one in found if permits is None or permits(one)]
    if not permitted:
        raise FetchError(f'its address {", ".join(found)} is not allowed')
    return permitted


def _connect(addresses: list[str], port: int, end: float) -> socket.socket:
    reason = OSError()
    for index, address in enumerate(addresses):
        # One that does not answer leaves time for the next ones.
        share = _left(end) / (len(addresses) - index)
        try:
            # A second lookup of the name could have another result.
            return socket.create_connection((address, port), share)
        except OSError as error:
            reason = error
    raise reason


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise FetchError(_LATE)
    return left


def _in_time(
    connected: ssl.SSLSocket,
    parts: urllib.parse.SplitResult,
    headers: dict[str, str],
    end: float,
    max_bytes: int,
) -> Answer:
    # A timeout of a socket is one of each octet that arrives.
    is_over = threading.Event()
    left = _left(end)
    connected.settimeout(left)
    timer = threading.Timer(left, _end, [connected, is_over])
    timer.daemon = True
    timer.start()
    try:
        answer = _exchange(connected, parts, headers, max_bytes)
    except (OSError, http.client.HTTPException) as error:
        if is_over.is_set():
            # It says what became of the connection, not why.
            raise FetchError(_LATE) from error
        raise
    finally:
        timer.cancel()
    if is_over.is_set():
        # It looks like a response that the server has ended.
        raise FetchError(_LATE)
    return answer


def _exchange(
    connected: ssl.SSLSocket,
    parts: urllib.parse.SplitResult,
    headers: dict[str, str],
    max_bytes: int,
) -> Answer:
    connected.do_handshake()
    # Without a port, it would take one from an IPv6 address.
    connection = http.client.HTTPConnection(parts.hostname or '', 443)
    connection.sock = connected
    path = parts.path or '/'
    if parts.query:
        path = f'{path}?{parts.query}'
    connection.request('GET', path, headers={**headers, 'Host': parts.netloc})
    return _read(connection.getresponse(), max_bytes)


def _end(connected: ssl.SSLSocket, is_over: threading.Event) -> None:
    is_over.set()
    try:
        # SSLSocket.shutdown would pull the ground from under the reader.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        pass


def _read(response: http.client.HTTPResponse, max_bytes: int) -> Answer:
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise FetchError(f'the response has more than {max_bytes} bytes')
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
