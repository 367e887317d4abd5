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

"""Base64 credentials of HTTP Basic with more than one spelling."""

import base64

from keystone_oauth2.tests.support import base as functional_base
from keystone_oauth2.tests.support import clients

DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'


class StrayBitsTest(functional_base.KeystoneTestCase):
    def test_only_the_canonical_spelling_is_accepted(self):
        """B05: the unused trailing bits are zero (RFC 4648, 3.5)."""
        # Two octets remain: 16 bits, encoded in 18.
        client = self.identity.create_application_credential(
            self.user, secret='s' * 44
        )
        pair = f'{client.id}:{client.secret}'.encode()
        text = base64.b64encode(pair).decode()
        self.assertEqual(1, text.count('='))
        self.assertEqual(200, self.post_basic(text).status)
        last = DIGITS.index(text[-2])
        for bits in range(1, 4):
            with self.variant(bits):
                stray = f'{text[:-2]}{DIGITS[last + bits]}='
                self.assertEqual(pair, base64.b64decode(stray))
                self.assertThat(self.post_basic(stray), clients.REFUSED)

    def post_basic(self, text):
        return self.post(authorization=f'Basic {text}')
