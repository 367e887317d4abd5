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

"""Keys that sign JWT access tokens."""

import dataclasses
import json

import jwt

from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.tests import base


def key(now=0, active_since=None):
    """Return a new key."""
    members = json.loads(
        signing_keys.SigningKey.generate('EdDSA', now).write()
    )
    members['active_since'] = active_since
    return signing_keys.SigningKey.read(json.dumps(members))


class SigningKeyTest(base.TestCase):
    def test_each_algorithm(self):
        """H05: RS256 among them; what is read is what was written."""
        self.assertIn('RS256', signing_keys.ALGORITHMS)
        for algorithm in signing_keys.ALGORITHMS:
            with self.variant(algorithm):
                one = signing_keys.SigningKey.generate(algorithm, 7)
                read = signing_keys.SigningKey.read(one.write())
                self.assertEqual(one.jwk, read.jwk)
                self.assertEqual((7, None), (read.created_at, None))
                token = one.sign('at+jwt', {'a': 1})
                self.assertTrue(read.has_signed(token))
                self.assertEqual(
                    {'a': 1},
                    jwt.decode(
                        token, jwt.PyJWK(one.jwk), algorithms=[algorithm]
                    ),
                )

    def test_signature_of_another_key(self):
        token = key().sign('at+jwt', {})
        self.assertFalse(key().has_signed(token))

    def test_what_is_no_key(self):
        good = json.loads(key().write())
        for text in (
            '',
            '[]',
            '{}',
            json.dumps({**good, 'alg': 'ES256'}),
            json.dumps({**good, 'alg': 'none'}),
            json.dumps({**good, 'kty': 'oct'}),
            json.dumps({**good, 'd': 'x'}),
            json.dumps({n: v for n, v in good.items() if n != 'd'}),
        ):
            with self.variant(text):
                self.assertRaises(
                    ValueError, signing_keys.SigningKey.read, text
                )


class KeySetTest(base.TestCase):
    """H09: which keys sign, and which are published."""

    def test_keys_that_have_signed_since_a_moment(self):
        """A key has signed until the next one began to."""
        staged, third, second, first = (
            key(),
            key(active_since=30),
            key(active_since=20),
            key(active_since=10),
        )
        keys = signing_keys.KeySet(staged, (third, second, first))
        self.assertIs(third, keys.active)
        for moment, expected in (
            (20, (third, second, first)),
            (21, (third, second)),
            (30, (third, second)),
            (31, (third,)),
        ):
            with self.variant(moment):
                self.assertEqual(expected, keys.since(moment).signing)
                self.assertIs(staged, keys.since(moment).staged)

    def test_key_that_is_staged_and_active_is_shown_once(self):
        """While a rotation is under way."""
        one = key()
        keys = signing_keys.KeySet(one, (one,))
        self.assertEqual([one.jwk], keys.jwks()['keys'])

    def test_keys_before_the_first_one_are_worthless(self):
        first = dataclasses.replace(key(20, 20), is_first=True)
        later = key(30, 30)
        for staged, expected in ((key(40), True), (key(10), False)):
            keys = signing_keys.KeySet.of(staged, (later, first, key(10, 10)))
            self.assertEqual((later, first), keys.signing)
            self.assertEqual(expected, keys.staged is not None)

    def test_no_keys(self):
        keys = signing_keys.KeySet()
        self.assertIsNone(keys.active)
        self.assertEqual((), keys.since(0).all)
