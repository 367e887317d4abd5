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

"""Files with public keys."""

import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed448
import hypothesis
from hypothesis import strategies

from keystone_oauth2.fixture import certificates
from keystone_oauth2.osc import keys
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions

#: Any JSON, and text that looks like the beginning of a key.
VALUES = strategies.recursive(
    strategies.none() | strategies.text() | strategies.integers(),
    lambda inner: (
        strategies.lists(inner)
        | strategies.dictionaries(
            strategies.sampled_from(['kty', 'crv', 'x', 'keys', 'kid']), inner
        )
    ),
)
BEGINNINGS = strategies.sampled_from(
    ['', '{', '-----BEGIN PUBLIC KEY-----\n', '\ufeff']
)


def pem(key):
    """Return the public half of a key in PEM."""
    return (
        key.public_key()
        .public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        .decode()
    )


class PublicKeyTest(base.TestCase):
    def test_each_kind_is_read(self):
        made = [
            (name, assertions.new_key(name))
            for name in ('ES256', 'ES384', 'EdDSA', 'RS256')
        ]
        for algorithm, key in (
            *made,
            ('ES512', ec.generate_private_key(ec.SECP521R1())),
        ):
            public = assertions.jwk(key, algorithm)
            for text in (pem(key), json.dumps({**public, 'use': 'sig'})):
                with self.variant((algorithm, text)):
                    self.assertEqual(public, keys.read_public(text))

    def test_generated_pair_belongs_together(self):
        for algorithm in keys.ALGORITHMS:
            private, public = keys.generate(algorithm)
            key = serialization.load_pem_private_key(private, None)
            with self.variant(algorithm):
                self.assertEqual(
                    {**keys.read_public(pem(key)), 'alg': algorithm}, public
                )
                self.assertEqual(public, jwk.read(public))

    def test_others_are_refused(self):
        for text, reason in (
            (
                pem(ed448.Ed448PrivateKey.generate()),
                'is of kty OKP with a crv',
            ),
            (pem(ec.generate_private_key(ec.SECP256K1())), 'is of kty EC'),
            (pem(assertions.rsa_key(1024)), 'must have 2048'),
            (certificates.self_signed([('CN', 'a')]).pem, 'has a certificate'),
            ('{"keys": []}', 'has a JWK set'),
        ):
            with self.variant(reason):
                error = self.assertRaises(ValueError, keys.read_public, text)
                self.assertIn(reason, str(error))

    @hypothesis.given(BEGINNINGS, strategies.text() | VALUES.map(json.dumps))
    @hypothesis.example('', '{"keys":' * 100000)
    @hypothesis.example('', '[' * 100000)
    def test_any_text_is_read_or_refused(self, beginning, rest):
        self.assertRaises(ValueError, keys.read_public, beginning + rest)
