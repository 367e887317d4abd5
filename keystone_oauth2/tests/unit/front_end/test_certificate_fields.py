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

"""Header fields with a certificate are refused unless they are exact."""

import base64
import ipaddress
import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from keystone_oauth2 import fixture
from keystone_oauth2.front_end import client_certificate
from keystone_oauth2.front_end import proxies
from keystone_oauth2.protocol import messages
from keystone_oauth2.tests import base

ONE = fixture.self_signed([('CN', 'one')])
ENCODED = base64.b64encode(ONE.der).decode()


def read(source, header, text):
    reader = client_certificate.Reader(
        sources=(source,),
        header='X-Cert',
        verify_header='X-Verify',
        proxies=proxies.Proxies((ipaddress.ip_network('127.0.0.1'),)),
        accept_self_signed=True,
    )
    return reader.read(
        {
            header: text,
            'HTTP_X_VERIFY': 'SUCCESS',
            'REMOTE_ADDR': '127.0.0.1',
        }
    )


class ByteSequenceTest(base.TestCase):
    def read(self, text):
        return read('rfc9440', 'HTTP_CLIENT_CERT', text)

    def test_one_byte_sequence_is_read(self):
        """E01: base64 of DER between colons."""
        for text in (f':{ENCODED}:', f'  :{ENCODED}: \t'):
            with self.variant(text):
                self.assertEqual(
                    messages.ClientCertificate(ONE.der, has_verdict=True),
                    self.read(text),
                )

    def test_any_other_value_is_refused(self):
        """E01: it is treated as a certificate that is not trusted."""
        for text in (
            ENCODED,
            f':{ENCODED}',
            f'{ENCODED}:',
            f':{ENCODED}x',
            f'x{ENCODED}:',
            f'"{ENCODED}"',
            f':{ENCODED}:;a=b',
            f':{ENCODED[:20]} {ENCODED[20:]}:',
            f':{ENCODED.rstrip("=")[:-1]}:',
            f':{ENCODED.replace("M", "-", 1)}:',
            ONE.pem,
            urllib.parse.quote(ONE.pem),
            ':',
            '::',
            ':=:',
            ':\xe9:',
        ):
            with self.variant(text):
                found = self.read(text)
                self.assertEqual(b'', found.der)
                self.assertIsNotNone(found.problem)

    def test_two_fields_are_refused(self):
        """E03: two fields, or two that a server joined with a comma."""
        for text in (
            f':{ENCODED}:,:{ENCODED}:',
            f':{ENCODED}:, :{ENCODED}:',
            f':{ENCODED}:,',
            f':{ENCODED},{ENCODED}:',
        ):
            with self.variant(text):
                found = self.read(text)
                self.assertEqual(b'', found.der)
                self.assertIsNotNone(found.problem)

    @given(st.text(st.characters(max_codepoint=255), min_size=1))
    def test_unreadable_field_is_never_ignored(self, text):
        """E01: a field that cannot be read still counts as a certificate."""
        found = self.read(text)
        self.assertIsNotNone(found)
        self.assertTrue(found.der or found.problem)


class EscapedPemTest(base.TestCase):
    def read(self, text):
        return read('escaped_pem', 'HTTP_X_CERT', text)

    def test_escaped_pem_is_read(self):
        for text in (
            urllib.parse.quote(ONE.pem),
            urllib.parse.quote(ONE.pem, safe='+/='),
            ONE.pem.replace('\n', ' '),
            ONE.pem.replace('\n', '\t'),
        ):
            with self.variant(text):
                self.assertEqual(
                    messages.ClientCertificate(ONE.der, has_verdict=True),
                    self.read(text),
                )

    def test_two_fields_are_refused(self):
        """E03: in either format."""
        one = urllib.parse.quote(ONE.pem)
        for text in (f'{one},{one}', f'{one}, {one}', one + one):
            with self.variant(text):
                found = self.read(text)
                self.assertEqual(b'', found.der)
                self.assertIsNotNone(found.problem)
