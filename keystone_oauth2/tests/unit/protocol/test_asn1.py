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

"""Reading DER (X.690)."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import asn1
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import raw_certificates as raw


class ReadTest(base.TestCase):
    def test_invalid_der_is_refused(self):
        """D03: including a length that is not minimal, or is cut off."""
        for text in (
            '',
            '0c',
            '0000',
            '0c0261',
            '0c016161',
            '0c80610000',
            '0c810161',
            '0c820001' + '61',
            '0c8261',
            '0cff',
            '1f0100',
        ):
            with self.variant(text):
                self.assert_raises(ValueError, asn1.read, bytes.fromhex(text))

    @hypothesis.given(st.integers(1, 30), st.binary(max_size=300))
    def test_value_has_its_tag_and_content(self, tag, content):
        encoded = raw.der(tag, content)
        self.assertEqual(asn1.Value(tag, content, encoded), asn1.read(encoded))
        self.assertEqual(
            [asn1.read(encoded)] * 2,
            asn1.read(raw.der(0x30, encoded, encoded)).values(asn1.SEQUENCE),
        )

    @hypothesis.given(st.binary(max_size=20))
    def test_any_octets_are_read_or_raise_a_value_error(self, octets):
        try:
            value = asn1.read(octets)
        except ValueError:
            return
        self.assertEqual(octets, value.encoded)
        for function, *arguments in (
            (value.values, asn1.SEQUENCE),
            (value.values, value.tag),
            (value.oid,),
        ):
            try:
                function(*arguments)
            except ValueError as error:
                self.assertNotIsInstance(error, UnicodeError)

    @hypothesis.given(
        st.sampled_from(['0.0', '0.39', '1.3', '1.39', '2.0', '2.5', '2.999']),
        st.lists(st.integers(min_value=0), max_size=5),
    )
    def test_object_identifiers_are_read_in_dotted_decimal(self, first, arcs):
        dotted = '.'.join([first, *map(str, arcs)])
        self.assertEqual(dotted, asn1.read(raw.der_oid(dotted)).oid())

    def test_truncated_object_identifier_is_refused(self):
        for content in (b'', b'\x2a\x80'):
            value = asn1.read(raw.der(6, content))
            self.assert_raises(ValueError, value.oid)
