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

"""Key sets of issuers that run on this machine, with TLS."""

import json
import time

import fixtures

from keystone_oauth2.fixture import certificates
from keystone_oauth2.outbound import fetching
from keystone_oauth2.outbound import key_sets
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.outbound import servers

JWKS = {'keys': [{'kty': 'EC'}]}
DISCOVERY = '/.well-known/openid-configuration'
LOOPBACK = ('127.0.0.0/8', '::1/128')
#: Seconds for all requests of a test with a slow server.
DEADLINE = 1


class Documents:
    """Responses by path, of a server of :mod:`.servers`.

    :param found: bytes that are sent, a value that is sent as JSON, or a
        function that sends the response, by path.
    """

    def __init__(self, **found):
        self.found = found

    def __call__(self, server, connection):
        path = server.requests[-1].split(' ')[1]
        content = self.found.get(path)
        if callable(content):
            content(server, connection)
            return
        status = b'404 Not Found' if content is None else b'200 OK'
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        connection.sendall(
            b'HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b'
            % (status, len(content), content)
        )


class KeySetsTestCase(base.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = certificates.CertificateAuthority()

    def setUp(self):
        super().setUp()
        self.documents = Documents()
        self.server = self.useFixture(
            servers.Server(self.authority, self.documents)
        )
        self.url = self.server.url.removesuffix('/path')

    def issuer(self, **given):
        """Return an issuer whose server is the one of this test."""
        return trusted_issuer.TrustedIssuer(
            **{
                'id': 'test',
                'issuer': self.url,
                'ca_certificates': self.authority.pem,
                'allowed_networks': LOOPBACK,
                **given,
            }
        )

    def with_url(self, url=None, **given):
        """Return an issuer with the URL of its keys."""
        return self.issuer(
            key_source=trusted_issuer.JWKS_URI,
            jwks_uri=url or f'{self.url}/keys',
            **given,
        )

    def publish(self, **members):
        """Publish a discovery document, and keys."""
        self.documents.found |= {
            DISCOVERY: {
                'issuer': self.url,
                'jwks_uri': f'{self.url}/keys',
                **members,
            },
            '/keys': JWKS,
        }

    def paths(self):
        """Return the paths of the requests."""
        return [one.split(' ')[1] for one in self.server.requests]

    def fail(self, issuer):
        """Assert that there are no keys, and return the sentence."""
        error = self.assert_raises(fetching.FetchError, key_sets.fetch, issuer)
        self.assertRegex(str(error), r'^[A-Zh].*[^.]\.$')
        return str(error)


class SourceTest(KeySetsTestCase):
    def test_discovery(self):
        self.publish()
        self.assertEqual(JWKS, key_sets.fetch(self.issuer()))
        self.assertEqual([DISCOVERY, '/keys'], self.paths())

    def test_request(self):
        """Nothing else is sent."""
        self.publish()
        key_sets.fetch(self.issuer())
        for request, path in zip(
            self.server.requests, (DISCOVERY, '/keys'), strict=True
        ):
            line, *fields = request.strip().split('\r\n')
            self.assertEqual(f'GET {path} HTTP/1.1', line)
            self.assertEqual(
                {
                    f'Host: 127.0.0.1:{self.server.port}',
                    'Accept-Encoding: identity',
                    'User-Agent: keystone-oauth2',
                },
                set(fields),
            )

    def test_issuer_with_a_path(self):
        """Discovery 4.1: below its path, and a final slash is removed."""
        for path, location in (
            ('/', DISCOVERY),
            ('/id/1', f'/id/1{DISCOVERY}'),
            ('/id/2/', f'/id/2{DISCOVERY}'),
        ):
            with self.variant(path):
                issuer = f'{self.url}{path}'
                self.publish(issuer=issuer)
                self.documents.found[location] = self.documents.found[
                    DISCOVERY
                ]
                found = key_sets.fetch(self.issuer(issuer=issuer))
                self.assertEqual(JWKS, found)
                self.assertEqual(location, self.paths()[-2])

    def test_url_of_the_keys(self):
        """There is no request for anything else."""
        self.documents.found['/keys?a=b'] = JWKS
        issuer = self.with_url(f'{self.url}/keys?a=b')
        self.assertEqual(JWKS, key_sets.fetch(issuer))
        self.assertEqual(['/keys?a=b'], self.paths())

    def test_bundle(self):
        self.documents.found['/bundle'] = JWKS
        issuer = self.issuer(
            issuer='spiffe://example.org',
            kind=trusted_issuer.SPIFFE,
            key_source=trusted_issuer.BUNDLE,
            jwks_uri=f'{self.url}/bundle',
        )
        self.assertEqual(JWKS, key_sets.fetch(issuer))

    def test_keys_from_a_file(self):
        self.fail(self.issuer(key_source=trusted_issuer.JWKS))
        self.assertEqual(0, self.server.connections)


class DiscoveryDocumentTest(KeySetsTestCase):
    def assert_refused(self, reason, **members):
        """Assert that nothing else is requested after the document."""
        self.publish(**members)
        self.assertIn(reason, self.fail(self.issuer()))
        self.assertEqual({DISCOVERY}, set(self.paths()))

    def test_another_issuer(self):
        """It is compared exactly; the operator sees both."""
        for other in (
            'https://other.example',
            f'{self.url}/',
            self.url.upper(),
            self.url.replace('https', 'HTTPS'),
        ):
            with self.variant(other):
                self.assert_refused('another issuer', issuer=other)
        self.assert_refused(
            f'another issuer than {self.url}, {self.url}/.',
            issuer=f'{self.url}/',
        )

    def test_malformed_issuer(self):
        """It is not shown."""
        for other in (None, 1, [self.url], {}, '', 'x\ny', 300 * 'x'):
            with self.variant(other):
                self.assert_refused(
                    f'another issuer than {self.url}.', issuer=other
                )

    def test_no_https_url_of_the_keys(self):
        for url in (
            None,
            '',
            1,
            [],
            '/keys',
            f'{self.url}/keys'.replace('https', 'http'),
            f'{self.url}/keys#x',
            f'{self.url}/ke ys',
            f'{self.url}/keys\r\nX: y',
            'https:///keys',
            'https://user@localhost/keys',
            'file:///etc/passwd',
            'data:,{}',
        ):
            with self.variant(url):
                self.assert_refused('not an https URL', jwks_uri=url)

    def test_keys_at_an_address_that_is_not_allowed(self):
        """Though that of the document is."""
        for host in ('127.0.0.2', '169.254.169.254', '10.0.0.1', '[::1]'):
            with self.variant(host):
                url = f'https://{host}:{self.server.port}/keys'
                self.publish(jwks_uri=url)
                issuer = self.issuer(allowed_networks=('127.0.0.1/32',))
                self.assertEqual(
                    f'{url} cannot be fetched: its address '
                    f'{host.strip("[]")} is not allowed.',
                    self.fail(issuer),
                )
        self.assertEqual({DISCOVERY}, set(self.paths()))


class AddressTest(KeySetsTestCase):
    def test_no_allowed_network(self):
        """Not even the discovery document is requested."""
        self.publish()
        for host in ('127.0.0.1', 'localhost', '2130706433'):
            url = self.url.replace('127.0.0.1', host)
            for issuer in (
                self.issuer(issuer=url, allowed_networks=()),
                self.issuer(issuer=url, allowed_networks=('10.0.0.0/8',)),
                self.with_url(url, allowed_networks=()),
            ):
                with self.variant(issuer):
                    reason = self.fail(issuer)
                    self.assertIn(f'{url}', reason)
                    self.assertIn('127.0.0.1', reason)
                    self.assertIn('is not allowed', reason)
        self.assertEqual(0, self.server.connections)

    def test_name_in_an_allowed_network(self):
        self.documents.found['/keys'] = JWKS
        url = self.url.replace('127.0.0.1', 'localhost')
        self.assertEqual(JWKS, key_sets.fetch(self.with_url(f'{url}/keys')))

    def test_unreadable_registration(self):
        for given in (
            {'ca_certificates': 'x'},
            {'ca_certificates': ''},
            {'allowed_networks': ('x',)},
        ):
            with self.variant(given):
                self.assertIn(
                    'cannot be read', self.fail(self.issuer(**given))
                )


class AuthorityTest(KeySetsTestCase):
    def test_other_authorities(self):
        """Those of the system are the default."""
        stranger = certificates.CertificateAuthority('Stranger')
        for pem in (None, stranger.pem):
            with self.variant(pem):
                for issuer in (
                    self.issuer(ca_certificates=pem),
                    self.with_url(ca_certificates=pem),
                ):
                    self.assertIn('CERTIFICATE_VERIFY', self.fail(issuer))
        self.assertEqual([], self.server.requests)

    def test_keys_at_a_server_of_another_authority(self):
        other = self.useFixture(
            servers.Server(
                certificates.CertificateAuthority('Stranger'),
                Documents(**{'/path': JWKS}),
            )
        )
        self.publish(jwks_uri=other.url)
        self.assertIn('CERTIFICATE_VERIFY', self.fail(self.issuer()))
        self.assertEqual([], other.requests)


class ResponseTest(KeySetsTestCase):
    """Each is refused as a discovery document, and as a key set."""

    def assert_refused(self, reason, content):
        """Assert that a response is none, and that the reason is shown."""
        for path, issuer in (
            ('/keys', self.issuer()),
            ('/keys', self.with_url()),
            (DISCOVERY, self.issuer()),
        ):
            self.publish()
            self.documents.found[path] = content
            self.assertEqual(
                f'{self.url}{path} cannot be fetched: {reason}.',
                self.fail(issuer),
            )

    def test_status(self):
        for status in (201, 204, 400, 401, 403, 404, 429, 500, 503):
            with self.variant(status):
                self.assert_refused(
                    f'status {status}', servers.sends(answer(status))
                )

    def test_redirect(self):
        target = self.useFixture(
            servers.Server(self.authority, Documents(**{'/path': JWKS}))
        )
        for status in (301, 302, 303, 307, 308):
            with self.variant(status):
                self.assert_refused(
                    f'status {status}, and redirects are not followed',
                    servers.sends(answer(status, f'Location: {target.url}')),
                )
        self.assertEqual(0, target.connections)

    def test_no_json_object(self):
        for content in (
            b'',
            b'{',
            b'[]',
            b'null',
            b'"x"',
            b'{} {}',
            b'{"a": NaN}',
            b'{"a": 1, "a": 2}',
            b'{"a": "\xff"}',
            b'\xef\xbb\xbf{}',
            '{}'.encode('utf-16'),
            b'{"a": ' + 5000 * b'9' + b'}',
            b'{"a": ' + 100_000 * b'[' + 100_000 * b']' + b'}',
        ):
            with self.variant(content[:20]):
                self.assert_refused(
                    'the response is not a JSON object', content
                )

    def test_large_body(self):
        space = b' ' * (key_sets.MAX_BYTES - 2)
        self.documents.found['/keys'] = space + b'{}'
        self.assertEqual({}, key_sets.fetch(self.with_url()))
        self.assert_refused(
            f'the response has more than {key_sets.MAX_BYTES} bytes',
            space + b' {}',
        )

    def test_http_server(self):
        server = self.useFixture(servers.Server(None, servers.sends(b'x')))
        self.fail(self.with_url(server.url))


class DeadlineTest(KeySetsTestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(
                'keystone_oauth2.outbound.key_sets.DEADLINE', DEADLINE
            )
        )

    def assert_late(self, issuer):
        started = time.monotonic()
        self.fail(issuer)
        self.assertLess(time.monotonic() - started, 1.5 * DEADLINE)

    def test_slow_drip(self):
        drip = servers.repeats(
            b'HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n', b' ', 0.1
        )
        for path in (DISCOVERY, '/keys'):
            with self.variant(path):
                self.publish()
                self.documents.found[path] = drip
                self.assert_late(self.issuer())

    def test_deadline_is_one_of_both_requests(self):
        """Neither of them would take too long by itself."""
        self.publish()
        for path, content in tuple(self.documents.found.items()):
            self.documents.found[path] = late(content, 0.7 * DEADLINE)
        self.assert_late(self.issuer())
        self.assertEqual([DISCOVERY, '/keys'], self.paths())


def answer(status, *fields):
    """Return an empty response."""
    lines = [f'HTTP/1.1 {status} x', *fields, 'Content-Length: 0', '', '']
    return '\r\n'.join(lines).encode()


def late(content, seconds):
    """Return a function that sends JSON after a while."""

    def respond(server, connection):
        server.over.wait(seconds)
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
        connection.sendall(json.dumps(content).encode())

    return respond
