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

"""Registration of keys for a client (RFC 7517)."""

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

#: The example of RFC 7638, 3.1.
EXAMPLE = {
    'kty': 'RSA',
    'n': '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu'
    '1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9y'
    'BXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9'
    'c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4l'
    'Fd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    'e': 'AQAB',
    'alg': 'RS256',
    'kid': '2011-04-29',
}
EXAMPLE_THUMBPRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'


class RegistrationTest(clients.ClientsTestCase):
    def post(self, wanted):
        return self.manage('POST', '/keys', {'key': wanted})

    def new_jwk(self, algorithm='ES256'):
        return assertions.Signer(self.own.id, '', algorithm).jwk

    def test_key_is_shown_with_its_thumbprint(self):
        """The example of RFC 7638."""
        key = self.register('key', jwk=EXAMPLE, description='an example')
        self.assertEqual(EXAMPLE, key['jwk'])
        self.assertEqual(EXAMPLE_THUMBPRINT, key['thumbprint'])
        self.assertEqual('an example', key['description'])
        self.assertEqual(key, self.shown('key', key))

    def test_members_that_are_not_part_of_the_key_are_dropped(self):
        wanted = self.new_jwk()
        key = self.register(
            'key',
            jwk={**wanted, 'use': 'sig', 'key_ops': ['verify'], 'x5u': 'x'},
        )
        self.assertEqual(wanted, key['jwk'])

    def test_set_is_registered_as_a_whole(self):
        jwks = [self.new_jwk(name) for name in ('ES256', 'EdDSA', 'RS256')]
        answer = self.post(
            {
                'jwks': {'keys': jwks},
                'description': 'all three',
                'expires_at': '2099-01-01T00:00:00Z',
            }
        )
        self.assertEqual(201, answer.status, answer.text)
        self.assertEqual({'keys', 'ignored'}, answer.json.keys())
        self.assertEqual([], answer.json['ignored'])
        keys = answer.json['keys']
        self.assertEqual(jwks, [key['jwk'] for key in keys])
        for key in keys:
            self.assertEqual('all three', key['description'])
            self.assertEqual('2099-01-01T00:00:00Z', key['expires_at'])
            self.assertEqual(key, self.shown('key', key))
        self.assertEqual(3, len(self.show('/keys')['keys']))

    def test_duplicate_key_is_409(self):
        """Whatever the other members; another client may register it too."""
        jwk = self.register_key().jwk
        for wanted in (jwk, {**jwk, 'kid': 'other'}, {**jwk, 'alg': 'ES256'}):
            with self.variant(wanted):
                self.assertThat(
                    self.post({'jwk': wanted}), clients.IsKeystoneError(409)
                )
        other = self.identity.create_application_credential(self.user)
        self.register('key', client=other, jwk=jwk)

    def test_private_key_is_refused_and_neither_stored_nor_logged(self):
        """C07: alone and in a set."""
        key = assertions.new_key('ES256')
        jwk = assertions.jwk(key, 'ES256', is_private=True)
        for wanted in ({'jwk': jwk}, {'jwks': {'keys': [jwk]}}):
            with self.variant(wanted):
                answer = self.post(wanted)
                self.assertThat(
                    answer, clients.IsKeystoneError(400, 'generate a new key')
                )
                self.assertNotIn(jwk['d'], answer.text)
                self.assertNotIn(jwk['d'], self.new_log())
        self.assertEqual([], self.show('/keys')['keys'])

    def test_unusable_key_is_refused_with_the_reason(self):
        """C07, K07: by its form, its algorithm, or its weakness."""
        ec = self.new_jwk()
        for jwk, message in (
            ({}, 'lacks the member kty'),
            ({**ec, 'alg': 'HS256'}, 'has an alg other than'),
            ({**EXAMPLE, 'e': 'AAEAAQ'}, 'e that starts with a zero octet'),
            ({**EXAMPLE, 'e': 'Aw'}, 'odd exponent e from 65537'),
        ):
            with self.variant(jwk):
                self.assertThat(
                    self.post({'jwk': jwk}),
                    clients.IsKeystoneError(400, message),
                )

    def test_anything_but_one_key_or_one_set_is_400(self):
        jwk = self.new_jwk()
        for wanted in (
            {},
            {'jwk': jwk, 'jwks': {'keys': [jwk]}},
            {'jwks': {'keys': jwk}},
            jwk,
        ):
            with self.variant(wanted):
                self.assertThat(
                    self.post(wanted), clients.IsKeystoneError(400)
                )
