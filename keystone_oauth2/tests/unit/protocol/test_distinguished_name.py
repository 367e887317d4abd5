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

"""Parsing and comparison of distinguished names (RFC 4514)."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import asn1
from keystone_oauth2.protocol import distinguished_name
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import raw_certificates as raw

CN, ORGANIZATION, OU = '2.5.4.3', '2.5.4.10', '2.5.4.11'
DC = '0.9.2342.19200300.100.1.25'
WRONG = 'is not a distinguished name (RFC 4514): '


def name(*parts):
    """Return a name as in a certificate, with values as UTF8String."""
    return distinguished_name.read(
        asn1.read(
            raw.der_name(
                *(
                    [
                        (oid, raw.der(12, value.encode()))
                        if isinstance(value, str)
                        else (oid, value)
                        for oid, value in part
                    ]
                    for part in parts
                )
            )
        )
    )


class ParseTest(base.TestCase):
    def assert_same(self, text, *parts):
        with self.variant(text):
            parsed = distinguished_name.parse(text)
            self.assertTrue(
                distinguished_name.is_same(parsed, name(*parts)), parsed
            )

    def assert_refused(self, text, why):
        with self.variant(text):
            error = self.assert_raises(
                ValueError, distinguished_name.parse, text
            )
            self.assertEqual(f'{WRONG}{why}', str(error))

    def test_examples_of_the_rfc(self):
        """D03: RFC 4514, 4."""
        net = ([(DC, 'net')], [(DC, 'example')])
        for text, *parts in (
            (
                'UID=jsmith,DC=example,DC=net',
                *net,
                [('0.9.2342.19200300.100.1.1', 'jsmith')],
            ),
            (
                'OU=Sales+CN=J.  Smith,DC=example,DC=net',
                *net,
                [(OU, 'Sales'), (CN, 'J.  Smith')],
            ),
            (
                r'CN=James \"Jim\" Smith\, III,DC=example,DC=net',
                *net,
                [(CN, 'James "Jim" Smith, III')],
            ),
            (
                r'CN=Before\0dAfter,DC=example,DC=net',
                *net,
                [(CN, 'Before\rAfter')],
            ),
            (
                '1.3.6.1.4.1.1466.0=#04024869',
                [('1.3.6.1.4.1.1466.0', raw.der(4, b'Hi'))],
            ),
            (r'CN=Lu\C4\8Di\C4\87', [(CN, 'Lu\u010di\u0107')]),
        ):
            self.assert_same(text, *parts)

    def test_blanks_around_a_name_and_the_oid_prefix_are_ignored(self):
        """D03: RFC 2253, 4; and OpenSSL with "space_eq" or "oneline"."""
        for text in (
            'CN=a,O=b',
            'CN=a, O=b',
            ' CN =a ,\n\tO=b\n',
            'OID.2.5.4.3=a,oid.2.5.4.10=b',
            'CN=#0C0161 ,O=#130162',
        ):
            self.assert_same(text, [(ORGANIZATION, 'b')], [(CN, 'a')])

    def test_value_may_be_empty_if_others_are_not(self):
        """D03: RFC 4514, 3."""
        self.assert_same('CN=,O=b', [(ORGANIZATION, 'b')], [(CN, '')])
        self.assert_same('CN=+O=b', [(ORGANIZATION, 'b'), (CN, '')])
        self.assert_same(r'CN=\20,O=b', [(ORGANIZATION, 'b')], [(CN, '')])

    def test_name_is_empty_if_all_its_values_are_empty(self):
        """D02."""
        for text, expected in (
            ('CN=', True),
            ('CN=+O=,OU=#0c00', True),
            ('CN=,O=b', False),
            (r'CN=\20', False),
            ('CN=#3000', False),
        ):
            with self.variant(text):
                parsed = distinguished_name.parse(text)
                self.assertIs(expected, distinguished_name.is_empty(parsed))

    def test_der_of_a_string_equals_the_string(self):
        """D03: for any string type; other types equal only themselves."""
        text = 'caf\xe9'
        for tag, codec in (
            (12, 'utf-8'),
            (20, 'latin-1'),
            (20, 'utf-8'),
            (22, 'utf-8'),
            (28, 'utf-32-be'),
            (30, 'utf-16-be'),
        ):
            value = raw.der(tag, text.encode(codec))
            self.assert_same(f'CN=#{value.hex()}', [(CN, value)])
            self.assert_same(f'CN=#{value.hex()}', [(CN, text)])
            self.assert_same(f'CN={text.upper()}', [(CN, value)])
        sequence = raw.der(0x30, raw.der(12, b'a'))
        self.assert_same(f'CN=#{sequence.hex().upper()}', [(CN, sequence)])

    def test_unused_bits_of_a_bit_string_are_ignored(self):
        """D03: OpenSSL prints them as zeros."""
        value = raw.der(3, b'\3\xab')
        self.assert_same('CN=#030203A8', [(CN, value)])
        self.assert_same('CN=#030203AB', [(CN, value)])
        self.assertFalse(
            distinguished_name.is_same(
                distinguished_name.parse('CN=#030203B8'), name([(CN, value)])
            )
        )

    def test_invalidly_encoded_octets_have_two_readings(self):
        """D03: that of OpenSSL and that of cryptography, but no mixture."""
        parts = [
            [(ORGANIZATION, raw.der(20, b'\xc3\xbc'))],
            [(CN, raw.der(22, b'\xc3\xbc'))],
        ]
        self.assert_same('CN=\xfc,O=\xfc', *parts)
        self.assert_same('CN=\xc3\xbc,O=\xc3\xbc', *parts)
        self.assertFalse(
            distinguished_name.is_same(
                distinguished_name.parse('CN=\xc3\xbc,O=\xfc'), name(*parts)
            )
        )

    def test_message_says_how_to_write_the_name(self):
        """D02, D03."""
        hexadecimal = (
            '"#" must be followed by the DER of the value, with tag and '
            'length, in hexadecimal; write "\\#" for the character itself'
        )
        blank = (
            'a space follows an equal sign; write the name as "openssl x509 '
            '-subject -nameopt RFC2253" prints it, its last part first, or '
            'the space as "\\ "'
        )
        backslash = (
            'a backslash must be followed by a special character or two '
            'hexadecimal digits; write "\\\\" for the character itself'
        )
        attribute = (
            'expected an attribute, such as CN=, at character {}; write the '
            'name as "openssl x509 -subject -nameopt RFC2253" prints it, its '
            'last part first'
        )
        utf8 = (
            'a value is not valid UTF-8; write "#" and its DER in hexadecimal'
        )
        written = 'the character {!r} in a value must be written as "\\{}"'
        for text, why in (
            ('client', attribute.format(1)),
            ('/C=DE/CN=a', attribute.format(1)),
            ('CN=a,b', attribute.format(6)),
            ('CN=a,', attribute.format(6)),
            ('C = DE, CN = a', blank),
            ('CN=#', hexadecimal),
            ('CN=#x', hexadecimal),
            ('CN=#0C0', hexadecimal),
            ('CN=#0C0262', hexadecimal),
            ('CN=#0C016262', hexadecimal),
            ('CN=#0000', hexadecimal),
            ('CN=#00ab', hexadecimal),
            ('CN=#0C810161', hexadecimal),
            ('CN=a\\', backslash),
            ('CN=\\xa', backslash),
            ('CN=\\ff', utf8),
            ('CN=\ud800', utf8),
            ('CN="a"', written.format('"', '22')),
            ('CN=a;O=b', written.format(';', '3b')),
            (
                'XYZ=a',
                'unknown attribute name XYZ; write the object identifier '
                'instead, as in 2.5.4.3=value',
            ),
            ('3.1=a', '3.1 is not a valid object identifier'),
        ):
            self.assert_refused(text, why)

    @hypothesis.given(
        st.lists(
            st.sampled_from(['CN=', '2.5.4.3=', '#', '0c0161', '\\', 'a', ' '])
            | st.sampled_from([*',+=";<>\0\n\ud800'])
            | st.text(max_size=2),
            max_size=9,
        )
    )
    def test_any_text_is_read_or_refused(self, pieces):
        try:
            parsed = distinguished_name.parse(''.join(pieces))
        except ValueError as error:
            self.assertTrue(str(error).startswith(WRONG))
        else:
            self.assertTrue(distinguished_name.is_same(parsed, parsed))


class PreparationTest(base.TestCase):
    """Comparison of strings (RFC 4518)."""

    def is_same(self, one, other):
        return distinguished_name.is_same(
            name([(CN, one)]), name([(CN, other)])
        )

    def test_case_and_blanks_are_ignored(self):
        """D03: as are differences that NFKC removes."""
        for one, other in (
            ('Stra\xdfe', 'STRASSE'),
            ('\u0390', '\u0399\u0308\u0301'),
            ('\ufb01x', 'FIX'),
            ('a b', ' a\u3000\t\u1680 b\u2028'),
            ('', ' '),
        ):
            with self.variant((one, other)):
                self.assertTrue(self.is_same(one, other))

    def test_invisible_character_makes_a_different_name(self):
        """D03: although RFC 4518 maps it to nothing, or prohibits it."""
        for character in '\0\x1c\x7f\xad\u034f\u200b\u2060\ufe00\ufeff\ue000':
            with self.variant(character):
                self.assertFalse(self.is_same('ab', f'a{character}b'))
                self.assertFalse(self.is_same('a b', f'a{character}b'))
                self.assertTrue(
                    self.is_same(f'A{character}b', f'a{character}B')
                )

    def test_text_differs_from_the_der_that_it_spells(self):
        """D03."""
        for value in ('#3000', '\\#3000', '3000'):
            self.assertFalse(self.is_same(value, raw.der(0x30)))

    def test_object_identifiers_with_many_digits_are_compared(self):
        """D03: every digit counts."""
        many = '2.16.840.1.113730.' + '9' * 40
        self.assertTrue(
            distinguished_name.is_same(
                distinguished_name.parse(f'{many}=a'), name([(many, 'a')])
            )
        )
        self.assertFalse(
            distinguished_name.is_same(
                distinguished_name.parse(f'{many}0=a'), name([(many, 'a')])
            )
        )
