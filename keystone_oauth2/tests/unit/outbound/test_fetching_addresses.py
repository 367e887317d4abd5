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

"""Which addresses of a host are connected to, and whom TLS trusts there."""

import contextlib
import socket
import time

import fixtures

from keystone_oauth2.fixture import certificates
from keystone_oauth2.outbound import fetching
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.outbound import servers

#: Seconds.
DEADLINE = 1
HOST = 'localhost'
EMPTY = servers.sends(servers.OK, b'Content-Length: 0\r\n\r\n')


class Resolver(fixtures.Fixture):
    """Resolves a host name to addresses of this machine.

    :ivar lookups: how often it has done so.
    """

    def __init__(self, *addresses):
        super().__init__()
        self.addresses = addresses
        self.lookups = 0

    def _setUp(self):
        self.resolve = socket.getaddrinfo
        self.useFixture(
            fixtures.MonkeyPatch('socket.getaddrinfo', self.getaddrinfo)
        )

    def getaddrinfo(self, host, port, *arguments, **keywords):
        if host != HOST:
            return self.resolve(host, port, *arguments, **keywords)
        self.lookups += 1
        return [
            one
            for address in self.addresses
            for one in self.resolve(address, port, *arguments, **keywords)
        ]


class AddressesTestCase(base.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = certificates.CertificateAuthority()

    def setUp(self):
        super().setUp()
        self.tls = fetching.context(authorities=self.authority.pem)
        self.asked = []

    def serve(self, respond=EMPTY):
        """Return a server at 127.0.0.1, and its URL with a host name."""
        server = self.useFixture(servers.Server(self.authority, respond))
        return server, server.url.replace('127.0.0.1', HOST)

    def get(self, url, *permitted):
        """Send a request to one of the permitted addresses of a host."""

        def permits(address):
            self.asked.append(address)
            return address in permitted

        return fetching.get(url, self.tls, {}, DEADLINE, permits=permits)

    def fail(self, url, *permitted):
        """Return why a request has failed."""
        error = self.assertRaises(
            fetching.FetchError, self.get, url, *permitted
        )
        return str(error)


class PermittedAddressesTest(AddressesTestCase):
    def test_permitted_address(self):
        server, url = self.serve()
        self.useFixture(Resolver('127.0.0.1'))
        self.assertEqual(200, self.get(url, '127.0.0.1').status)
        self.assertEqual(['127.0.0.1'], self.asked)
        self.assertIn(f'Host: {HOST}:', server.requests[0])

    def test_no_permitted_address(self):
        """Nothing connects to it, and the message names all of them."""
        server, url = self.serve()
        self.useFixture(Resolver('127.0.0.1', '127.0.0.2', '127.0.0.1'))
        self.assertEqual(
            'its address 127.0.0.1, 127.0.0.2 is not allowed', self.fail(url)
        )
        self.assertEqual(0, server.connections)

    def test_address_in_the_url(self):
        """However it is written."""
        server, url = self.serve()
        for host in ('127.0.0.1', '2130706433', '0x7f.1', '127.1', '0'):
            with self.variant(host):
                self.assertIn(
                    'is not allowed', self.fail(url.replace(HOST, host))
                )
        self.assertEqual(0, server.connections)

    def test_other_addresses_are_left_out(self):
        """Also if they come first."""
        server, url = self.serve()
        self.useFixture(Resolver('127.0.0.2', '127.0.0.1'))
        self.assertEqual(200, self.get(url, '127.0.0.1').status)

    def test_name_is_resolved_once(self):
        """A second lookup could have another result."""
        server, url = self.serve()
        resolver = self.useFixture(Resolver('127.0.0.1'))
        self.get(url, '127.0.0.1')
        self.assertEqual(1, resolver.lookups)

    def test_unknown_name(self):
        self.assertNotEqual('', self.fail('https://nowhere.invalid/'))
        self.assertEqual([], self.asked)


class SeveralAddressesTest(AddressesTestCase):
    def test_next_address(self):
        """It is tried if there is no connection to the one before."""
        server, url = self.serve()
        self.useFixture(Resolver('127.0.0.3', '127.0.0.2', '127.0.0.1'))
        self.assertEqual(200, fetching.get(url, self.tls, {}, DEADLINE).status)

    def test_address_that_does_not_answer(self):
        server, url = self.serve()
        self.useFixture(Resolver('127.0.0.2', '127.0.0.1'))
        with full('127.0.0.2', server.port):
            self.assertEqual(
                200, fetching.get(url, self.tls, {}, DEADLINE).status
            )

    def test_deadline_is_that_of_all_addresses(self):
        addresses = [f'127.0.0.{number}' for number in range(2, 6)]
        server, url = self.serve()
        self.useFixture(Resolver(*addresses))
        with contextlib.ExitStack() as stack:
            for address in addresses:
                stack.enter_context(full(address, server.port))
            started = time.monotonic()
            self.assertEqual('timed out', self.fail(url, *addresses))
        self.assertLess(time.monotonic() - started, 2 * DEADLINE)

    def test_deadline_is_that_of_the_response_too(self):
        """Waiting for an address leaves less time for it."""
        server, url = self.serve(servers.waits)
        self.useFixture(Resolver('127.0.0.2', '127.0.0.1'))
        with full('127.0.0.2', server.port):
            started = time.monotonic()
            self.fail(url, '127.0.0.1', '127.0.0.2')
        self.assertLess(time.monotonic() - started, 1.4 * DEADLINE)

    def test_time_that_is_kept_for_other_addresses(self):
        """The response may take it, if the first address is connected."""

        def respond(server, connection):
            server.over.wait(0.7 * DEADLINE)
            EMPTY(server, connection)

        server, url = self.serve(respond)
        self.useFixture(Resolver('127.0.0.1', '127.0.0.2'))
        self.assertEqual(200, self.get(url, '127.0.0.1', '127.0.0.2').status)

    def test_no_time(self):
        server, url = self.serve()
        for deadline in (0, -1):
            self.assertRaises(
                fetching.FetchError, fetching.get, url, self.tls, {}, deadline
            )
        self.assertEqual(0, server.connections)


class FamilyTest(AddressesTestCase):
    def test_ipv6_address(self):
        if not servers.has_ipv6():
            self.skipTest('This machine has no IPv6.')
        server = self.useFixture(
            servers.Server(self.authority, EMPTY, address='::1')
        )
        self.assertEqual(200, self.get(server.url, '::1').status)
        self.assertIn('Host: [::1]:', server.requests[0])


class AuthoritiesTest(AddressesTestCase):
    def setUp(self):
        super().setUp()
        self.server, self.url = self.serve()
        self.useFixture(Resolver('127.0.0.1'))

    def assert_refused(self):
        self.assertIn(
            'CERTIFICATE_VERIFY_FAILED', self.fail(self.url, '127.0.0.1')
        )
        self.assertEqual([], self.server.requests)

    def test_given_authorities(self):
        """One of several is enough."""
        stranger = certificates.CertificateAuthority('Stranger')
        for pem in (
            self.authority.pem,
            self.authority.pem + stranger.pem,
            stranger.pem + self.authority.pem,
        ):
            self.tls = fetching.context(authorities=pem)
            self.assertEqual(200, self.get(self.url, '127.0.0.1').status)

    def test_other_authorities(self):
        stranger = certificates.CertificateAuthority('Stranger')
        self.tls = fetching.context(authorities=stranger.pem)
        self.assert_refused()

    def test_no_other_authority_is_trusted(self):
        """Neither those of the system nor those of the environment."""
        folder = self.useFixture(fixtures.TempDir()).path
        path = str(self.authority.write(folder))
        for name in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'):
            self.useFixture(fixtures.EnvironmentVariable(name, path))
        stranger = certificates.CertificateAuthority('Stranger')
        self.tls = fetching.context(authorities=stranger.pem)
        self.assertEqual(1, len(self.tls.get_ca_certs()))
        self.assert_refused()

    def test_name_of_the_certificate_is_that_of_the_url(self):
        """Not that of the address."""
        self.useFixture(
            fixtures.MonkeyPatch(f'{__name__}.HOST', 'host.example')
        )
        url = self.url.replace('localhost', 'host.example')
        self.assertIn('CERTIFICATE_VERIFY_FAILED', self.fail(url, '127.0.0.1'))

    def test_unreadable_authorities(self):
        """The system's are not used instead."""
        for pem in ('', ' ', 'x', 'ä', self.authority.pem[:-40]):
            with self.variant(pem):
                self.assertRaises(
                    (OSError, ValueError), fetching.context, authorities=pem
                )


@contextlib.contextmanager
def full(address, port):
    """Listen at an address, without answering to another connection."""
    with contextlib.ExitStack() as stack:
        listener = socket.create_server((address, port), backlog=0)
        stack.enter_context(listener)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((address, port))
        yield
