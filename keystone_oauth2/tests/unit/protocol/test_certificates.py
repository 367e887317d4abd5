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

"""Parsing of client certificates."""

import base64
import urllib.parse

from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st
from keystonemiddleware import oauth2_mtls_token

from keystone_oauth2.fixture import certificates as made
from keystone_oauth2.protocol import certificates
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import raw_certificates
from keystone_oauth2.tests.unit.protocol import strategies

AUTHORITY = made.CertificateAuthority(subject=[('O', 'Acme'), ('CN', 'CA')])
ISSUER = (('O', 'Acme'), ('CN', 'CA'))
CERTIFICATE = AUTHORITY.client([('CN', 'client')])
OTHER = AUTHORITY.client([('CN', 'client')])


class DerFromPemTest(base.TestCase):
    def test_line_ends_and_escapes_are_ignored(self):
        """D05: the DER is the same, however the web server formats it."""
        pem = CERTIFICATE.pem
        for text in (
            pem,
            pem.strip(),
            pem + '\n\n',
            pem.replace('\n', '\r\n'),
            pem.replace('\n', '\n\t'),
            pem.replace('\n', ' '),
            pem.replace('\n', '\n '),
            urllib.parse.quote(pem),
            urllib.parse.quote(pem, safe='/+='),
            urllib.parse.quote(pem.replace('\n', '\r\n')),
        ):
            with self.variant(text):
                self.assertEqual(
                    CERTIFICATE.der, certificates.der_from_pem(text)
                )

    def test_plus_in_escaped_pem_is_not_a_blank(self):
        """nginx does not escape the plus sign, which Base64 uses."""
        found = next(
            certificate
            for certificate in iter(
                lambda: AUTHORITY.client([('CN', 'x')]), None
            )
            if '+' in certificate.pem
        )
        escaped = urllib.parse.quote(found.pem, safe='+')
        self.assertIn('+', escaped)
        self.assertEqual(found.der, certificates.der_from_pem(escaped))

    def test_anything_but_one_certificate_is_refused(self):
        """E01: refused, not guessed."""
        pem = CERTIFICATE.pem
        first_line, rest = pem.split('\n', 1)
        for text in (
            '',
            'nonsense',
            pem + pem,
            pem + ',' + pem,
            'x' + pem,
            pem + 'x',
            rest,
            pem.replace('CERTIFICATE', 'X509 CRL'),
            first_line + '\n-----END CERTIFICATE-----',
            first_line + '\nA\n-----END CERTIFICATE-----',
            pem.replace('\n', '-', 2),
            pem.replace('M', '\xe9', 1),
            CERTIFICATE.key_pem,
            '%2D%2D%2D',
            base64.b64encode(CERTIFICATE.der).decode(),
        ):
            with self.variant(text):
                self.assert_raises(ValueError, certificates.der_from_pem, text)

    @given(st.text(max_size=40))
    def test_only_value_errors_are_raised(self, text):
        framed = f'-----BEGIN CERTIFICATE-----{text}-----END CERTIFICATE-----'
        for pem in (text, framed, urllib.parse.quote(framed)):
            try:
                certificates.der_from_pem(pem)
            except ValueError as error:
                self.assertNotIsInstance(error, UnicodeError)


# Hypothesis also tries the strings in the product, such as the labels of PEM.
other_text = st.text(max_size=40).filter(
    lambda text: ' KEY' not in text and '-----' not in text
)


class DerFromTextTest(base.TestCase):
    """Text that an owner pastes."""

    @given(other_text, other_text)
    def test_surrounding_text_is_ignored(self, before, after):
        """D04: RFC 7468, 2 and 5.2."""
        for pem in (CERTIFICATE.pem, CERTIFICATE.pem.replace('\n', '\r\n')):
            self.assertEqual(
                CERTIFICATE.der,
                certificates.der_from_text(f'{before}{pem}{after}'),
            )

    def test_other_line_ends_and_escapes_are_read(self):
        """D05."""
        for text in (
            urllib.parse.quote(CERTIFICATE.pem),
            CERTIFICATE.pem.replace('\n', '\r'),
            f'\ufeff{CERTIFICATE.pem}',
        ):
            with self.variant(text):
                self.assertEqual(
                    CERTIFICATE.der, certificates.der_from_text(text)
                )

    def test_anything_but_one_certificate_is_refused(self):
        """D04: not guessed; the message names what was found."""
        pem = CERTIFICATE.pem
        first_line, rest = pem.split('\n', 1)
        last_line = '-----END CERTIFICATE-----'
        no_begin = f'must be PEM: it has no line {first_line}'
        two = (
            'must come alone: of these 2 certificates, send that of the client'
        )
        cut_off = f'is cut off: it has no line {last_line}'
        damaged = (
            f'is damaged: what is between {first_line} and {last_line} is '
            f'not base64'
        )
        request = (
            'is a certificate request: send the certificate that was issued '
            'for it'
        )
        public_key = (
            'is a public key: send its certificate, or register it as a key, '
            'in jwk'
        )
        for text, sentence in (
            ('', no_begin),
            ('nonsense', no_begin),
            (''.join(pem.splitlines()[1:-1]), no_begin),
            (rest, no_begin),
            (pem.replace('CERTIFICATE', 'X509 CRL'), no_begin),
            (pem + pem, two),
            (pem + OTHER.pem, two),
            (first_line + pem, two),
            (pem + OTHER.pem + pem, two.replace('2', '3')),
            (first_line, cut_off),
            (pem[:300], cut_off),
            (last_line + pem[:300], cut_off),
            (f'{first_line}\nA\n{last_line}', damaged),
            (pem.replace('M', '\xe9', 1), damaged),
            (pem.replace('E-----', 'E REQUEST-----'), request),
            (
                pem.replace('CERTIFICATE', 'NEW CERTIFICATE REQUEST'),
                request,
            ),
            (pem.replace('CERTIFICATE', 'PUBLIC KEY'), public_key),
            (pem.replace('CERTIFICATE', 'RSA PUBLIC KEY'), public_key),
        ):
            with self.variant(text):
                error = self.assert_raises(
                    ValueError, certificates.der_from_text, text
                )
                self.assertEqual(sentence, str(error))

    def test_additional_private_key_is_refused(self):
        both = CERTIFICATE.pem + CERTIFICATE.key_pem
        for text in (both, urllib.parse.quote(both), OTHER.key_pem):
            error = self.assert_raises(
                ValueError, certificates.der_from_text, text
            )
            self.assertIn('without its private key', str(error))

    @given(st.text(max_size=40))
    def test_only_value_errors_are_raised(self, text):
        framed = f'-----BEGIN CERTIFICATE-----{text}-----END CERTIFICATE-----'
        for pem in (text, framed):
            try:
                certificates.der_from_text(pem)
            except ValueError as error:
                self.assertNotIsInstance(error, UnicodeError)


class DecodeBase64Test(base.TestCase):
    def test_only_padded_base64_is_decoded(self):
        self.assertEqual(b'\xfb\xff', certificates.decode_base64('+/8='))
        # YTpiYR== has nonzero unused bits.
        for text in (
            'YTpiYR==',
            '-_8=',
            '+/8',
            '+/8==',
            '+/ 8=',
            '+/8=\n',
            '\xe9',
            '=',
        ):
            with self.variant(text):
                self.assertRaises(ValueError, certificates.decode_base64, text)


class NamesTest(base.TestCase):
    def names(self, subject):
        return certificates.names(AUTHORITY.client(subject).der)

    def test_attributes_are_unescaped_and_in_order(self):
        """D03: parsed names, not text split at a separator."""
        for subject in (
            [('CN', 'client')],
            [('O', 'Acme'), ('OU', 'b'), ('OU', 'a'), ('CN', 'x')],
            [('CN', 'a=b'), ('O', '=')],
            [('CN', 'a,b'), ('O', 'Acme, Inc.'), ('OU', 'CN=admin')],
            [('CN', 'a+b;c<d>e"f\\g#h')],
            [('CN', ' leading and trailing ')],
            [('CN', '#hash')],
            [('CN', 'J\xfcrgen \u4e16\u754c \U0001f600')],
            [('UID', 'u1'), ('DC', 'example'), ('DC', 'org')],
            [('C', 'DE'), ('ST', 'x'), ('L', 'y'), ('emailAddress', 'a@b')],
        ):
            with self.variant(subject):
                self.assertEqual((tuple(subject), ISSUER), self.names(subject))

    def test_all_values_of_a_multi_valued_name_are_found(self):
        """D03: one relative name may hold several attributes."""
        subject, issuer = self.names([('O', 'x'), [('CN', 'a'), ('UID', 'b')]])
        self.assertEqual(('O', 'x'), subject[0])
        self.assertEqual({('CN', 'a'), ('UID', 'b')}, set(subject[1:]))
        self.assertEqual(ISSUER, issuer)

    def test_attribute_without_a_short_name_is_identified_by_its_oid(self):
        subject, _ = self.names([('2.5.4.12', 'Dr'), ('1.2.3.4', 'x')])
        self.assertEqual((('2.5.4.12', 'Dr'), ('1.2.3.4', 'x')), subject)

    def test_value_that_is_not_text_is_written_in_hexadecimal(self):
        """RFC 4514, 2.4: a number sign and its DER."""
        values = (
            (raw_certificates.der(3, b'\0\xab'), '#030200ab'),
            (raw_certificates.der(0x30), '#3000'),
            (raw_certificates.der(12, b'\xff'), '#0c01ff'),
            (raw_certificates.der(20, b'J\xfcrgen'), 'J\xfcrgen'),
            (raw_certificates.der(22, 'J\xfcrgen'.encode()), 'J\xfcrgen'),
            (raw_certificates.der(19, b'*@a_b;&'), '*@a_b;&'),
            (raw_certificates.der(12), ''),
        )
        name = raw_certificates.der_name(
            *([('1.2.3.4', value)] for value, _ in values)
        )
        der = raw_certificates.with_subject(name, issuer=name)
        expected = tuple(('1.2.3.4', text) for _, text in values)
        self.assertEqual((expected, expected), certificates.names(der))

    def test_invalid_certificate_is_refused(self):
        for der in (b'', b'x', CERTIFICATE.der[:-1], CERTIFICATE.der + b'x'):
            with self.variant(der):
                self.assert_raises(ValueError, certificates.names, der)

    def test_unknown_version_is_refused(self):
        """E01: the library's exception is not a ValueError."""
        for number in (2, 4, 10):
            der = raw_certificates.of_version(number)
            for function in (
                certificates.load,
                certificates.names,
                certificates.expires_at,
            ):
                with self.variant((number, function)):
                    self.assert_raises(ValueError, function, der)

    @given(strategies.subjects())
    def test_any_certified_subject_is_read(self, subject):
        """D03: no character ends a value."""
        self.assertEqual(tuple(subject), self.names(subject)[0])


class ThumbprintTest(base.TestCase):
    def test_thumbprint_equals_that_of_keystonemiddleware(self):
        """D05: the padded form, which oauth2_mtls_token compares."""
        middleware = oauth2_mtls_token.OAuth2mTlsProtocol(None, {})
        for _ in range(4):
            der = AUTHORITY.client([('CN', 'client')]).der
            thumbprint = certificates.keystone_thumbprint(der)
            self.assertRegex(thumbprint, r'\A[\w-]{43}=\Z')
            self.assertTrue(
                middleware._confirm_certificate_thumbprint(thumbprint, der)
            )
            self.assertFalse(
                middleware._confirm_certificate_thumbprint(
                    thumbprint, CERTIFICATE.der
                )
            )

    def test_thumbprint_equals_that_of_the_public_fixture(self):
        """D05: it is implemented independently."""
        self.assertEqual(
            CERTIFICATE.keystone_thumbprint,
            certificates.keystone_thumbprint(CERTIFICATE.der),
        )

    def test_fingerprint_equals_that_of_openssl(self):
        """D04: SHA-256 of the DER, without colons."""
        name = certificates.fingerprint(CERTIFICATE.der)
        found = CERTIFICATE.certificate.fingerprint(hashes.SHA256())
        self.assertEqual(found.hex(), name)
        self.assertNotEqual(name, certificates.fingerprint(OTHER.der))


class IsSelfSignedTest(base.TestCase):
    def test_certificate_signed_with_its_own_key_is_self_signed(self):
        """D04: a certificate signed by a CA is not."""
        for one, expected in (
            (made.self_signed([('CN', 'client')]), True),
            (AUTHORITY.credential, True),
            (CERTIFICATE, False),
        ):
            with self.variant(one.certificate.subject):
                self.assertIs(expected, certificates.is_self_signed(one.der))

    def test_equal_names_of_issuer_and_subject_are_not_enough(self):
        """D04: the signature is verified."""
        one = AUTHORITY.client([('O', 'Acme'), ('CN', 'CA')])
        self.assertEqual(one.certificate.subject, one.certificate.issuer)
        self.assertFalse(certificates.is_self_signed(one.der))

    def test_altered_certificate_is_not_self_signed(self):
        """D04: its last byte belongs to the signature."""
        der = made.self_signed([('CN', 'client')]).der
        self.assertFalse(
            certificates.is_self_signed(der[:-1] + bytes([der[-1] ^ 1]))
        )

    @given(st.binary(max_size=4), st.integers(min_value=0, max_value=400))
    def test_unreadable_certificate_is_not_self_signed(self, changed, place):
        """D04: a client may send anything."""
        der = AUTHORITY.client([('CN', 'client')]).der
        der = der[:place] + changed + der[place + len(changed) :]
        self.assertFalse(certificates.is_self_signed(der))
        self.assertFalse(certificates.is_self_signed(changed))

    def test_unknown_version_is_not_self_signed(self):
        """D04: the library's exception is not a ValueError."""
        der = raw_certificates.of_version(4)
        self.assertFalse(certificates.is_self_signed(der))
