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

"""JWK sets registered for a client (RFC 7517, 5)."""

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

END = '2099-01-01T00:00:00Z'
#: Keys for other purposes, and what the answer says of each.
OTHERS = (
    (
        {'kty': 'RSA', 'n': 'AQAB', 'e': 'AQAB', 'use': 'enc', 'kid': 'e'},
        'The key is not for signatures (use).',
    ),
    (
        {'kty': 'AKP', 'alg': 'ML-DSA-44', 'pub': 'AAAA'},
        'The key has a kty other than EC, OKP and RSA.',
    ),
    (
        {'kty': 'OKP', 'crv': 'X25519', 'x': 'A' * 43},
        'The key is of kty OKP with a crv other than Ed25519.',
    ),
)


class KeySetTest(clients.ClientsTestCase):
    def new_jwk(self, algorithm='ES256', **members):
        signer = assertions.Signer(self.own.id, clients.ISSUER, algorithm)
        return {**signer.jwk, **members}

    def post(self, *keys, **members):
        return self.manage(
            'POST', '/keys', {'key': {'jwks': {'keys': keys}, **members}}
        )

    def assert_registered(self, status, answer, *jwks):
        """Assert that an answer lists these keys in order, as registered."""
        self.assertEqual(status, answer.status, answer.text)
        self.assertEqual({'keys', 'ignored'}, answer.json.keys())
        keys = answer.json['keys']
        self.assertEqual(list(jwks), [key['jwk'] for key in keys])
        for key in keys:
            self.assertEqual(key, self.shown('key', key))

    def test_keys_for_other_purposes_are_skipped_and_listed(self):
        """C07: usable keys are registered, whatever their position."""
        signer = assertions.Signer(self.own.id, clients.ISSUER)
        (first, _), (second, _), (third, _) = OTHERS
        answer = self.post(first, second, signer.jwk, third)
        self.assert_registered(201, answer, signer.jwk)
        self.assertEqual(
            [
                {'index': index, 'kid': other.get('kid'), 'reason': reason}
                for index, (other, reason) in zip(
                    (0, 1, 3), OTHERS, strict=True
                )
            ],
            answer.json['ignored'],
        )
        self.assertEqual(1, len(self.show('/keys')['keys']))
        self.assert_issued(**clients.by_key(signer))

    def test_set_without_a_usable_key_is_400(self):
        """C07: the message gives the reasons."""
        answer = self.post(*(other for other, _ in OTHERS))
        self.assertThat(
            answer,
            clients.IsKeystoneError(
                400, 'The key at index 0 of the set is not for signatures'
            ),
        )
        self.assertEqual([], self.show('/keys')['keys'])

    def test_private_key_or_error_refuses_the_whole_set(self):
        """C07: neither counts as a key for another purpose."""
        good = self.new_jwk()
        for wrong, message in (
            (
                {'kty': 'RSA', 'use': 'enc', 'd': 'AAAA'},
                'index 1 of the set has private or secret members',
            ),
            (
                {'kty': 'oct', 'k': 'AAAA', 'use': 'enc'},
                'index 1 of the set has private or secret members',
            ),
            ({**good, 'y': good['x']}, 'is not a point on its curve'),
            ({**good, 'x': f'{good["x"]}='}, 'not base64url without padding'),
            (good, 'index 1 of the set is a duplicate of the key at index 0'),
        ):
            with self.variant(wrong):
                answer = self.post(good, wrong, OTHERS[0][0])
                self.assertThat(answer, clients.IsKeystoneError(400, message))
                self.assertEqual([], self.show('/keys')['keys'])

    def test_extended_set_registers_only_new_keys(self):
        """Registered keys stay as they are."""
        known = self.new_jwk(kid='known')
        first = self.post(known, description='old', expires_at=END)
        self.assert_registered(201, first, known)
        new = self.new_jwk('EdDSA')
        second = self.post(new, known, OTHERS[0][0], description='new')
        self.assert_registered(201, second, new, known)
        self.assertEqual(first.json['keys'][0], second.json['keys'][1])
        self.assertEqual('new', second.json['keys'][0]['description'])
        self.assertEqual(1, len(second.json['ignored']))
        self.assertEqual(2, len(self.show('/keys')['keys']))

    def test_set_without_a_new_key_is_200(self):
        """Nothing was created; another key id does not make a key new."""
        jwks = [self.new_jwk(), self.new_jwk('RS256')]
        first = self.post(*jwks)
        self.assert_registered(201, first, *jwks)
        again = self.post(*reversed(jwks))
        self.assert_registered(200, again, *reversed(jwks))
        renamed = [{**jwk, 'kid': 'other'} for jwk in jwks]
        self.assert_registered(200, self.post(*renamed), *jwks)
        self.assertEqual(2, len(self.show('/keys')['keys']))

    def test_key_registered_alone_is_recognized_in_a_set(self):
        """The reverse is 409, as before."""
        alone = self.register_key().jwk
        new = self.new_jwk()
        self.assert_registered(201, self.post(alone, new), alone, new)
        answer = self.manage('POST', '/keys', {'key': {'jwk': new}})
        self.assertThat(answer, clients.IsKeystoneError(409))

    def test_expired_key_is_registered_again(self):
        """An expired key no longer counts."""
        jwk = self.new_jwk()
        (first,) = self.post(jwk).json['keys']
        self.expire(first)
        answer = self.post(jwk)
        self.assert_registered(201, answer, jwk)
        self.assertNotEqual(first['id'], answer.json['keys'][0]['id'])

    def test_limit_counts_only_new_keys(self):
        """Registered keys take no second place, and no set is half done."""
        jwks = [self.new_jwk() for _ in range(10)]
        self.assert_registered(201, self.post(*jwks[:9]), *jwks[:9])
        self.assert_registered(201, self.post(*jwks), *jwks)
        self.assert_registered(200, self.post(*jwks), *jwks)
        answer = self.post(*jwks, self.new_jwk())
        self.assertThat(answer, clients.IsKeystoneError(403))
        self.assertEqual(10, len(self.show('/keys')['keys']))

    def test_key_of_another_client_counts_as_new(self):
        """A set may serve several clients."""
        other = self.identity.create_application_credential(self.user)
        jwk = self.register_key(client=other).jwk
        self.assert_registered(201, self.post(jwk), jwk)
