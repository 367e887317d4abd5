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

"""Requests that end in time, with real servers on this machine."""

import socket
import threading

import fixtures

from keystone_oauth2.fixture import certificates
from keystone_oauth2.outbound import fetching
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.outbound import servers

LARGEST = fetching.MAX_BYTES
#: Seconds; a server that does not end its response would take minutes.
DEADLINE = 1
#: Another one, which no other request has, and no test waits for.
FAR_DEADLINE = 111
PATIENCE = 10


class FetchingTestCase(base.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = certificates.CertificateAuthority()

    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.ca_file = str(self.authority.write(folder))
        self.tls = fetching.context(self.ca_file, None)

    def serve(self, respond, authority=None):
        """Return a server with a trusted certificate."""
        return self.useFixture(
            servers.Server(authority or self.authority, respond)
        )

    def fetch(self, respond, headers=None):
        """Send a request to a server, and return its response."""
        self.server = self.serve(respond)
        return fetching.get(self.server.url, self.tls, headers or {}, DEADLINE)

    def assert_fails(self, respond):
        """Assert that there is a reason, and return it."""
        error = self.assert_raises(fetching.FetchError, self.fetch, respond)
        self.assertNotEqual('', str(error))
        return str(error)


class ResponseTest(FetchingTestCase):
    """I08: what is a response, and what is none."""

    def test_response(self):
        found = self.fetch(
            servers.sends(
                servers.OK, b'ETag: "x"\r\nContent-Length: 2\r\n\r\n', b'{}'
            )
        )
        self.assertEqual((200, '"x"', b'{}'), found)

    def test_without_a_length(self):
        """It ends with the connection."""
        self.assertEqual(
            (200, '', b'{}'), self.fetch(servers.sends(servers.OK, b'\r\n{}'))
        )

    def test_chunks(self):
        head = b'Transfer-Encoding: chunked\r\n\r\n'
        found = self.fetch(
            servers.sends(servers.OK + head + b'2\r\n{}\r\n0\r\n\r\n')
        )
        self.assertEqual(b'{}', found.body)

    def test_not_modified(self):
        found = self.fetch(
            servers.sends(
                b'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'
            )
        )
        self.assertEqual((304, '', b''), found)

    def test_request(self):
        """It goes to the host and path of the URL, without credentials."""
        self.fetch(
            servers.sends(servers.OK, b'Content-Length: 0\r\n\r\n'),
            {'X-Field': 'x'},
        )
        (request,) = self.server.requests
        host = self.server.url.split('/')[2]
        line, *fields = request.strip().split('\r\n')
        self.assertEqual('GET /path HTTP/1.1', line)
        self.assertEqual(
            {f'Host: {host}', 'X-Field: x', 'Accept-Encoding: identity'},
            set(fields),
        )

    def test_query(self):
        server = self.serve(
            servers.sends(servers.OK, b'Content-Length: 0\r\n\r\n')
        )
        fetching.get(f'{server.url}?a=b', self.tls, {}, DEADLINE)
        self.assertIn('GET /path?a=b HTTP', server.requests[0])

    def test_no_path(self):
        server = self.serve(
            servers.sends(servers.OK, b'Content-Length: 0\r\n\r\n')
        )
        for query in ('', '?a=b'):
            url = server.url.replace('/path', query)
            fetching.get(url, self.tls, {}, DEADLINE)
            self.assertIn(f'GET /{query} HTTP', server.requests[-1])

    def test_redirect_is_returned(self):
        """Nothing is sent to its target."""
        target = self.serve(
            servers.sends(servers.OK, b'Content-Length: 2\r\n\r\n{}')
        )
        for status in (301, 302, 303, 307, 308):
            found = self.fetch(
                servers.sends(
                    f'HTTP/1.1 {status} Moved\r\nLocation: {target.url}\r\n'
                    f'Content-Length: 0\r\n\r\n'.encode()
                )
            )
            self.assertEqual((status, '', b''), found)
        self.assertEqual([], target.requests)

    def test_proxy_of_the_environment_is_not_used(self):
        """Whoever can set it reads the service's token otherwise."""
        proxy = self.serve(servers.sends(servers.OK, b'\r\n'))
        for name in ('https_proxy', 'HTTPS_PROXY', 'ALL_PROXY'):
            self.useFixture(fixtures.EnvironmentVariable(name, proxy.url))
        self.useFixture(fixtures.EnvironmentVariable('no_proxy', None))
        self.useFixture(fixtures.EnvironmentVariable('NO_PROXY', None))
        found = self.fetch(
            servers.sends(servers.OK, b'Content-Length: 2\r\n\r\n{}')
        )
        self.assertEqual(b'{}', found.body)
        self.assertEqual([], proxy.requests)

    def test_largest_body(self):
        head = f'Content-Length: {LARGEST}\r\n\r\n'.encode()
        found = self.fetch(servers.sends(servers.OK, head, LARGEST * b'x'))
        self.assertEqual(LARGEST, len(found.body))

    def test_larger_body(self):
        for head in (f'Content-Length: {LARGEST + 1}\r\n', ''):
            with self.variant(head):
                reason = self.assert_fails(
                    servers.sends(
                        servers.OK,
                        head.encode() + b'\r\n',
                        (LARGEST + 1) * b'x',
                    )
                )
                self.assertIn(f'more than {LARGEST} bytes', reason)

    def test_incomplete_body(self):
        for body in (b'', b'{}'):
            with self.variant(body):
                self.assert_fails(
                    servers.sends(
                        servers.OK, b'Content-Length: 9\r\n\r\n', body
                    )
                )

    def test_no_response(self):
        for sent in (b'', b'HTTP', b'{}', b'\r\n\r\n'):
            with self.variant(sent):
                self.assert_fails(servers.sends(sent))

    def test_endless_response(self):
        """Its end is not waited for."""
        for first, again in (
            (servers.OK + b'\r\n', LARGEST * b'x'),
            (servers.OK, b'X: ' + 65000 * b'x' + b'\r\n'),
            (servers.OK, 65000 * b'X: y\r\n'),
            (servers.OK + b'X: ', LARGEST * b'x'),
            (b'', b'HTTP/1.1 100 Continue\r\n\r\n'),
        ):
            with self.variant(first + again[:20]):
                self.assert_fails(servers.repeats(first, again))


class DeadlineTest(FetchingTestCase):
    """I08: it is one of the whole request, whatever arrives meanwhile."""

    def test_slow_responses(self):
        for first, again in (
            (b'', b'H'),
            (servers.OK + b'X: ', b'x'),
            (servers.OK + b'Content-Length: 9999\r\n\r\n', b'x'),
            (
                servers.OK + b'Transfer-Encoding: chunked\r\n\r\n',
                b'1\r\nx\r\n',
            ),
            (servers.OK + b'\r\n', b'x'),
        ):
            with self.variant(first):
                self.assert_fails(servers.repeats(first, again, DEADLINE / 10))

    def test_silent_servers(self):
        """Before and after the handshake of TLS."""
        self.assert_fails(servers.waits)
        silent = self.useFixture(servers.Server(None, servers.waits))
        self.assertRaises(
            fetching.FetchError,
            fetching.get,
            silent.url,
            self.tls,
            {},
            DEADLINE,
        )

    def test_next_request(self):
        """The one before has left nothing behind, even if it has failed."""
        server = self.serve(servers.sends(servers.OK, b'\r\n{}'))
        fetching.get(server.url, self.tls, {}, FAR_DEADLINE)
        server = self.serve(servers.sends(b'HTTP'))
        self.assertRaises(
            fetching.FetchError,
            fetching.get,
            server.url,
            self.tls,
            {},
            FAR_DEADLINE,
        )
        timers = [
            one
            for one in threading.enumerate()
            if isinstance(one, threading.Timer)
            # Filters of other tests may have some.
            and one.interval == FAR_DEADLINE
        ]
        for timer in timers:
            # The thread of one that is cancelled needs a moment to end.
            timer.join(PATIENCE)
            self.assertFalse(timer.is_alive())


class ServerTest(FetchingTestCase):
    """I08: https only, and a certificate of the given CA for the host."""

    def get(self, url, tls=None):
        return fetching.get(url, tls or self.tls, {}, DEADLINE)

    def assert_no_request(self, url, *servers, tls=None):
        """Assert that it is refused, and that no server got a request."""
        self.assert_raises(fetching.FetchError, self.get, url, tls)
        for server in servers:
            self.assertEqual([], server.requests)

    def test_another_scheme(self):
        server = self.serve(servers.sends(servers.OK, b'\r\n'))
        for scheme in ('http', 'ftp', 'file', '', 'HTTP'):
            with self.variant(scheme):
                url = server.url.replace('https', scheme)
                self.assert_no_request(url, server)

    def test_malformed_url(self):
        for url in ('', 'https:', 'https://', 'https://[', 'https://x:y/'):
            with self.variant(url):
                self.assert_no_request(url)

    def test_another_authority(self):
        stranger = certificates.CertificateAuthority('Stranger')
        server = self.serve(servers.sends(servers.OK, b'\r\n'), stranger)
        self.assert_no_request(server.url, server)

    def test_another_host(self):
        """The certificate is not for it, though it is the same server."""
        server = self.serve(servers.sends(servers.OK, b'\r\n'))
        url = server.url.replace('127.0.0.1', '127.0.0.2')
        self.assert_no_request(url, server)

    def test_nobody_listens(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        self.assert_no_request(f'https://127.0.0.1:{port}/')

    def test_authorities_of_the_environment(self):
        """As requests reads them, if no file is given."""
        server = self.serve(
            servers.sends(servers.OK, b'Content-Length: 2\r\n\r\n{}')
        )
        names = ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE')
        for name in names:
            self.useFixture(fixtures.EnvironmentVariable(name, None))
        tls = fetching.context(None, None)
        self.assert_no_request(server.url, server, tls=tls)
        for name in names:
            with (
                self.variant(name),
                fixtures.EnvironmentVariable(name, self.ca_file),
            ):
                tls = fetching.context(True, None)
                self.assertEqual(b'{}', self.get(server.url, tls).body)

    def test_unreadable_authorities(self):
        self.assertRaises(OSError, fetching.context, '/nonexistent', None)
