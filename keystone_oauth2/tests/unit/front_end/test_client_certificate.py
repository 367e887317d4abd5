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

"""Where a client certificate is read from, and whether it is trusted."""

import base64
import ipaddress
import urllib.parse

from keystone_oauth2 import fixture
from keystone_oauth2.front_end import client_certificate
from keystone_oauth2.front_end import proxies
from keystone_oauth2.protocol import messages
from keystone_oauth2.tests import base

ONE = fixture.self_signed([('CN', 'one')])
TWO = fixture.self_signed([('CN', 'two')])
SOURCES = ('environ', 'escaped_pem', 'rfc9440')
PROXY = '192.0.2.7'
VERIFIED = messages.ClientCertificate(ONE.der, has_verdict=True)


def escaped(credential):
    """Return nginx's $ssl_client_escaped_cert."""
    return urllib.parse.quote(credential.pem, safe='+/=')


def field(credential):
    """Return the header field of RFC 9440."""
    return f':{base64.b64encode(credential.der).decode()}:'


def read(environ, *sources, trusted=(PROXY,), **attributes):
    reader = client_certificate.Reader(
        sources=sources or SOURCES,
        header='X-SSL-Client-Cert',
        verify_header='X-SSL-Client-Verify',
        proxies=proxies.Proxies(tuple(map(ipaddress.ip_network, trusted))),
        **{'accept_self_signed': True, **attributes},
    )
    return reader.read({'REMOTE_ADDR': PROXY, **environ})


class SourcesTest(base.TestCase):
    environ = {'SSL_CLIENT_CERT': ONE.pem, 'SSL_CLIENT_VERIFY': 'SUCCESS'}
    escaped_pem = {
        'HTTP_X_SSL_CLIENT_CERT': escaped(ONE),
        'HTTP_X_SSL_CLIENT_VERIFY': 'SUCCESS',
    }
    rfc9440 = {
        'HTTP_CLIENT_CERT': field(ONE),
        'HTTP_X_SSL_CLIENT_VERIFY': 'SUCCESS',
    }

    def test_each_source_is_read_from_its_own_variables(self):
        for source in SOURCES:
            with self.variant(source):
                self.assertEqual(VERIFIED, read(getattr(self, source), source))

    def test_source_that_is_not_configured_is_ignored(self):
        """E02: the front end removes only the fields that it sets."""
        for source in SOURCES:
            others = [other for other in SOURCES if other != source]
            with self.variant(source):
                self.assertIsNone(read(getattr(self, source), *others))

    def test_first_source_with_a_certificate_counts(self):
        both = {**self.environ, 'HTTP_CLIENT_CERT': field(TWO)}
        for sources, der in (
            (('environ', 'rfc9440'), ONE.der),
            (('rfc9440', 'environ'), TWO.der),
        ):
            with self.variant(sources):
                self.assertEqual(der, read(both, *sources).der)

    def test_empty_value_is_no_certificate(self):
        """nginx sends an empty field if the client has no certificate."""
        for environ in (
            {},
            {'SSL_CLIENT_CERT': ''},
            {'HTTP_X_SSL_CLIENT_CERT': '', 'HTTP_CLIENT_CERT': ''},
        ):
            with self.variant(environ):
                self.assertIsNone(read(environ))

    def test_client_header_is_not_read_as_an_environment_variable(self):
        """E02: variables of request headers start with HTTP_."""
        self.assertIsNone(
            read(
                {
                    'HTTP_SSL_CLIENT_CERT': escaped(ONE),
                    'HTTP_SSL_CLIENT_VERIFY': 'SUCCESS',
                }
            )
        )


class TrustedProxiesTest(base.TestCase):
    environ = SourcesTest.rfc9440

    def read(self, *trusted, **environ):
        return read({**self.environ, **environ}, trusted=trusted)

    def test_header_counts_only_from_a_trusted_proxy(self):
        """E02: any client can send the field."""
        for address, trusted, is_believed in (
            ('192.0.2.7', ['192.0.2.7'], True),
            ('192.0.2.7', ['192.0.2.0/24'], True),
            ('192.0.2.7', ['198.51.100.1', '192.0.2.7'], True),
            ('2001:db8::7', ['2001:db8::/64'], True),
            ('192.0.2.8', ['192.0.2.7'], False),
            ('192.0.3.7', ['192.0.2.0/24'], False),
            ('2001:db9::7', ['2001:db8::/64'], False),
            ('192.0.2.7', ['2001:db8::/64'], False),
            ('192.0.2.7', [], False),
            ('', ['0.0.0.0/0', '::/0'], False),
            ('unix:', ['0.0.0.0/0', '::/0'], False),
        ):
            with self.variant((address, trusted)):
                found = self.read(*trusted, REMOTE_ADDR=address)
                self.assertEqual(VERIFIED if is_believed else None, found)

    def test_mapped_address_equals_its_ipv4_address(self):
        """E02: a dual-stack socket reports a proxy's address in this form."""
        for address, found in (
            ('::ffff:192.0.2.7', VERIFIED),
            ('::ffff:192.0.3.7', None),
        ):
            with self.variant(address):
                self.assertEqual(
                    found, self.read('192.0.2.0/24', REMOTE_ADDR=address)
                )

    def test_forwarded_address_is_ignored(self):
        """E05: Keystone trusts any X-Forwarded-For; it is not used here."""
        for original, found in (
            ({'REMOTE_ADDR': '192.0.2.7'}, VERIFIED),
            ({'REMOTE_ADDR': '203.0.113.9'}, None),
            ({'REMOTE_ADDR': None}, None),
            ({}, None),
        ):
            with self.variant(original):
                forwarded = {
                    'REMOTE_ADDR': '203.0.113.9' if found else '192.0.2.7',
                    'HTTP_X_FORWARDED_FOR': '192.0.2.7',
                    'werkzeug.proxy_fix.orig': original,
                }
                self.assertEqual(found, self.read('192.0.2.7', **forwarded))

    def test_environment_counts_from_any_address(self):
        """The server that runs Keystone sets it."""
        environ = {**SourcesTest.environ, 'REMOTE_ADDR': '203.0.113.9'}
        self.assertEqual(VERIFIED, read(environ, trusted=()))


class VerdictTest(base.TestCase):
    def read(self, verdict, verify=None):
        environ = {'SSL_CLIENT_CERT': ONE.pem}
        if verdict is not None:
            environ['SSL_CLIENT_VERIFY'] = verdict
        return read(environ, verify=verify)

    def test_only_success_is_accepted(self):
        """E04: K06, an unknown text is not even a verdict."""
        self.assertEqual(VERIFIED, self.read('SUCCESS'))
        for verdict, has_verdict in (
            ('FAILED', True),
            ('FAILED:x', True),
            ('GENEROUS', True),
            ('success', False),
            ('failed', False),
            ('FAILURE', False),
            ('SUCCESS,x', False),
            *((text, False) for text in ('-', '0', '1', 'unknown', 'null')),
        ):
            with self.variant(verdict):
                self.assertEqual(
                    messages.ClientCertificate(
                        ONE.der,
                        'the front end could not verify it',
                        has_verdict,
                    ),
                    self.read(verdict),
                )

    def test_verdict_matters_only_if_self_signed_certificates_do(self):
        """E04: otherwise only a certificate that was verified counts."""
        for verdict in ('SUCCESS', 'FAILED', 'GENEROUS'):
            with self.variant(verdict):
                found = read(
                    {
                        'SSL_CLIENT_CERT': ONE.pem,
                        'SSL_CLIENT_VERIFY': verdict,
                    },
                    accept_self_signed=False,
                )
                self.assertIs(verdict == 'SUCCESS', found.problem is None)
                self.assertIs(False, found.has_verdict)

    def test_certificate_that_the_connection_did_not_present_is_refused(self):
        """E04: it is discarded, whatever else a client adds to the field."""
        for verdict in (
            'NONE',
            'NONE ',
            'none',
            'SUCCESS,NONE',
            'x, None',
            'NONE,x',
        ):
            with self.variant(verdict):
                found = self.read(verdict, verify=lambda der: None)
                self.assertEqual(b'', found.der)
                self.assertIsNotNone(found.problem)
                self.assertIs(False, found.has_verdict)

    def test_certificate_refused_by_the_front_end_is_not_verified_again(self):
        """E04: even if the configured CAs would accept it."""
        found = self.read('FAILED', verify=lambda der: None)
        self.assertEqual('the front end could not verify it', found.problem)

    def test_certificate_without_a_verdict_must_be_verified_here(self):
        """E04, K06: either the verdict or the chain is required."""
        for verdict in (None, '', ' ', '(null)'):
            with self.variant(verdict):
                found = self.read(verdict)
                self.assertIn('no file of CAs', found.problem)
                self.assertIs(False, found.has_verdict)
                self.assertEqual(
                    messages.ClientCertificate(ONE.der),
                    self.read(verdict, verify=lambda der: None),
                )
                self.assertEqual(
                    messages.ClientCertificate(ONE.der, 'why not'),
                    self.read(verdict, verify=lambda der: 'why not'),
                )

    def test_verdict_and_certificate_must_have_the_same_source(self):
        """E04: a header's verdict does not apply to the environment."""
        for environ in (
            {
                'SSL_CLIENT_CERT': ONE.pem,
                'HTTP_X_SSL_CLIENT_VERIFY': 'SUCCESS',
            },
            {
                'HTTP_CLIENT_CERT': field(ONE),
                'SSL_CLIENT_VERIFY': 'SUCCESS',
            },
        ):
            with self.variant(environ):
                self.assertIsNotNone(read(environ).problem)
