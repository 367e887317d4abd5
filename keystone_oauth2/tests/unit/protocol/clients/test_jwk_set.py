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

"""JWK sets of clients (RFC 7517, 5)."""

from cryptography.hazmat.primitives.asymmetric import ec
import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import strategies

P256, P384, ED25519, RSA = (
    assertions.jwk(assertions.new_key(name), name)
    for name in ('ES256', 'ES384', 'EdDSA', 'RS256')
)
SECP256K1 = assertions.jwk(ec.generate_private_key(ec.SECP256K1()), 'ES256K')
PRIVATE = 'has private or secret members: generate a new key'
NO_KTY = 'has a kty other than EC, OKP and RSA'
NO_EC_CURVE = 'is of kty EC with a crv other than P-256, P-384, P-521'
NO_OKP_CURVE = 'is of kty OKP with a crv other than Ed25519'
NO_ALGORITHM = (
    'has an alg other than ES256, ES384, ES512, Ed25519, EdDSA, PS256, '
    'PS384, PS512, RS256, RS384, RS512'
)
NO_USE = 'is not for signatures (use)'
NO_OPERATION = 'is not for verification (key_ops)'
#: Keys for other purposes, and why they are ignored.
OTHERS = (
    ({'kty': 'AKP', 'alg': 'ML-DSA-44', 'pub': 'AAAA'}, NO_KTY),
    ({'kty': 'oct'}, NO_KTY),
    ({'kty': 'unknown', 'x': 5, 'use': 'sig'}, NO_KTY),
    ({'kty': 'OKP', 'crv': 'X25519', 'x': 'A' * 43}, NO_OKP_CURVE),
    ({'kty': 'OKP', 'crv': 'Ed448', 'x': 'A' * 76}, NO_OKP_CURVE),
    (SECP256K1, NO_EC_CURVE),
    ({**RSA, 'use': 'enc'}, NO_USE),
    ({**RSA, 'use': 'enc', 'alg': 'RSA-OAEP'}, NO_USE),
    ({**P256, 'use': 'enc', 'x': 'not looked at'}, NO_USE),
    ({**RSA, 'alg': 'RSA-OAEP-256'}, NO_ALGORITHM),
    ({**P256, 'alg': 'ECDH-ES+A128KW'}, NO_ALGORITHM),
    ({**P256, 'key_ops': ['deriveKey']}, NO_OPERATION),
    ({**RSA, 'key_ops': ['encrypt', 'wrapKey']}, NO_OPERATION),
)


class ReadSetTest(base.TestCase):
    def assert_refused(self, reason, keys):
        error = self.assert_raises(ValueError, jwk.read_set, {'keys': keys})
        self.assertEqual(reason, str(error))

    def test_all_keys_of_a_set_are_returned_in_order(self):
        self.assertEqual(
            ([P384, P256], []),
            jwk.read_set({'keys': [P384, P256], 'x': 1}),
        )

    def test_set_without_keys_or_with_too_many_is_refused(self):
        for jwks in (
            {},
            {'keys': None},
            {'keys': []},
            {'keys': {}},
            {'keys': P256},
            {'keys': 'x'},
            {'keys': [P256] * 101},
        ):
            with self.variant(jwks):
                error = self.assert_raises(ValueError, jwk.read_set, jwks)
                self.assertEqual('set must have 1 to 100 keys', str(error))

    def test_key_for_another_purpose_is_ignored(self):
        """C07: the result lists it, with its index."""
        for other, reason in OTHERS:
            for keys, index in (
                ([P256, other], 1),
                ([other, P256], 0),
            ):
                with self.variant((other, index)):
                    self.assertEqual(
                        ([P256], [jwk.Ignored(index, None, reason)]),
                        jwk.read_set({'keys': keys}),
                    )

    def test_id_of_an_ignored_key_is_returned(self):
        other = {**RSA, 'use': 'enc'}
        for kid, expected in (('x', 'x'), (5, None), (['x'], None)):
            with self.variant(kid):
                _, ignored = jwk.read_set(
                    {'keys': [P256, {**other, 'kid': kid}]}
                )
                self.assertEqual([jwk.Ignored(1, expected, NO_USE)], ignored)

    def test_set_without_a_usable_key_is_refused(self):
        """C07: with the reason for the first key."""
        for other, reason in OTHERS:
            for keys in ([other], [other, {**P256, 'use': 'enc'}]):
                with self.variant(keys):
                    self.assert_refused(
                        f'at index 0 of the set {reason}, and no other key is '
                        f'usable',
                        keys,
                    )

    def test_private_key_refuses_the_whole_set(self):
        """C07: whatever its purpose is."""
        for private in (
            assertions.jwk(
                assertions.new_key('ES256'), 'ES256', is_private=True
            ),
            {**RSA, 'use': 'enc', 'd': 'AAAA'},
            {'kty': 'oct', 'k': 'AAAA'},
            {'kty': 'oct', 'k': 'AAAA', 'use': 'enc', 'alg': 'A128KW'},
            {'kty': 'OKP', 'crv': 'X25519', 'x': 'AAAA', 'd': 'AAAA'},
            {'kty': 'AKP', 'alg': 'ML-DSA-44', 'pub': 'A', 'priv': 'A'},
        ):
            for keys, index in (([P256, private], 1), ([private, P256], 0)):
                with self.variant((private, index)):
                    self.assert_refused(
                        f'at index {index} of the set {PRIVATE}', keys
                    )

    def test_invalid_key_refuses_the_whole_set(self):
        """C07, K07: otherwise a signing key would be missing."""
        short = assertions.jwk(assertions.rsa_key(1024), 'RS256')
        neutral = 'AQ' + 'A' * 41
        for wrong, reason in (
            ('x', 'is not an object'),
            (None, 'is not an object'),
            ([P256], 'is not an object'),
            ({}, 'lacks the member kty'),
            ({'kty': 'EC'}, 'lacks the member crv'),
            ({'kty': 'EC', 'crv': 'P-256'}, 'lacks the member x'),
            ({**P256, 'y': P256['x']}, 'is not a point on its curve'),
            (
                {**P256, 'alg': 'ES384'},
                'has an alg that does not fit its kty and crv',
            ),
            (
                {**P256, 'x': f'{P256["x"]}='},
                'has a member x that is not base64url without padding',
            ),
            (
                {**ED25519, 'x': neutral},
                'is a point of small order, so anyone can forge signatures: '
                'generate a new key',
            ),
            (short, 'must have 2048 to 8192 bits'),
        ):
            with self.variant(wrong):
                self.assert_refused(
                    f'at index 1 of the set {reason}', [P384, wrong]
                )

    def test_duplicate_key_is_refused(self):
        """C07: one of them would be missing."""
        other = {**RSA, 'use': 'enc'}
        for again in (P256, {**P256, 'kid': 'x'}, {**P256, 'alg': 'ES256'}):
            with self.variant(again):
                self.assert_refused(
                    'at index 2 of the set is a duplicate of the key at '
                    'index 1',
                    [other, P256, again],
                )

    def test_work_for_a_set_is_bounded(self):
        """K07: each modulus takes time to check."""
        value = {'kty': 'RSA', 'n': '_' * 1365 + 'w', 'e': 'AQAB'}
        self.assert_refused(
            'set has RSA keys with more than 20480 bits in total: send fewer '
            'at a time',
            [value] * 3,
        )
        self.assert_refused(
            'at index 0 of the set has a modulus n that is easy to factor: '
            'generate a new key',
            [value] * 2,
        )


class NothingElseTest(base.TestCase):
    """C07: any set is read, or is a ValueError."""

    values = strategies.json_values(max_size=20, max_leaves=6)
    members = st.sampled_from(
        ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use', 'key_ops', 'd']
    )
    keys = st.sampled_from([P256, ED25519, *(other for other, _ in OTHERS)])

    @hypothesis.given(
        st.lists(
            st.builds(
                lambda key, changed: {**key, **changed},
                keys,
                st.dictionaries(members, values, max_size=1),
            ),
            max_size=4,
        )
    )
    def test_each_key_is_found_or_ignored(self, keys):
        try:
            found, ignored = jwk.read_set({'keys': keys})
        except ValueError as error:
            self.assertNotEqual('', str(error))
            return
        self.assertEqual(len(keys), len(found) + len(ignored))
        self.assertNotEqual([], found)
        left = {one.index for one in ignored}
        for index, key in enumerate(keys):
            self.assertNotIn('d', key)
            if index in left:
                self.assertRaises(jwk.OtherKey, jwk.read, key)
            else:
                self.assertEqual(jwk.read(key), found.pop(0))
