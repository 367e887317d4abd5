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

"""Expected subjects of certificates (RFC 8705, 2.1.2)."""

import ipaddress

from cryptography import x509
import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.fixture import certificates as made
from keystone_oauth2.protocol.clients import subject
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import raw_certificates
from keystone_oauth2.tests.unit.protocol import strategies

AUTHORITY = made.CertificateAuthority('CA')
DN, DNS, URI, IP, EMAIL = subject.NAMES
SUBJECT = [('CN', 'client')]


def matches(name, value, der):
    """Register an expected subject, and compare it with a certificate."""
    registered = subject.read(name, value)
    return subject.matches(name, registered, der)


class DistinguishedNameTest(base.TestCase):
    """The subject itself; its text is in reverse order (RFC 4514, 2.1)."""

    def assert_subject(self, names, same=(), different=()):
        der = AUTHORITY.client(names).der
        for texts, expected in ((same, True), (different, False)):
            for text in texts:
                with self.variant(text):
                    self.assertIs(expected, matches(DN, text, der))

    def test_whole_subject_must_match(self):
        """D02: no attribute may be added or missing."""
        self.assert_subject(
            [('O', 'Acme'), ('CN', 'client')],
            same=['CN=client,O=Acme'],
            different=[
                'CN=client',
                'O=Acme',
                'O=Acme,CN=client',
                'CN=client,O=Acme,C=DE',
                'CN=other,O=Acme',
                'CN=client,O=Other',
                'OU=client,O=Acme',
                'CN=Acme,O=client',
                'CN=client+O=Acme',
            ],
        )

    def test_empty_subject_matches_nothing(self):
        """D02: nor can an empty subject be expected."""
        self.assert_subject([], different=['CN=client', r'CN=\20'])
        for text in ('', ' ', ',', '+', '=', 'CN', 'CN=', 'CN=a,'):
            with self.variant(text):
                error = self.assert_raises(ValueError, subject.read, DN, text)
                self.assertTrue(str(error).startswith('is '))

    def test_escaped_characters_are_unescaped(self):
        """D03: RFC 4514, 2.4."""
        self.assert_subject(
            [('O', 'Acme, Inc.'), ('CN', 'a+b;c<d>e"f\\g')],
            same=[
                r'CN=a\+b\;c\<d\>e\"f\\g,O=Acme\, Inc.',
                r'CN=a\2bb\3Bc\3cd\3ee\22f\5cg,O=Acme\2C Inc.',
            ],
            different=[r'CN=a\+b\;c\<d\>e\"f\\g,O=Acme\\\, Inc.'],
        )
        self.assert_subject(
            [('CN', '#0401')],
            same=[r'CN=\#0401'],
            different=['CN=#040130', 'CN=0401'],
        )
        self.assert_subject(
            [('CN', 'J\xfcrgen \u4e16\u754c \U0001f600')],
            same=[
                'CN=J\xfcrgen \u4e16\u754c \U0001f600',
                r'CN=J\C3\BCrgen \e4\b8\96\e7\95\8c \f0\9f\98\80',
            ],
            different=['CN=Jurgen \u4e16\u754c \U0001f600'],
        )

    def test_attribute_within_a_value_is_not_an_attribute(self):
        """D03: even if it follows a separator."""
        self.assert_subject(
            [('CN', 'a, b = c')],
            same=[r'CN=a\, b = c', r'CN=a\2C b \3D c'],
            different=[r'CN=a\,b= c', r'CN=a\,b=c'],
        )
        self.assert_subject(
            [('OU', 'b'), ('CN', 'a\\')],
            same=[r'CN=a\\,OU=b', r'cn=a\\,ou=b'],
            different=[r'CN=a\\\,OU=b'],
        )
        self.assert_subject(
            [('CN', 'a+ou=b')],
            same=[r'CN=a\+ou=b', r'CN=a\+OU=b'],
            different=['CN=a+OU=b'],
        )

    def test_equal_sign_in_a_value_is_part_of_it(self):
        """D03: the in-tree API cannot read such a certificate."""
        self.assert_subject(
            [('O', '='), ('CN', 'a=b=')],
            same=['CN=a=b=,O==', r'CN=a\=b\=,O=\3D'],
            different=['CN=a=b,O==', 'CN=a,O=='],
        )

    def test_case_and_number_of_blanks_are_ignored(self):
        """D03: RFC 4518, 2.2 and 2.6.1."""
        self.assert_subject(
            [('O', 'Acme  Inc'), ('CN', ' J\xfcrgen Stra\xdfe ')],
            same=[
                'CN=J\xfcrgen Stra\xdfe,O=Acme Inc',
                'CN=J\xdcRGEN STRASSE,O=ACME INC',
                r'CN=\ \ j\C3\BCrgen   stra\c3\9fe\ ,O=acme   inc',
                'CN=Ju\u0308rgen Stra\xdfe,O=Acme Inc',
            ],
            different=[
                'CN=J\xfcrgenStra\xdfe,O=Acme Inc',
                'CN=J\xfcrgen Stra\xdfe,O=AcmeInc',
                'CN=Jurgen Stra\xdfe,O=Acme Inc',
            ],
        )

    def test_similar_looking_letters_differ(self):
        """D03: a Cyrillic letter differs from its Latin lookalike."""
        self.assert_subject(
            [('CN', 'alice')],
            different=[
                'CN=alic\u0435',
                'CN=al\u200bice',
                r'CN=alice\00',
                'CN=alice.',
            ],
        )

    def test_names_of_attributes_are_case_insensitive(self):
        """D03: synonyms are also equal (RFC 4512, 1.4)."""
        self.assert_subject(
            [
                ('DC', 'org'),
                ('C', 'DE'),
                ('street', 'x'),
                ('serialNumber', '1'),
                ('emailAddress', 'a@b'),
                ('UID', 'u'),
                ('CN', 'client'),
            ],
            same=[
                'CN=client,UID=u,emailAddress=a@b,serialNumber=1,street=x,'
                'C=DE,DC=org',
                'cn=client,uid=u,E=a@b,SERIALNUMBER=1,STREET=x,c=de,dc=ORG',
                '2.5.4.3=client,0.9.2342.19200300.100.1.1=u,'
                '1.2.840.113549.1.9.1=a@b,2.5.4.5=1,2.5.4.9=x,2.5.4.6=DE,'
                '0.9.2342.19200300.100.1.25=org',
            ],
        )

    def test_attribute_without_a_name_is_identified_by_its_oid(self):
        """D03: RFC 4514, 2.3."""
        self.assert_subject(
            [('1.2.3.4', 'x')],
            same=['1.2.3.4=x'],
            different=['1.2.3.5=x', '1.2.3.4=y'],
        )

    def test_repeated_attributes_all_count_in_order(self):
        """D03: two OU attributes are both compared."""
        self.assert_subject(
            [('OU', 'a'), ('OU', 'b'), ('CN', 'x')],
            same=['CN=x,OU=b,OU=a'],
            different=[
                'CN=x,OU=a,OU=b',
                'CN=x,OU=a',
                'CN=x,OU=b',
                'CN=x,OU=b,OU=b',
                'CN=x,OU=b,OU=a,OU=a',
                'CN=x,OU=b+OU=a',
            ],
        )

    def test_order_within_a_multi_valued_part_is_ignored(self):
        """D03: it is a set (RFC 5280, 4.1.2.4)."""
        self.assert_subject(
            [('O', 'Acme'), [('CN', 'a'), ('UID', 'b')]],
            same=['CN=a+UID=b,O=Acme', 'UID=b+CN=a,O=Acme'],
            different=[
                'CN=a,UID=b,O=Acme',
                'CN=a,O=Acme',
                'CN=b+UID=a,O=Acme',
                'CN=a+UID=b+OU=c,O=Acme',
            ],
        )

    def test_number_of_values_within_a_part_matters(self):
        """D03: equal values are still counted separately."""
        self.assert_subject(
            [[('CN', 'a'), ('CN', 'A')]],
            same=['CN=a+CN=A', r'CN=A+CN=a\ '],
            different=['CN=a', 'CN=a+CN=b'],
        )

    def test_invalid_distinguished_name_is_refused(self):
        """D02: otherwise it would match nothing, for no apparent reason."""
        for text in (
            'client',
            '=client',
            'CN=client,',
            ',CN=client',
            'CN=client,,O=Acme',
            'CN=client;O=Acme',
            '/O=Acme/CN=client',
            'CN = client',
            'CN="client"',
            'CN=a"b',
            'CN=a\\',
            r'CN=\zz',
            r'CN=\ff',
            'CN=#',
            'CN=#0',
            'CN=#ff',
            'NOBODY=client',
            '9.9.9=client',
            '1.40=client',
            '2.05=client',
            '1=client',
            'CN=\0',
            'CN=\ud800',
        ):
            with self.variant(text):
                error = self.assert_raises(ValueError, subject.read, DN, text)
                self.assertTrue(
                    str(error).startswith(
                        'is not a distinguished name (RFC 4514): '
                    )
                )

    def test_issuer_is_refused(self):
        """D02: OpenSSL prints both."""
        for text in (
            'issuer=CN=CA',
            ' issuer= /C=DE/CN=CA',
            'subject=issuer=CN=CA',
            'Issuer = CN=CA',
        ):
            with self.variant(text):
                error = self.assert_raises(ValueError, subject.read, DN, text)
                self.assertEqual(
                    'is the issuer of a certificate: write the subject, as '
                    '"openssl x509 -subject -nameopt RFC2253" prints it',
                    str(error),
                )

    def test_text_is_registered_unchanged(self):
        for text in ('cn=Client, o=ACME', r'CN=a\2Cb'):
            with self.variant(text):
                self.assertEqual(text, subject.read(DN, text))

    def test_certificate_without_readable_alternative_names_matches(self):
        """D02: only the subject is compared."""
        der = raw_certificates.with_names(bytes.fromhex('3004a3023000'))
        self.assertTrue(matches(DN, 'CN=client', der))


class AlternativeNameTest(base.TestCase):
    """Subject alternative names (RFC 5280, 4.2.1.6)."""

    #: Names of the certificate, by the property that expects them.
    FOUND = {
        DNS: x509.DNSName('client.example.com'),
        URI: x509.UniformResourceIdentifier('spiffe://example.com/client'),
        IP: x509.IPAddress(ipaddress.ip_address('192.0.2.1')),
        EMAIL: x509.RFC822Name('Client@example.com'),
    }
    VALUES = {name: str(found.value) for name, found in FOUND.items()}

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


class NothingElseTest(base.TestCase):
    """D02: any registered text is a valid name or a ValueError."""

    CERTIFICATE = AUTHORITY.client(
        SUBJECT, names=[*AlternativeNameTest.FOUND.values()]
    ).der

    def try_out(self, name, value):
        try:
            registered = subject.read(name, value)
        except ValueError as error:
            self.assertNotIsInstance(error, UnicodeError)
            return
        self.assertEqual(registered, subject.read(name, registered))
        subject.matches(name, registered, self.CERTIFICATE)

    @hypothesis.given(st.sampled_from(subject.NAMES), st.text(st.characters()))
    def test_any_text_is_read_or_refused(self, name, value):
        self.try_out(name, value)

    @hypothesis.given(
        st.lists(
            st.sampled_from(['CN', 'ou', 'C', '2.5.4.45', '1.2.3.4', 'E'])
            | st.sampled_from(['=', ',', '+', '\\', '#', '#0a', ' ', '\\2C'])
            | st.text(st.characters(), max_size=3),
            max_size=12,
        )
    )
    def test_text_like_a_distinguished_name_is_read_or_refused(self, parts):
        self.try_out(DN, ''.join(parts))

    @hypothesis.given(strategies.subjects(min_size=1))
    def test_subject_of_a_certificate_matches_that_certificate(self, names):
        """D03: as the library formats it."""
        certificate = AUTHORITY.client(names)
        text = certificate.certificate.subject.rfc4514_string()
        self.assertTrue(matches(DN, text, certificate.der))
        self.assertFalse(matches(DN, text, self.CERTIFICATE))

    @hypothesis.given(st.sampled_from(subject.NAMES), st.binary(max_size=200))
    def test_any_bytes_match_nothing(self, name, der):
        value = {DN: 'CN=client', **AlternativeNameTest.VALUES}[name]
        self.assertFalse(matches(name, value, der))
