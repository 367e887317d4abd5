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

"""The published keys of an authorization server."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import public_keys
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import strategies
from keystone_oauth2.tests.unit.protocol.clients import keys

SIGNING = {
    algorithm: signing_keys.SigningKey.generate(algorithm, 0)
    for algorithm in signing_keys.ALGORITHMS
}
FIRST, SECOND = SIGNING['ES256'], SIGNING['EdDSA']
values = strategies.json_values(max_size=50, max_leaves=6)
members = st.sampled_from(
    ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use', 'key_ops', 'd']
)
genuine = st.sampled_from([one.jwk for one in SIGNING.values()])


def read(*jwks):
    """Read a set of keys."""
    return public_keys.PublicKeys.read({'keys': list(jwks)})


class PublicKeysTest(base.TestCase):
    def assert_refused(self, jwks):
        """Assert that there is a reason."""
        error = self.assertRaises(
            ValueError, public_keys.PublicKeys.read, jwks
        )
        self.assertNotEqual('', str(error))

    def test_keys_of_each_algorithm(self):
        """Each verifies what its private key has signed, and no other."""
        found = read(*(one.jwk for one in SIGNING.values()))
        tokens = {
            one.kid: one.sign('at+jwt', {'a': 1}) for one in SIGNING.values()
        }
        for algorithm, one in SIGNING.items():
            with self.variant(algorithm):
                key = found.find(one.kid)
                self.assertEqual(algorithm, key.algorithm)
                for kid, token in tokens.items():
                    self.assertIs(kid == one.kid, key.has_signed(token))

    def test_changed_token(self):
        key = read(FIRST.jwk).find(FIRST.kid)
        token = FIRST.sign('at+jwt', {'a': 1})
        head, claims, signature = token.split('.')
        for wrong in (
            f'{head}.{claims}a.{signature}',
            f'{head}.{claims}.',
            f'{head}.{claims}',
            f'{head}.{claims}.{signature}=',
            f'{head}.{claims}.{signature[:-2]}',
            '',
            '..',
        ):
            with self.variant(wrong):
                self.assertFalse(key.has_signed(wrong))

    def test_unknown_id(self):
        self.assertIsNone(read(FIRST.jwk).find(SECOND.kid))

    def test_sets_without_a_usable_key(self):
        """I08: none of them may replace a good one."""
        unnamed = {**FIRST.jwk}
        del unnamed['kid']
        for jwks in (
            None,
            [],
            'keys',
            {},
            {'keys': {}},
            {'keys': []},
            {'keys': [unnamed]},
            {'keys': [{**FIRST.jwk, 'use': 'enc'}]},
            {'keys': [{**FIRST.jwk, 'alg': 'ES384'}]},
            {'keys': [keys.EXAMPLE | {'kty': 'oct'}]},
        ):
            with self.variant(jwks):
                self.assert_refused(jwks)

    def test_keys_without_id_or_algorithm_are_ignored(self):
        """As are those for other purposes."""
        unnamed, general = {**SECOND.jwk}, {**keys.P384, 'kid': 'x'}
        del unnamed['kid']
        general.pop('alg', None)
        other = {**SIGNING['ES384'].jwk, 'use': 'enc'}
        found = read(unnamed, general, other, FIRST.jwk)
        self.assertEqual({FIRST.kid}, found.by_id.keys())

    def test_two_keys_with_one_id(self):
        """RFC 7517, 4.5: it would be a matter of chance which is used."""
        self.assert_refused(
            {'keys': [FIRST.jwk, {**SECOND.jwk, 'kid': FIRST.kid}]}
        )

    def test_private_or_weak_key(self):
        """I08: a set with one is refused, whatever else it has."""
        for wrong in (
            {**SECOND.jwk, 'd': 'AAAA'},
            keys.rsa_jwk(1024) | {'kid': 'x', 'alg': 'RS256'},
            {**keys.ED25519, 'x': 43 * 'A', 'kid': 'x', 'alg': 'EdDSA'},
        ):
            with self.variant(wrong):
                self.assert_refused({'keys': [FIRST.jwk, wrong]})

    def test_equal_sets(self):
        """The filter compares them to see whether keys have changed."""
        one, same = read(FIRST.jwk, SECOND.jwk), read(SECOND.jwk, FIRST.jwk)
        self.assertEqual(one.by_id, same.by_id)
        self.assertNotEqual(one.by_id, read(FIRST.jwk).by_id)

    def try_out(self, jwks):
        try:
            found = public_keys.PublicKeys.read(jwks)
        except ValueError as error:
            self.assertNotEqual('', str(error))
            return
        self.assertTrue(found.by_id)
        for kid, key in found.by_id.items():
            self.assertIs(key, found.find(kid))
            self.assertIs(False, key.has_signed('a.b.c'))

    @hypothesis.given(values | st.dictionaries(st.just('keys'), values))
    def test_any_value(self, value):
        """I08: it is a set or a ValueError."""
        self.try_out(value)

    @hypothesis.given(
        st.lists(
            st.builds(
                lambda jwk, changed: {**jwk, **changed},
                genuine,
                st.dictionaries(members, values, max_size=2),
            ),
            max_size=3,
        )
    )
    def test_any_changed_keys(self, jwks):
        """I08: they are a set or a ValueError."""
        self.try_out({'keys': jwks})
