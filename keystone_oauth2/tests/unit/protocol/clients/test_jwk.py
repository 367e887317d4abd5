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
import functools
import json
import string

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed448
from cryptography.hazmat.primitives.asymmetric import rsa
import hypothesis
from hypothesis import strategies as st
import jwt
from jwt import algorithms

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import strategies

#: The key of RFC 7638, 3.1.
EXAMPLE = {
    'kty': 'RSA',
    'n': (
        '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK'
        '7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yB'
        'XArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb'
        '9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f'
        'M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    ),
    'e': 'AQAB',
    'alg': 'RS256',
    'kid': '2011-04-29',
}
#: The key of RFC 8037, A.2.
ED25519 = {
    'kty': 'OKP',
    'crv': 'Ed25519',
    'x': '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}
P256, P384 = (
    assertions.jwk(assertions.new_key(name), name)
    for name in ('ES256', 'ES384')
)
P521 = assertions.jwk(ec.generate_private_key(ec.SECP521R1()), 'ES512')
SECP256K1 = assertions.jwk(ec.generate_private_key(ec.SECP256K1()), 'ES256K')
RSA = ('PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512')
ED25519_NAMES = ('Ed25519', 'EdDSA')
NO_ALGORITHM = (
    'has an alg other than ES256, ES384, ES512, Ed25519, EdDSA, PS256, '
    'PS384, PS512, RS256, RS384, RS512'
)
WRONG_ALGORITHM = 'has an alg that does not fit its kty and crv'
NO_CURVE = {
    'EC': 'is of kty EC with a crv other than P-256, P-384, P-521',
    'OKP': 'is of kty OKP with a crv other than Ed25519',
}


@functools.cache
def rsa_jwk(bits, exponent=65537):
    return assertions.jwk(rsa.generate_private_key(exponent, bits), 'RS256')


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
        for key in (EXAMPLE, ED25519, P256, P384, P521, rsa_jwk(2048)):
            with self.variant(key):
                self.assertEqual(key, jwk.read(key))

    def test_only_required_members_are_kept(self):
        """C07: no URL of another key is kept."""
        self.assertEqual(
            {**P256, 'kid': 'x', 'alg': 'ES256'},
            jwk.read(
                {
                    **P256,
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
                {**EXAMPLE, name: ''}
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
                    {**EXAMPLE, 'kty': kind},
                )
        for kind in ('', None, 1, ['RSA'], {}):
            with self.variant(kind):
                self.assert_refused(
                    'has a member kty that is not a non-empty string',
                    {**EXAMPLE, 'kty': kind},
                )
        self.assert_refused('lacks the member kty', {})

    def test_key_for_another_purpose_is_refused(self):
        """C07: an encryption key does not sign."""
        for use in ('enc', 'SIG', 'sig '):
            with self.variant(use):
                self.assert_other(
                    'is not for signatures (use)', {**P256, 'use': use}
                )
        for use in ('', None, 1, ['sig']):
            with self.variant(use):
                self.assert_refused(
                    'has a member use that is not a non-empty string',
                    {**P256, 'use': use},
                )
        for operations in ([], ['sign'], ['encrypt', 'wrapKey']):
            with self.variant(operations):
                self.assert_other(
                    'is not for verification (key_ops)',
                    {**P256, 'key_ops': operations},
                )
        for operations in ([['verify']], ['verify', 1], 'verify', {}, None):
            with self.variant(operations):
                self.assert_refused(
                    'has a member key_ops that is not a list of strings',
                    {**P256, 'key_ops': operations},
                )
        for operations in (['verify'], ['sign', 'verify']):
            with self.variant(operations):
                self.assertEqual(
                    P256, jwk.read({**P256, 'key_ops': operations})
                )

    def test_algorithm_must_match_the_key(self):
        """C07: RFC 8725, 3.1."""
        for key, fitting in (
            (rsa_jwk(2048), RSA),
            (P256, ('ES256',)),
            (P384, ('ES384',)),
            (P521, ('ES512',)),
            (ED25519, ED25519_NAMES),
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
            SECP256K1,
            ed448_jwk,
            {**P256, 'crv': 'p-256'},
            {**P256, 'crv': 'Ed25519'},
            {**ED25519, 'crv': 'X25519'},
            {**ED25519, 'crv': 'P-256'},
            {**ED25519, 'crv': '\ud800'},
        ):
            with self.variant(key):
                self.assert_other(NO_CURVE[key['kty']], key)

    def test_rsa_key_must_have_a_permitted_size(self):
        """C07: at least 2048 bits (RFC 7518, 3.3)."""
        for bits in (1024, 2040, 2047):
            with self.variant(bits):
                self.assert_refused(
                    'must have 2048 to 8192 bits', rsa_jwk(bits)
                )
        number = int.from_bytes(b'\xff' * 1024 + b'\xff', 'big')
        huge = {**EXAMPLE, 'n': written(number)}
        self.assert_refused('must have 2048 to 8192 bits', huge)

    def test_missing_member_is_named(self):
        """C07: RFC 7518, 6."""
        for key in (EXAMPLE, ED25519, P256):
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
        for key in (EXAMPLE, ED25519, P256):
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
        for key in (EXAMPLE, ED25519, P256):
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
            (P256, 'x'),
            (P256, 'y'),
            (ED25519, 'x'),
            (EXAMPLE, 'n'),
        ):
            with self.variant((key, name)):
                self.assert_refused(
                    f'has a member {name} that has unused bits in its last '
                    f'character that are not zero',
                    {**key, name: spare_bit(key[name])},
                )

    def test_number_must_not_start_with_a_zero_octet(self):
        """C07: DER may require one; a JWK must not have it (RFC 7518, 2)."""
        modulus = base64.urlsafe_b64decode(EXAMPLE['n'] + '==')
        padded = base64.urlsafe_b64encode(b'\0' + modulus).decode()
        for name, value in (
            ('n', padded.rstrip('=')),
            ('n', 'AAAA' + EXAMPLE['n']),
            ('n', 'A' * 400),
            ('e', 'AAEAAQ'),
            ('e', 'AA'),
        ):
            with self.variant((name, value)):
                self.assert_refused(
                    f'has a member {name} that starts with a zero octet: '
                    f'remove it (RFC 7518, 2)',
                    {**EXAMPLE, name: value},
                )

    def test_coordinate_must_have_the_length_of_its_curve(self):
        """C07: including leading zero octets (RFC 7518, 6.2.1.2)."""
        for key, name, value, size, expected in (
            (P256, 'x', P256['x'][:40], 30, 32),
            (P256, 'x', P384['x'], 48, 32),
            ({**P384, 'crv': 'P-521'}, 'x', P384['x'], 48, 66),
            (ED25519, 'x', 'AAAA' + ED25519['x'], 35, 32),
            (ED25519, 'x', 'AAAA', 3, 32),
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
            {**P256, 'y': P256['x']},
            {**P256, 'x': zero, 'y': zero},
            {**P256, 'x': '_' * 42 + '8', 'y': '_' * 42 + '8'},
        ):
            with self.variant(key):
                self.assert_refused('is not a point on its curve', key)

    def test_key_id_must_not_be_too_long(self):
        for kid in ('x', 'x' * 255, '\xe9\U0001f600', '\ud800'):
            with self.variant(kid):
                self.assertEqual(
                    {**P256, 'kid': kid}, jwk.read({**P256, 'kid': kid})
                )
        self.assert_refused(
            'has a kid of more than 255 characters',
            {**P256, 'kid': 'x' * 256},
        )


class AlgorithmsTest(base.TestCase):
    def test_all_algorithms_are_asymmetric_and_sorted(self):
        """C07: neither none nor HMAC is accepted."""
        self.assertEqual(
            ('ES256', 'ES384', 'ES512', *ED25519_NAMES, *RSA),
            jwk.ALGORITHMS,
        )

    def test_key_determines_its_algorithms(self):
        """C07: RFC 8725, 3.1."""
        for key, expected in (
            (rsa_jwk(2048), RSA),
            (EXAMPLE, ('RS256',)),
            (P256, ('ES256',)),
            (P384, ('ES384',)),
            (P521, ('ES512',)),
            (ED25519, ED25519_NAMES),
            ({**ED25519, 'alg': 'EdDSA'}, ED25519_NAMES),
            ({**ED25519, 'alg': 'Ed25519'}, ED25519_NAMES),
            (SECP256K1, ()),
            ({**P256, 'alg': 'ES384'}, ()),
        ):
            with self.variant(key):
                self.assertEqual(expected, jwk.algorithms(key))


class ThumbprintTest(base.TestCase):
    def test_thumbprint_equals_that_of_the_standards(self):
        """RFC 7638, 3.1, and RFC 8037, A.3."""
        self.assertEqual(
            'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
            jwk.thumbprint(jwk.read(EXAMPLE)),
        )
        self.assertEqual(
            'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
            jwk.thumbprint(jwk.read(ED25519)),
        )

    def test_only_required_members_are_hashed(self):
        """RFC 7638, 3.2: in any order."""
        for key in (EXAMPLE, ED25519, P256):
            with self.variant(key):
                expected = jwk.thumbprint(key)
                turned = dict(reversed(key.items()))
                turned |= {'kid': 'another', 'alg': 'x', 'use': 'sig'}
                self.assertEqual(expected, jwk.thumbprint(turned))

    def test_different_keys_have_different_thumbprints(self):
        keys = (EXAMPLE, ED25519, P256, P384, P521, rsa_jwk(2048))
        self.assertEqual(len(keys), len({*map(jwk.thumbprint, keys)}))


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
            for name in ED25519_NAMES:
                with self.variant((registered, name)):
                    value = {**signer.jwk, **registered}
                    self.assertTrue(jwk.has_signed(value, token, name))

    def test_another_key_has_not_signed(self):
        signer = assertions.Signer('client', 'issuer')
        self.assertFalse(jwk.has_signed(P256, signer.assertion(), 'ES256'))

    def test_algorithm_other_than_that_of_the_key_is_refused(self):
        key = assertions.rsa_key()
        value = {**assertions.jwk(key, 'RS256'), 'alg': 'PS256'}
        self.assertTrue(
            jwk.has_signed(value, jwt.encode({}, key, 'PS256'), 'PS256')
        )
        self.assertFalse(
            jwk.has_signed(value, jwt.encode({}, key, 'RS256'), 'PS256')
        )


values = strategies.json_values(max_size=50, max_leaves=6)
members = st.sampled_from(
    ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use', 'key_ops', 'keys']
)
numbers = st.text(
    st.sampled_from('AQBz09_-'), min_size=1, max_size=1400
) | st.sampled_from([EXAMPLE['n'], P256['x'], P256['y'], ED25519['x']])


class NothingElseTest(base.TestCase):
    """C07: any registered value is a key or a ValueError."""

    def try_out(self, value):
        try:
            key = jwk.read(value)
        except ValueError:
            return
        self.assertEqual(key, jwk.read(key))
        self.assertEqual(43, len(jwk.thumbprint(key)))
        jwk.check(key)

    @hypothesis.given(st.dictionaries(members | st.text(), values))
    def test_any_object_is_read_or_refused(self, value):
        self.try_out(value)
        try:
            jwk.read_set(value)
        except ValueError as error:
            self.assertNotEqual('', str(error))

    @hypothesis.given(
        st.sampled_from([EXAMPLE, ED25519, P256, P384]),
        st.dictionaries(members, values, max_size=2),
    )
    def test_any_changed_member_is_read_or_refused(self, key, changed):
        self.try_out({**key, **changed})

    @hypothesis.given(
        st.sampled_from([EXAMPLE, ED25519, P256, P384]),
        st.dictionaries(st.sampled_from(['x', 'y', 'n', 'e']), numbers),
    )
    def test_any_changed_number_is_read_or_refused(self, key, changed):
        self.try_out({**key, **changed})


def written(number):
    """Return the JWK representation of a number (RFC 7518, 2)."""
    return jwt.utils.to_base64url_uint(number).decode()


def spare_bit(text):
    """Return a noncanonical text that decodes to the same bytes."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase
    alphabet += string.digits + '-_'
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]
