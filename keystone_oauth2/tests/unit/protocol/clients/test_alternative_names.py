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

"""Alternative names as expected subjects (RFC 8705, 2.1.2)."""

import ipaddress

from cryptography import x509

from keystone_oauth2.protocol.clients import subject
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import raw_certificates
from keystone_oauth2.tests.unit.protocol.clients import subjects

AUTHORITY = subjects.AUTHORITY
_, DNS, URI, IP, EMAIL = subject.NAMES
SUBJECT = [('CN', 'client')]
matches = subjects.matches


class AlternativeNameTest(base.TestCase):
    """Subject alternative names (RFC 5280, 4.2.1.6)."""

    FOUND = subjects.FOUND
    VALUES = subjects.VALUES

    def assert_name(self, name, found, same=(), different=()):
        der = AUTHORITY.client(SUBJECT, names=found).der
        for values, expected in ((same, True), (different, False)):
            for value in values:
                with self.variant(value):
                    self.assertIs(expected, matches(name, value, der))

    def assert_malformed(self, name, *values):
        for value in values:
            with self.variant(value):
                error = self.assert_raises(
                    ValueError, subject.read, name, value
                )
                self.assertTrue(str(error).startswith('is not a'))

    def test_one_of_the_names_must_match(self):
        """D02: only names of the expected type count."""
        der = AUTHORITY.client(SUBJECT, names=[*self.FOUND.values()]).der
        for name, value in self.VALUES.items():
            with self.variant(name):
                self.assertTrue(matches(name, value, der))
                other = [
                    found for kind, found in self.FOUND.items() if kind != name
                ]
                without = AUTHORITY.client(SUBJECT, names=other).der
                self.assertFalse(matches(name, value, without))

    def test_certificate_without_alternative_names_matches_nothing(self):
        """D02: the common name is not used instead."""
        for name, value in self.VALUES.items():
            with self.variant(name):
                der = AUTHORITY.client([('CN', value)]).der
                self.assertFalse(matches(name, value, der))

    def test_names_of_different_types_do_not_match(self):
        """D02: even if their spelling is the same."""
        for name, value, found in (
            (IP, '192.0.2.1', x509.DNSName('192.0.2.1')),
            (URI, 'dns:client', x509.DNSName('dns:client')),
            (
                EMAIL,
                'a@example.com',
                x509.UniformResourceIdentifier('a@example.com'),
            ),
        ):
            with self.variant((name, value)):
                self.assert_name(name, [found], different=[value])

    def test_address_is_refused_as_a_host(self):
        """D02: it must be registered as an address."""
        for value in ('192.0.2.1', '2001:db8::1'):
            with self.variant(value):
                error = self.assert_raises(
                    ValueError, subject.read, DNS, value
                )
                self.assertEqual(
                    'is not a DNS name but an IP address: use '
                    'tls_client_auth_san_ip',
                    str(error),
                )

    def test_address_registered_as_a_host_is_compared_as_a_host(self):
        """D02: older releases accepted it."""
        value = '192.0.2.1'
        for found, expected in (
            (x509.DNSName(value), True),
            (self.FOUND[IP], False),
        ):
            with self.variant(found):
                der = AUTHORITY.client(SUBJECT, names=[found]).der
                self.assertIs(expected, subject.matches(DNS, value, der))

    def test_host_is_case_insensitive(self):
        """D02: RFC 4343."""
        self.assert_name(
            DNS,
            [x509.DNSName('Client.example.COM')],
            same=['client.example.com', 'CLIENT.EXAMPLE.COM'],
            different=[
                'example.com',
                'a.client.example.com',
                'client.example.org',
                'client',
                'client-example-com',
            ],
        )
        self.assert_malformed(
            DNS,
            '*',
            '*.',
            '*.*.example.com',
            'a.*.example.com',
            'a*.example.com',
            'client.example.com.',
            '.example.com',
            'a..b',
            ' client',
            'client\n',
            'a b',
            'cl\xefent.example.com',
            'a,b',
            'a/b',
            '\ud800',
        )

    def test_wildcard_in_a_certificate_is_not_expanded(self):
        """D02: it matches only the same wildcard."""
        self.assert_name(
            DNS,
            [x509.DNSName('*.Example.com')],
            same=['*.example.com', '*.EXAMPLE.com'],
            different=['client.example.com', 'example.com', '*.a.example.com'],
        )
        self.assert_name(
            DNS,
            [x509.DNSName('client.example.com')],
            different=['*.example.com'],
        )

    def test_uri_is_compared_character_for_character(self):
        """D02: as SPIFFE and RFC 5280 require."""
        self.assert_name(
            URI,
            [self.FOUND[URI]],
            same=['spiffe://example.com/client'],
            different=[
                'spiffe://example.com/client/',
                'spiffe://example.com/Client',
                'SPIFFE://example.com/client',
                'spiffe://example.com/clien%74',
                'spiffe://example.com',
            ],
        )
        self.assert_malformed(
            URI,
            'client',
            '//example.com/client',
            'spiffe:',
            ':x',
            '1a:x',
            'a:b c',
            'a:b\n',
            'a:\xe9',
            'a:\ud800',
        )

    def test_address_is_compared_as_a_number(self):
        """D02: however it is written."""
        address = ipaddress.ip_address('2001:db8::a')
        self.assert_name(
            IP,
            [x509.IPAddress(address)],
            same=['2001:db8::a', '2001:0DB8:0:0::A', address.exploded],
            different=['2001:db8::b', '::a', '192.0.2.1'],
        )
        self.assert_name(
            IP,
            [self.FOUND[IP]],
            same=['192.0.2.1'],
            different=['192.0.2.2', '::ffff:192.0.2.1', '192.0.2.10'],
        )
        self.assert_malformed(
            IP,
            '192.0.2',
            '192.0.2.256',
            '192.0.2.01',
            '192.0.2.0/24',
            '[::1]',
            'fe80::1%eth0',
            '3221225985',
            ' 192.0.2.1',
            '\u0661.0.0.1',
            'localhost',
        )

    def test_only_the_host_of_an_email_is_case_insensitive(self):
        """D02: RFC 5280, 7.5."""
        self.assert_name(
            EMAIL,
            [self.FOUND[EMAIL]],
            same=['Client@example.com', 'Client@EXAMPLE.com'],
            different=[
                'client@example.com',
                'Client@example.org',
                'Client@a.example.com',
                'x+Client@example.com',
            ],
        )
        self.assert_malformed(
            EMAIL,
            'client',
            '@example.com',
            'client@',
            'a@b@c',
            'a b@example.com',
            'a@exa mple.com',
            'a@b..c',
            'a@b\n',
            '\xe9@example.com',
            'a@\xe9.example',
            '\ud800@example.com',
        )

    def test_names_are_registered_in_one_spelling(self):
        """D02: what the owner sees is what is compared."""
        for name, value, expected in (
            (DNS, 'A.example.COM', 'a.example.com'),
            (URI, 'urn:x:Y', 'urn:x:Y'),
            (IP, '2001:DB8:0:0::1', '2001:db8::1'),
            (IP, '192.0.2.1', '192.0.2.1'),
            (EMAIL, 'A@B.Example', 'A@b.example'),
        ):
            with self.variant(value):
                self.assertEqual(expected, subject.read(name, value))

    def test_message_has_an_example(self):
        """D02: the owner sees it."""
        for name, value, sentence in (
            (
                DNS,
                'a b',
                'is not a DNS name, such as client.example.com or '
                '*.example.com: write a label with other letters than a to z '
                'as xn--...; a wildcard stands for the whole first label only',
            ),
            (
                URI,
                'client',
                'is not a URI, such as spiffe://example.com/client',
            ),
            (
                IP,
                '192.0.2.0/24',
                'is not an IP address, such as 192.0.2.1',
            ),
            (
                EMAIL,
                'client',
                'is not an email address, such as client@example.com',
            ),
        ):
            with self.variant(name):
                error = self.assert_raises(
                    ValueError, subject.read, name, value
                )
                self.assertEqual(sentence, str(error))

    def test_empty_expectation_is_refused(self):
        """D02: it could match no certificate, or any certificate."""
        for name in self.VALUES:
            self.assert_malformed(name, '', ' ', '\0')

    def test_unreadable_certificate_matches_nothing(self):
        """D02: it does not cause an internal error."""
        for der in (
            b'',
            b'x',
            # The library reads none of these names: an X.400 address, an EDI
            # party, an address of two bytes, a host that is not ASCII.
            raw_certificates.with_names(bytes.fromhex('3004a3023000')),
            raw_certificates.with_names(bytes.fromhex('3004a5023000')),
            raw_certificates.with_names(bytes.fromhex('300487020102')),
            raw_certificates.with_names(bytes.fromhex('30038201ff')),
            raw_certificates.with_names(bytes.fromhex('3000')),
            raw_certificates.with_names(b'nonsense'),
            raw_certificates.with_names_twice(),
            raw_certificates.of_version(4),
        ):
            for name, value in self.VALUES.items():
                with self.variant((der.hex(), name)):
                    self.assertFalse(matches(name, value, der))

    def test_name_before_an_unreadable_one_does_not_count(self):
        """D02: the whole extension is ignored."""
        host = bytes.fromhex('8201') + b'x'
        good = raw_certificates.with_names(b'0\3' + host)
        self.assertTrue(matches(DNS, 'x', good))
        address = bytes.fromhex('a3023000')
        bad = raw_certificates.with_names(b'0\7' + host + address)
        self.assertFalse(matches(DNS, 'x', bad))
