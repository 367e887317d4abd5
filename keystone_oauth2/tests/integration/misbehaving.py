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

"""A gateway in front of Keystone, which misbehaves when it is told to."""

import http.client
import http.server
import json
import socket
import socketserver
import ssl
import threading
import urllib.parse

import fixtures

from keystone_oauth2.fixture import certificates
from keystone_oauth2.tests.integration import filters
from keystone_oauth2.tests.support import jwts

TOKENS = '/v3/auth/tokens'
ALL = (jwts.JWKS, jwts.EVENTS, TOKENS)
#: Seconds between two octets.
_PAUSE = 1
_PADDING = b'x' * 65536
# Those of one connection, and what this gateway writes itself.
_LEFT_OUT = {'connection', 'content-length', 'keep-alive', 'transfer-encoding'}


class Gateway(fixtures.Fixture):
    """Passes requests on to Keystone over TLS.

    Clients that start at its URL come to it with every request, since it
    replaces Keystone's URL in responses, as in the catalog.

    :param keystone: the server.
    :ivar url: without ``/v3``.
    :ivar requests: method and path of each request that it got.
    :ivar behaviours: what it does instead, by path.
    :ivar begun: the path of each request that it misbehaved for.
    :ivar ended: the same, of those that are over.
    :ivar refused: how many clients did not want to talk to it.
    """

    def __init__(self, keystone):
        super().__init__()
        self.keystone = keystone
        self.behaviours = {}
        self.requests = []
        self.begun = []
        self.ended = []
        self.refused = 0
        self._lock = threading.Lock()
        self._server = None
        self._port = 0

    def _setUp(self):
        folder = self.useFixture(fixtures.TempDir()).path
        trusted = self.keystone.authority
        stranger = certificates.CertificateAuthority('Stranger')
        self._contexts = [
            _context(authority, folder) for authority in (trusted, stranger)
        ]
        self.tls = self._contexts[0]
        self.upstream = urllib.parse.urlsplit(self.keystone.url).netloc
        self.to_upstream = ssl.create_default_context(
            cafile=self.keystone.ca_file
        )
        self.start()
        self.addCleanup(self.stop)

    def start(self):
        """Listen, at the same port as before."""
        self._server = _Server(('127.0.0.1', self._port), _Handler, self)
        self._port = self._server.server_address[1]
        self.url = f'https://127.0.0.1:{self._port}'
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()

    def stop(self):
        """Listen no more, and end all connections."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def misbehave(self, behaviour, *paths):
        """Respond in another way to requests for some paths.

        :param behaviour: a function of this module, or what one returns.
        """
        self.behaviours.update(dict.fromkeys(paths, behaviour))

    def use_strange_certificate(self):
        """Show a certificate of another authority."""
        self.tls = self._contexts[1]

    def recover(self):
        """Pass on all further requests."""
        self.tls = self._contexts[0]
        self.behaviours.clear()
        if self._server is None:
            self.start()

    def count(self, path, method='GET'):
        """Return how many requests for a path it got."""
        return self.requests.count((method, path))

    def count_refused(self):
        """Count a connection on which no request came."""
        with self._lock:
            self.refused += 1

    @property
    def is_hanging(self):
        """Whether a client waits for the rest of a response."""
        return len(self.begun) > len(self.ended)

    @property
    def has_failed(self):
        """Whether it has misbehaved for each path that it was told of."""
        is_trusted = self.tls is self._contexts[0]
        return self.behaviours.keys() <= set(self.ended) and (
            is_trusted or self.refused > 0
        )

    def respond(self, path, handler):
        """Respond to a request as it was told."""
        behaviour = self.behaviours.get(path)
        if behaviour is None:
            forward(handler)
            return
        self.begun.append(path)
        try:
            behaviour(handler)
        finally:
            self.ended.append(path)


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 100

    def __init__(self, address, handler, gateway):
        self.gateway = gateway
        self.connections = set()
        super().__init__(address, handler)

    def stop(self):
        """Accept no more connections, and end those that are open."""
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            _end(connection)

    def handle_error(self, request, client_address):
        """Ignore clients that have gone away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    """One request on one connection."""

    def setup(self):
        # In the thread of the connection: a client may be slow.
        self.gateway = self.server.gateway
        try:
            self.request = self.gateway.tls.wrap_socket(
                self.request, server_side=True
            )
        except OSError:
            self.gateway.count_refused()
            raise
        self.server.connections.add(self.request)
        super().setup()

    def finish(self):
        self.server.connections.discard(self.request)
        super().finish()
        _end(self.request)

    def handle(self):
        """Receive a request, and do with it what the gateway is told."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
        except OSError:
            # With TLS 1.3, a client refuses a certificate only now.
            self.raw_requestline = b''
        if not self.raw_requestline or not self.parse_request():
            self.gateway.count_refused()
            return
        path = urllib.parse.urlsplit(self.path).path
        self.gateway.requests.append((self.command, path))
        self.gateway.respond(path, self)

    def respond(self, status, headers, body):
        """Send a whole response."""
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(body)

    def hang(self, sent, octet=b''):
        """Send the beginning of a response, and then wait for the client.

        :param octet: what is sent again and again.
        """
        self.wfile.write(sent)
        self.request.settimeout(_PAUSE)
        while self._is_open():
            self.wfile.write(octet)

    def _is_open(self):
        try:
            return self.request.recv(1) != b''
        except TimeoutError:
            return True


class GatewayTestCase(filters.FilterTestCase):
    """Filters that reach Keystone through gateways of their own."""

    def behind_gateway(self, gateway=None, **options):
        """Return a service whose filter uses a gateway.

        :param options: of the filter.
        """
        if gateway is None:
            gateway = self.useFixture(Gateway(self.keystone))
        client = self.ours(
            auth_url=gateway.url,
            **{'http_request_max_retries': 0, **options},
        )
        client.gateway = gateway
        return client

    def assert_accepted_offline(self, client, *tokens, environ=None):
        """Assert that tokens are accepted, and Keystone is not asked.

        :param environ: further WSGI variables.
        """
        before = client.gateway.count(TOKENS)
        for token in tokens:
            status = client.use(token, environ=environ)
            self.assertEqual(200, status, client.answer.text)
        self.assertEqual(before, client.gateway.count(TOKENS))

    def assert_unavailable(self, client, token):
        """Assert that the response blames Keystone, and not the token."""
        self.assertEqual(503, client.use(token), client.answer.text)
        self.assertEqual('1', client.answer.headers['Retry-After'])
        self.assertNotIn('WWW-Authenticate', client.answer.headers)
        self.assertIsNone(client.service.environ)

    def wait_for_status(
        self, status, client, token, before=(200, 401, 503), environ=None
    ):
        """Wait for a status, and assert that it stays.

        :param before: those that are allowed until then.
        :param environ: further WSGI variables.
        """
        seen = set()

        def is_seen():
            seen.add(client.use(token, environ=environ))
            return status in seen

        self.wait_until(is_seen, f'the status is {status}')
        self.assertLessEqual(seen, {status, *before})
        again = client.use(token, environ=environ)
        self.assertEqual(status, again, client.answer.text)


def forward(handler):
    """Return Keystone's response."""
    gateway = handler.gateway
    length = int(handler.headers.get('Content-Length') or 0)
    connection = http.client.HTTPSConnection(
        gateway.upstream, context=gateway.to_upstream
    )
    headers = {**handler.headers, 'Connection': 'close'}
    connection.request(
        handler.command, handler.path, handler.rfile.read(length), headers
    )
    response = connection.getresponse()
    body = response.read().replace(
        gateway.keystone.url.encode(), gateway.url.encode()
    )
    connection.close()
    kept = [
        (name, value)
        for name, value in response.getheaders()
        if name.lower() not in _LEFT_OUT
    ]
    handler.respond(response.status, kept, body)


def body(content, status=200):
    """Return a whole response with some content."""
    encoded = content if isinstance(content, bytes) else content.encode()
    headers = [('Content-Type', 'application/json')]
    return lambda handler: handler.respond(status, headers, encoded)


def status(number):
    """Return an error as Keystone does."""
    error = {'error': {'code': number, 'message': 'no', 'title': 'No'}}
    return body(json.dumps(error), number)


def redirect(url):
    """Lead to the same path of another server."""
    return lambda handler: handler.respond(
        302, [('Location', url + handler.path)], b''
    )


def close(handler):
    """Send no response."""


def truncate(handler):
    """End in the middle of a response that would be good."""
    handler.wfile.write(
        b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'
        b'{"keys": [], "revocation_events": []}'
    )


def endless(handler):
    """Send more and more, as fast as the client reads."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\n\r\n')
    while True:
        handler.wfile.write(_PADDING)


def endless_header(handler):
    """Send one header field after another."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\n')
    while True:
        handler.wfile.write(b'X-Field: x\r\n' * 1000)


def slow_body(handler):
    """Send an octet a second."""
    handler.hang(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', b' ')


def slow_header(handler):
    """Send an octet a second, and no body."""
    handler.hang(b'HTTP/1.1 200 OK\r\nX-Field: ', b'x')


def silent(handler):
    """Send nothing, and keep the connection."""
    handler.hang(b'')


def _context(authority, folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server().write(folder, 'server'))
    return context


def _end(connection):
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
