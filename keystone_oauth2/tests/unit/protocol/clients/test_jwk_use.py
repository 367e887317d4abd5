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

"""Algorithms, thumbprints and signatures of keys (RFC 7517, RFC 7638)."""

import jwt

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol.clients import keys


class AlgorithmsTest(base.TestCase):
    def test_all_algorithms_are_asymmetric_and_sorted(self):
        """C07: neither none nor HMAC is accepted."""
        self.assertEqual(
            ('ES256', 'ES384', 'ES512', *keys.ED25519_NAMES, *keys.RSA),
            jwk.ALGORITHMS,
        )

    def test_key_determines_its_algorithms(self):
        """C07: RFC 8725, 3.1."""
        for key, expected in (
            (keys.rsa_jwk(2048), keys.RSA),
            (keys.EXAMPLE, ('RS256',)),
            (keys.P256, ('ES256',)),
            (keys.P384, ('ES384',)),
            (keys.P521, ('ES512',)),
            (keys.ED25519, keys.ED25519_NAMES),
            ({**keys.ED25519, 'alg': 'EdDSA'}, keys.ED25519_NAMES),
            ({**keys.ED25519, 'alg': 'Ed25519'}, keys.ED25519_NAMES),
            (keys.SECP256K1, ()),
            ({**keys.P256, 'alg': 'ES384'}, ()),
        ):
            with self.variant(key):
                self.assertEqual(expected, jwk.algorithms(key))


class ThumbprintTest(base.TestCase):
    def test_thumbprint_equals_that_of_the_standards(self):
        """RFC 7638, 3.1, and RFC 8037, A.3."""
        self.assertEqual(
            'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
            jwk.thumbprint(jwk.read(keys.EXAMPLE)),
        )
        self.assertEqual(
            'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
            jwk.thumbprint(jwk.read(keys.ED25519)),
        )

    def test_only_required_members_are_hashed(self):
        """RFC 7638, 3.2: in any order."""
        for key in (keys.EXAMPLE, keys.ED25519, keys.P256):
            with self.variant(key):
                expected = jwk.thumbprint(key)
                turned = dict(reversed(key.items()))
                turned |= {'kid': 'another', 'alg': 'x', 'use': 'sig'}
                self.assertEqual(expected, jwk.thumbprint(turned))

    def test_different_keys_have_different_thumbprints(self):
        different = (
            keys.EXAMPLE,
            keys.ED25519,
            keys.P256,
            keys.P384,
            keys.P521,
            keys.rsa_jwk(2048),
        )
        self.assertEqual(
            len(different), len({*map(jwk.thumbprint, different)})
        )


class HasSignedTest(base.TestCase):
    """C07: the key, the algorithm and the text are all checked."""

    def test_key_has_signed_only_the_signed_text(self):
        for name in ('ES256', 'ES384', 'EdDSA', 'RS256', 'PS512'):
            with self.variant(name):
                signer = assertions.Signer('client', 'issuer', name)
                token = signer.assertion()
                self.assertTrue(
                    jwk.has_signed(signer.jwk, token, signer.algorithm)
                )
                changed = token[:-8] + 'AAAAAAAA'
                self.assertFalse(
                    jwk.has_signed(signer.jwk, changed, signer.algorithm)
                )

    def test_both_names_of_ed25519_are_accepted(self):
        """C07: RFC 9864, 2.2; the header is verified as it was signed."""
        signer = assertions.Signer('client', 'issuer', 'EdDSA')
        token = signer.assertion()
        for registered in ({}, {'alg': 'EdDSA'}, {'alg': 'Ed25519'}):
            for name in keys.ED25519_NAMES:
                with self.variant((registered, name)):
                    value = {**signer.jwk, **registered}
                    self.assertTrue(jwk.has_signed(value, token, name))

    def test_another_key_has_not_signed(self):
        signer = assertions.Signer('client', 'issuer')
        self.assertFalse(
            jwk.has_signed(keys.P256, signer.assertion(), 'ES256')
        )

    def test_algorithm_other_than_that_of_the_key_is_refused(self):
        key = assertions.rsa_key()
        value = {**assertions.jwk(key, 'RS256'), 'alg': 'PS256'}
        self.assertTrue(
            jwk.has_signed(value, jwt.encode({}, key, 'PS256'), 'PS256')
        )
        self.assertFalse(
            jwk.has_signed(value, jwt.encode({}, key, 'RS256'), 'PS256')
        )
