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

"""Public keys of clients (RFC 7517)."""

import base64
import json
import string

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed448
import jwt
from jwt import algorithms

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol.clients import keys

NO_ALGORITHM = (
    'has an alg other than ES256, ES384, ES512, Ed25519, EdDSA, PS256, '
    'PS384, PS512, RS256, RS384, RS512'
)
WRONG_ALGORITHM = 'has an alg that does not fit its kty and crv'
NO_CURVE = {
    'EC': 'is of kty EC with a crv other than P-256, P-384, P-521',
    'OKP': 'is of kty OKP with a crv other than Ed25519',
}


class ClientKeyTestCase(base.TestCase):
    def assert_refused(self, reason, value, error=ValueError):
        refused = self.assert_raises(error, jwk.read, value)
        self.assertEqual(reason, str(refused))

    def assert_other(self, reason, value):
        """Assert that a key is refused as unsuitable for client assertions."""
        self.assert_refused(reason, value, jwk.OtherKey)


class ReadTest(ClientKeyTestCase):
    def test_public_keys_of_all_supported_types_are_accepted(self):
        """C07: one for each supported algorithm."""
        for key in (
            keys.EXAMPLE,
            keys.ED25519,
            keys.P256,
            keys.P384,
            keys.P521,
            keys.rsa_jwk(2048),
        ):
            with self.variant(key):
                self.assertEqual(key, jwk.read(key))

    def test_only_required_members_are_kept(self):
        """C07: no URL of another key is kept."""
        self.assertEqual(
            {**keys.P256, 'kid': 'x', 'alg': 'ES256'},
            jwk.read(
                {
                    **keys.P256,
                    'kid': 'x',
                    'alg': 'ES256',
                    'use': 'sig',
                    'key_ops': ['verify'],
                    'x5u': 'https://another.example.com/certificate',
                    'x5c': ['AAAA'],
                    'n': 1,
                    'whatever': {'x': ['\ud800']},
                }
            ),
        )

    def test_private_key_is_refused(self):
        """C07: a private key that was sent must not be used any longer."""
        private = (
            assertions.jwk(assertions.rsa_key(), 'RS256', is_private=True),
            assertions.jwk(
                ec.generate_private_key(ec.SECP256R1()),
                'ES256',
                is_private=True,
            ),
            assertions.jwk(
                assertions.new_key('EdDSA'), 'EdDSA', is_private=True
            ),
            *(
                {**keys.EXAMPLE, name: ''}
                for name in ('d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k')
            ),
            {'kty': 'AKP', 'alg': 'ML-DSA-44', 'pub': 'AAAA', 'priv': 'AAAA'},
        )
        for key in private:
            with self.variant(key):
                self.assert_refused(
                    'has private or secret members: generate a new key', key
                )

    def test_secret_key_is_refused(self):
        """C07: a shared secret is not a public key."""
        self.assert_refused(
            'has private or secret members: generate a new key',
            {'kty': 'oct', 'k': 'AAAA'},
        )
        for kind in ('oct', 'AKP', 'rsa', '\ud800'):
            with self.variant(kind):
                self.assert_other(
                    'has a kty other than EC, OKP and RSA',
                    {**keys.EXAMPLE, 'kty': kind},
                )
        for kind in ('', None, 1, ['RSA'], {}):
            with self.variant(kind):
                self.assert_refused(
                    'has a member kty that is not a non-empty string',
                    {**keys.EXAMPLE, 'kty': kind},
                )
        self.assert_refused('lacks the member kty', {})

    def test_key_for_another_purpose_is_refused(self):
        """C07: an encryption key does not sign."""
        for use in ('enc', 'SIG', 'sig '):
            with self.variant(use):
                self.assert_other(
                    'is not for signatures (use)', {**keys.P256, 'use': use}
                )
        for use in ('', None, 1, ['sig']):
            with self.variant(use):
                self.assert_refused(
                    'has a member use that is not a non-empty string',
                    {**keys.P256, 'use': use},
                )
        for operations in ([], ['sign'], ['encrypt', 'wrapKey']):
            with self.variant(operations):
                self.assert_other(
                    'is not for verification (key_ops)',
                    {**keys.P256, 'key_ops': operations},
                )
        for operations in ([['verify']], ['verify', 1], 'verify', {}, None):
            with self.variant(operations):
                self.assert_refused(
                    'has a member key_ops that is not a list of strings',
                    {**keys.P256, 'key_ops': operations},
                )
        for operations in (['verify'], ['sign', 'verify']):
            with self.variant(operations):
                self.assertEqual(
                    keys.P256, jwk.read({**keys.P256, 'key_ops': operations})
                )

    def test_algorithm_must_match_the_key(self):
        """C07: RFC 8725, 3.1."""
        for key, fitting in (
            (keys.rsa_jwk(2048), keys.RSA),
            (keys.P256, ('ES256',)),
            (keys.P384, ('ES384',)),
            (keys.P521, ('ES512',)),
            (keys.ED25519, keys.ED25519_NAMES),
        ):
            for name in jwk.ALGORITHMS:
                with self.variant((key, name)):
                    wanted = {**key, 'alg': name}
                    if name in fitting:
                        self.assertEqual(wanted, jwk.read(wanted))
                    else:
                        self.assert_refused(WRONG_ALGORITHM, wanted)
            for name in ('HS256', 'none', 'rs256', 'RSA-OAEP', 'ECDH-ES'):
                with self.variant((key, name)):
                    self.assert_other(NO_ALGORITHM, {**key, 'alg': name})

    def test_curve_must_be_supported(self):
        """C07: and belong to the type of the key."""
        x448 = ed448.Ed448PrivateKey.generate().public_key()
        ed448_jwk = json.loads(algorithms.OKPAlgorithm.to_jwk(x448))
        for key in (
            keys.SECP256K1,
            ed448_jwk,
            {**keys.P256, 'crv': 'p-256'},
            {**keys.P256, 'crv': 'Ed25519'},
            {**keys.ED25519, 'crv': 'X25519'},
            {**keys.ED25519, 'crv': 'P-256'},
            {**keys.ED25519, 'crv': '\ud800'},
        ):
            with self.variant(key):
                self.assert_other(NO_CURVE[key['kty']], key)

    def test_rsa_key_must_have_a_permitted_size(self):
        """C07: at least 2048 bits (RFC 7518, 3.3)."""
        for bits in (1024, 2040, 2047):
            with self.variant(bits):
                self.assert_refused(
                    'must have 2048 to 8192 bits', keys.rsa_jwk(bits)
                )
        number = int.from_bytes(b'\xff' * 1024 + b'\xff', 'big')
        huge = {**keys.EXAMPLE, 'n': written(number)}
        self.assert_refused('must have 2048 to 8192 bits', huge)

    def test_missing_member_is_named(self):
        """C07: RFC 7518, 6."""
        for key in (keys.EXAMPLE, keys.ED25519, keys.P256):
            for name in key.keys() - {'kty', 'kid', 'alg'}:
                with self.variant((key, name)):
                    rest = {
                        member: value
                        for member, value in key.items()
                        if member != name
                    }
                    self.assert_refused(f'lacks the member {name}', rest)

    def test_member_that_is_not_a_string_is_named(self):
        """C07: whatever its type is."""
        for key in (keys.EXAMPLE, keys.ED25519, keys.P256):
            for name in (key.keys() | {'kid', 'alg'}) - {'kty'}:
                for value in (None, 1, True, '', [key.get(name)], {}):
                    with self.variant((key, name, value)):
                        self.assert_refused(
                            f'has a member {name} that is not a non-empty '
                            f'string',
                            {**key, name: value},
                        )

    def test_number_must_be_base64url_without_padding(self):
        """C07: otherwise a key would have many thumbprints (RFC 7515, 2)."""
        for key in (keys.EXAMPLE, keys.ED25519, keys.P256):
            for name in key.keys() & {'e', 'n', 'x', 'y'}:
                for value in (
                    key[name] + '=',
                    key[name] + '\n',
                    ' ' + key[name],
                    '+' + key[name][1:],
                    '/' + key[name][1:],
                    key[name] + '\xe9',
                    '\ud800',
                    '!',
                    'A',
                    'AAAAA',
                ):
                    with self.variant((name, value)):
                        self.assert_refused(
                            f'has a member {name} that is not base64url '
                            f'without padding',
                            {**key, name: value},
                        )

    def test_unused_bits_must_be_zero(self):
        """C07: otherwise a key would have many thumbprints (RFC 4648, 3.5)."""
        for key, name in (
            (keys.P256, 'x'),
            (keys.P256, 'y'),
            (keys.ED25519, 'x'),
            (keys.EXAMPLE, 'n'),
        ):
            with self.variant((key, name)):
                self.assert_refused(
                    f'has a member {name} that has unused bits in its last '
                    f'character that are not zero',
                    {**key, name: spare_bit(key[name])},
                )

    def test_number_must_not_start_with_a_zero_octet(self):
        """C07: DER may require one; a JWK must not have it (RFC 7518, 2)."""
        modulus = base64.urlsafe_b64decode(keys.EXAMPLE['n'] + '==')
        padded = base64.urlsafe_b64encode(b'\0' + modulus).decode()
        for name, value in (
            ('n', padded.rstrip('=')),
            ('n', 'AAAA' + keys.EXAMPLE['n']),
            ('n', 'A' * 400),
            ('e', 'AAEAAQ'),
            ('e', 'AA'),
        ):
            with self.variant((name, value)):
                self.assert_refused(
                    f'has a member {name} that starts with a zero octet: '
                    f'remove it (RFC 7518, 2)',
                    {**keys.EXAMPLE, name: value},
                )

    def test_coordinate_must_have_the_length_of_its_curve(self):
        """C07: including leading zero octets (RFC 7518, 6.2.1.2)."""
        for key, name, value, size, expected in (
            (keys.P256, 'x', keys.P256['x'][:40], 30, 32),
            (keys.P256, 'x', keys.P384['x'], 48, 32),
            ({**keys.P384, 'crv': 'P-521'}, 'x', keys.P384['x'], 48, 66),
            (keys.ED25519, 'x', 'AAAA' + keys.ED25519['x'], 35, 32),
            (keys.ED25519, 'x', 'AAAA', 3, 32),
        ):
            with self.variant((name, value)):
                self.assert_refused(
                    f'has a member {name} that has {size} octets instead of '
                    f'{expected}, including leading zero octets',
                    {**key, name: value},
                )

    def test_point_outside_its_curve_is_refused(self):
        """C07, K07: at registration, not at authentication."""
        zero = 'A' * 43
        for key in (
            {**keys.P256, 'y': keys.P256['x']},
            {**keys.P256, 'x': zero, 'y': zero},
            {**keys.P256, 'x': '_' * 42 + '8', 'y': '_' * 42 + '8'},
        ):
            with self.variant(key):
                self.assert_refused('is not a point on its curve', key)

    def test_key_id_must_not_be_too_long(self):
        for kid in ('x', 'x' * 255, '\xe9\U0001f600', '\ud800'):
            with self.variant(kid):
                self.assertEqual(
                    {**keys.P256, 'kid': kid},
                    jwk.read({**keys.P256, 'kid': kid}),
                )
        self.assert_refused(
            'has a kid of more than 255 characters',
            {**keys.P256, 'kid': 'x' * 256},
        )


def written(number):
    """Return the JWK representation of a number (RFC 7518, 2)."""
    return jwt.utils.to_base64url_uint(number).decode()


def spare_bit(text):
    """Return a noncanonical text that decodes to the same bytes."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase
    alphabet += string.digits + '-_'
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]
