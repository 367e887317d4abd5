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


"""Hostile clients, while others request tokens."""

import collections
import contextlib
import itertools
import socket
import ssl
import threading

import fixtures

from functional import base
from functional import programs
from functional import traffic
from keystone_oauth2.tests.support import base as wire

CONNECTIONS = 500
#: Seconds to wait for a response that may never come,
PATIENCE = 5
#: and for one from a busy server.
CONNECT_SECONDS = 60
HEAD = (
    f'POST {base.TOKEN} HTTP/1.1\r\n'
    f'Host: localhost\r\nContent-Type: {wire.FORM}\r\n'
).encode()
BODY = b'grant_type=client_credentials'
CHUNKED = HEAD + b'Transfer-Encoding: chunked\r\n\r\n'


def with_length(length, body=BODY):
    """Return a request that declares a length, which may be wrong."""
    return HEAD + f'Content-Length: {length}\r\n\r\n'.encode() + body


#: What a slow client sends first, and then each second. None: without TLS.
SLOW = {
    'no handshake': None,
    'nothing': (b'', b''),
    'header field': (HEAD + b'X-Field: ', b'x'),
    'header fields': (HEAD, b'X-Field: x\r\n'),
    'body': (with_length(9999), b'x'),
    'body without end': (with_length(99), b''),
    'long body': (with_length(99_999, b'x' * 50_000), b'x'),
    'chunks': (CHUNKED, b'1\r\nx\r\n'),
}
#: Requests that are sent at once.
NONSENSE = {
    'no HTTP': b'\x00\xff\x16\x03\x01' * 100 + b'\r\n\r\n',
    'no version': f'GET {base.TOKEN}\r\n\r\n'.encode(),
    'long path': b'GET /' + b'x' * 100_000 + b' HTTP/1.1\r\n\r\n',
    'many fields': HEAD + b'X-Field: x\r\n' * 20_000 + b'\r\n',
    'long field': HEAD + b'X-Field: ' + b'x' * 100_000 + b'\r\n\r\n',
    'negative length': with_length(-1),
    'no length': with_length('x'),
    'two lengths': with_length('29\r\nContent-Length: 5'),
    'length and chunks': with_length('5\r\nTransfer-Encoding: chunked'),
    'chunk of no size': CHUNKED + b'zz\r\nx\r\n0\r\n\r\n',
    'chunk of any size': CHUNKED + b'f' * 18 + b'\r\nx\r\n',
    'pipelined': with_length(29) + b'\x00\xff\xfe {"a": 1}\r\n\r\n' * 1000,
    'many pipelined': with_length(29) * 100,
    'megabytes': with_length(20_000_000, b'x' * 20_000_000),
    'megabytes in chunks': CHUNKED
    + (b'fa0\r\n' + b'x' * 4000 + b'\r\n') * 2000
    + b'0\r\n\r\n',
}


class HostileTests:
    """Tests for every front end."""

    processes = 2
    # Without a cache, each token costs Keystone about fifty queries.
    cache = 'memcached'

    def setUp(self):
        super().setUp()
        self.workers = self.uwsgi_workers()
        self.context = ssl.create_default_context(cafile=str(self.ca_file))

    def test_nonsense(self):
        """Malformed requests are refused, without details of the server."""
        for name, sent in NONSENSE.items():
            with self.variant(name):
                received = self.exchange(sent)
                for line in received.split(b'HTTP/1.1 ')[1:]:
                    self.assertEqual(b'4', line[:1], received[:2000])
                self.assertNotIn(b'Traceback', received)
                self.assertNotIn(str(self.folder).encode(), received)
        self.assert_unharmed()

    def exchange(self, sent):
        """Send bytes, and return the whole response."""
        with self.connect() as connection:
            connection.settimeout(PATIENCE)
            with contextlib.suppress(OSError):
                connection.sendall(sent)
            return self.received(connection)

    def received(self, connection):
        """Return all bytes until the server closes or stops sending."""
        received = b''
        with contextlib.suppress(OSError):
            while chunk := connection.recv(65536):
                received += chunk
        return received

    def connect(self):
        """Return a TLS connection."""
        address = (programs.HOST, self.stack.port)
        plain = socket.create_connection(address, CONNECT_SECONDS)
        return self.context.wrap_socket(plain, server_hostname='localhost')

    def uwsgi_workers(self):
        """Return the process ids of the workers of uWSGI, if it is used."""
        uwsgi = self.stack.programs.get('uwsgi')
        return uwsgi.children() if uwsgi else []

    def assert_unharmed(self):
        """Assert that tokens are issued, and that no worker was restarted."""
        self.assertEqual(self.workers, self.uwsgi_workers())
        self.assert_whole_life(client=self.client)
        for name, text in self.log_texts().items():
            self.assertNotIn('Traceback', text, name)

    def token(self):
        return self.post(base.TOKEN, base.GRANT, client=self.client)

    def bound(self):
        return self.post(base.TOKEN, base.GRANT, files=self.files)


class ManyClientsTests(HostileTests):
    """Tests for front ends that buffer the requests of slow clients."""

    def test_slow_clients(self):
        """Other clients get tokens while hundreds of clients are slow."""
        crowd = Crowd(self.stack.port, self.context)
        good = traffic.Traffic(
            {'secret': self.token, 'certificate': self.bound}
        )
        with crowd, good:
            outcomes = good.go_on(20)
            self.assertEqual({200}, {each.status for each in outcomes})
            self.assertGreater(crowd.size(), CONNECTIONS / 2)
        self.assert_unharmed()

    def test_many_at_once(self):
        """Hundreds of simultaneous requests all get a response."""
        request = self.token_request()
        with contextlib.ExitStack() as stack:
            connections = [
                stack.enter_context(self.connect()) for _ in range(CONNECTIONS)
            ]
            for connection in connections:
                connection.sendall(request)
            statuses = collections.Counter(
                self.received(connection)[9:12] for connection in connections
            )
        self.assertEqual({b'200': CONNECTIONS}, statuses)
        self.assert_unharmed()

    def token_request(self):
        """Return a request for a token, as bytes."""
        authorization = wire.basic(self.client.id, self.client.secret)
        return (
            HEAD
            + (
                f'Authorization: {authorization}\r\n'
                f'Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n'
            ).encode()
            + BODY
        )


class Crowd(fixtures.Fixture):
    """Many slow clients, which reconnect when the server disconnects them.

    :param port: port of the server.
    :param context: TLS context.
    :param kinds: what they do; see ``SLOW``.
    :param number: how many there are.
    """

    def __init__(self, port, context, kinds=SLOW, number=CONNECTIONS):
        super().__init__()
        self._number = number
        self._address = (programs.HOST, port)
        self._context = context
        self._end = threading.Event()
        self._kinds = itertools.cycle(SLOW[kind] for kind in kinds)
        self._connections = {}

    def _setUp(self):
        self._fill()
        thread = threading.Thread(target=self._work)
        thread.start()
        self.addCleanup(self._close)
        self.addCleanup(thread.join)
        self.addCleanup(self._end.set)

    def size(self):
        """Return the number of open connections."""
        return len(self._connections)

    def _work(self):
        while not self._end.wait(1):
            for connection, kind in list(self._connections.items()):
                self._go_on(connection, kind)
            self._fill()

    def _go_on(self, connection, kind):
        try:
            if kind is not None and kind[1]:
                connection.send(kind[1])
            if connection.recv(65536) == b'':
                raise ConnectionResetError
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError:
            del self._connections[connection]
            connection.close()

    def _fill(self):
        while len(self._connections) < self._number:
            if self._end.is_set():
                return
            with contextlib.suppress(OSError):
                self._open(next(self._kinds))

    def _open(self, kind):
        connection = socket.create_connection(self._address, PATIENCE)
        if kind is not None:
            connection = self._context.wrap_socket(
                connection, server_hostname='localhost'
            )
            connection.sendall(kind[0])
        connection.setblocking(False)
        self._connections[connection] = kind

    def _close(self):
        for connection in self._connections:
            connection.close()


class NginxUWSGITest(ManyClientsTests, base.StackTestCase):
    front_end = 'nginx-uwsgi'


class HAProxyTest(ManyClientsTests, base.StackTestCase):
    front_end = 'haproxy'
