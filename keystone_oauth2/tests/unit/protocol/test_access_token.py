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

"""JWT access tokens."""

import base64
import json

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.tests import base

ISSUER = 'https://keystone.example.com/v3'
KEY = signing_keys.SigningKey.generate('ES256', 0)
KEYS = signing_keys.KeySet(None, (KEY,))
TOKEN = access_token.AccessToken(
    issuer=ISSUER,
    user_id='user',
    client_id='client',
    audience=(ISSUER,),
    issued_at=1,
    expires_at=2,
    audit_id='audit',
    confirmation=None,
    openstack={'roles': [{'name': 'member'}, {'name': 'two words'}]},
)


def encoded(members):
    """Return JSON as base64url."""
    text = json.dumps(members).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip('=')


class AccessTokenTest(base.TestCase):
    def test_what_is_signed_is_read(self):
        self.assertEqual(
            TOKEN, access_token.verify(TOKEN.sign(KEY), KEYS, ISSUER)
        )

    def test_scope_has_the_roles_that_fit(self):
        """H07: a name with a space would be two."""
        _, claims, _ = TOKEN.sign(KEY).split('.')
        text = base64.urlsafe_b64decode(claims + '==')
        self.assertEqual('member', json.loads(text)['scope'])

    def test_another_issuer(self):
        """RFC 9068, 4: also if there is none."""
        for issuer in (None, 'https://other.example.com'):
            self.assertRaises(
                ValueError,
                access_token.verify,
                TOKEN.sign(KEY),
                KEYS,
                issuer,
            )

    def test_header_with_more_members(self):
        """RFC 9068, 4: such as crit, jku, jwk and x5c."""
        _, claims, signature = TOKEN.sign(KEY).split('.')
        header = {'typ': 'at+jwt', 'alg': 'ES256', 'kid': KEY.kid}
        for name in ('crit', 'jku', 'jwk', 'x5c', 'b64'):
            with self.variant(name):
                token = f'{encoded({**header, name: 1})}.{claims}.{signature}'
                self.assertTrue(access_token.is_one(token))
                self.assertRaises(
                    ValueError, access_token.verify, token, KEYS, ISSUER
                )

    def test_nested_header(self):
        """It must not exhaust the stack."""
        nested = '{"a":' + 5000 * '[' + 5000 * ']' + '}'
        header = base64.urlsafe_b64encode(nested.encode()).decode()
        self.assertFalse(access_token.is_one(f'{header.rstrip("=")}.e.e'))

    @hypothesis.given(st.text() | st.from_regex(r'eyJ[\w.=-]*'))
    def test_any_text(self, text):
        """It is refused, never a defect."""
        self.assertFalse(access_token.is_one(text))
        self.assertEqual('', access_token.key_id(text))
        for function in (
            access_token.AccessToken.read,
            lambda token: access_token.verify(token, KEYS, ISSUER),
        ):
            self.assertRaises(ValueError, function, text)

    @hypothesis.given(
        st.dictionaries(
            st.sampled_from(['typ', 'alg', 'kid', 'crit']),
            st.none() | st.text() | st.integers() | st.lists(st.text()),
        )
    )
    def test_any_header(self, header):
        _, claims, signature = TOKEN.sign(KEY).split('.')
        token = f'{encoded(header)}.{claims}.{signature}'
        self.assertRaises(ValueError, access_token.verify, token, KEYS, ISSUER)
