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

"""Bearer tokens in requests, and the challenges of services."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import bearer
from keystone_oauth2.tests import base

METADATA = 'https://x.example.com/.well-known/oauth-protected-resource'


class TokenTest(base.TestCase):
    """I01: one token in the header field."""

    def test_scheme_in_any_case(self):
        """I03."""
        for scheme in ('Bearer', 'bearer', 'BEARER', 'bEaReR'):
            self.assertEqual('a.b-c_d', bearer.token(f'{scheme} a.b-c_d'))

    def test_all_characters(self):
        """RFC 6750, 2.1."""
        token = 'AZaz09-._~+/=='
        self.assertEqual(token, bearer.token(f'Bearer {token}'))

    def test_white_space(self):
        """RFC 9110, 11.4 and 5.5: spaces before it, and any around."""
        self.assertEqual('a', bearer.token('Bearer   a \t'))

    def test_other_schemes(self):
        for value in ('', 'Basic YTpi', 'DPoP a', 'Bearers a', 'Bearer=a'):
            with self.variant(value):
                self.assertIsNone(bearer.token(value))

    def test_malformed(self):
        for value in (
            'Bearer',
            'Bearer ',
            'Bearer a b',
            'Bearer a, Bearer b',
            'Bearer a,b',
            'Bearer =',
            'Bearer a=b',
            'Bearer "a"',
            'Bearer \ta',
            'Bearer a\n',
            'Bearer \N{LATIN SMALL LETTER E WITH ACUTE}',
        ):
            with self.variant(value):
                self.assert_raises(
                    bearer.MalformedCredentials, bearer.token, value
                )

    @hypothesis.given(st.text() | st.from_regex('[Bb]earer .*'))
    def test_any_text(self, text):
        """It is one token, none, or refused."""
        try:
            token = bearer.token(text)
        except bearer.MalformedCredentials:
            return
        if token is None:
            self.assertNotEqual(['bearer'], text.lower().split(' ')[:1])
        else:
            self.assertEqual(
                ['bearer', token],
                [
                    part if part == token else part.lower()
                    for part in text.replace('\t', ' ').split(' ')
                    if part
                ],
            )


class ChallengeTest(base.TestCase):
    """I02: the header field WWW-Authenticate."""

    def test_no_token_was_sent(self):
        """RFC 6750, 3.1: there is no error."""
        self.assertEqual('Bearer', bearer.challenge())

    def test_error(self):
        self.assertEqual(
            'Bearer error="invalid_token"', bearer.challenge('invalid_token')
        )

    def test_metadata(self):
        """RFC 9728, 5.1."""
        named = f'Bearer resource_metadata="{METADATA}"'
        self.assertEqual(named, bearer.challenge(None, METADATA))
        self.assertEqual(
            f'{named}, error="invalid_token"',
            bearer.challenge('invalid_token', METADATA),
        )
