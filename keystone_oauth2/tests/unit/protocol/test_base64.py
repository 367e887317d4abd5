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

"""Only canonical Base64 is accepted (RFC 4648, 3.5)."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from keystone_oauth2.protocol import certificates
from keystone_oauth2.tests import base

#: Text before the padding.
PADDED = r'([A-Za-z0-9+/]{4}){0,2}([A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?'


class DecodeTest(base.TestCase):
    def assert_refused(self, text):
        self.assertRaises(ValueError, certificates.decode_base64, text)

    def test_unused_bits_must_be_zero(self):
        """E01: alternative spellings would evade comparisons and logs."""
        self.assertEqual(b'a:ba', certificates.decode_base64('YTpiYQ=='))
        for text in ('YTpiYR==', 'YTpiYf==', 'YTpiYWJ=', 'YTpiYWL='):
            with self.variant(text):
                self.assert_refused(text)

    def test_padding_must_have_the_right_length(self):
        for text in ('YTpiYQ', 'YTpiYQ=', 'YTpiYQ===', 'YTpi====', '='):
            with self.variant(text):
                self.assert_refused(text)

    @given(st.from_regex(PADDED, fullmatch=True))
    def test_decoded_text_is_encoded_the_same_way(self, text):
        try:
            decoded = certificates.decode_base64(text)
        except ValueError:
            return
        self.assertEqual(text, base64.b64encode(decoded).decode())
