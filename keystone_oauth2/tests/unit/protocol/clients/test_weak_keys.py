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

"""Weak public keys, for which signatures can be forged (RFC 8725, 3.4)."""

import functools
import math
import random

from cryptography import exceptions
from cryptography.hazmat.primitives.asymmetric import ed25519
import hypothesis
from hypothesis import strategies as st
import jwt

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions

# The curve and its group, implemented independently from RFC 8032, 5.1.
PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
NEUTRAL = (0, 1)

WEAK_MODULUS = 'has a modulus n that is easy to factor: generate a new key'
BAD_EXPONENT = (
    'must have an odd exponent e from 65537 (FIPS 186-5, 5.1) to 2^32 - 1'
)
SMALL_ORDER = (
    'is a point of small order, so anyone can forge signatures: '
    'generate a new key'
)
NO_POINT = 'is not a point on its curve'
NOT_CANONICAL = 'is not a point in canonical encoding (RFC 8032, 5.1.3)'


def add(one, other):
    """Return the sum of two points."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, PRIME - 2, PRIME)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, PRIME - 2, PRIME)
    return x % PRIME, y % PRIME


def multiply(number, point):
    """Return a multiple of a point."""
    result = NEUTRAL
    for bit in f'{number:b}':
        result = add(result, result)
        if bit == '1':
            result = add(result, point)
    return result


def decode(y):
    """Return the point with this second coordinate, or None."""
    square = (y * y - 1) * pow(D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    for root in (x, x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME):
        if root * root % PRIME == square:
            return root, y
    return None


def encode(point):
    """Return the 32 octets of a point."""
    x, y = point
    return (y | (x % 2) << 255).to_bytes(32, 'little')


@functools.cache
def small_order():
    """Return the eight points whose order divides 8."""
    for y in range(2, 100):
        point = decode(y)
        found = {
            multiply(i, multiply(ORDER, point or NEUTRAL)) for i in range(8)
        }
        if len(found) == 8:
            return sorted(found)
    raise AssertionError('no generator of the small group')


def okp(octets):
    return {
        'kty': 'OKP',
        'crv': 'Ed25519',
        'x': jwt.utils.base64url_encode(octets).decode(),
    }


def rsa(modulus=None, exponent=65537):
    if modulus is None:
        modulus = own_modulus()
    return {
        'kty': 'RSA',
        'n': jwt.utils.to_base64url_uint(modulus).decode(),
        'e': jwt.utils.to_base64url_uint(exponent).decode(),
    }


@functools.cache
def own_modulus():
    return assertions.rsa_key().public_key().public_numbers().n


@functools.cache
def own_primes():
    numbers = assertions.rsa_key(4096).private_numbers()
    return numbers.p, numbers.q


class WeakKeyTestCase(base.TestCase):
    def assert_refused(self, reason, key):
        """Assert that a key is refused, at registration and in use."""
        for function in (jwk.read, jwk.check):
            error = self.assert_raises(ValueError, function, key)
            self.assertEqual(reason, str(error))

    def assert_accepted(self, key):
        self.assertEqual(key, jwk.read(key))
        jwk.check(key)


class Ed25519Test(WeakKeyTestCase):
    def test_neutral_point_accepts_a_constant_signature_for_any_message(self):
        """K07: the library does not refuse it."""
        octets = encode(NEUTRAL)
        constant = octets + bytes(32)
        key = ed25519.Ed25519PublicKey.from_public_bytes(octets)
        for message in (b'', b'one', b'another'):
            self.assertIsNone(key.verify(constant, message))
        self.assert_refused(SMALL_ORDER, okp(octets))

    def test_points_of_small_order_are_refused(self):
        """K07: all eight; each accepts a constant for many messages."""
        self.assertEqual(8, len(small_order()))
        for point in small_order():
            with self.variant(point):
                self.assertEqual(NEUTRAL, multiply(8, point))
                self.assertTrue(self.is_forged(encode(point)))
                self.assert_refused(SMALL_ORDER, okp(encode(point)))

    def is_forged(self, octets):
        key = ed25519.Ed25519PublicKey.from_public_bytes(octets)
        for number in range(200):
            try:
                key.verify(encode(NEUTRAL) + bytes(32), b'%d' % number)
            except exceptions.InvalidSignature:
                continue
            return True
        return False

    def test_noncanonical_encodings_of_a_point_are_refused(self):
        """K07: with y above the prime, or the sign of an x that is 0."""
        for y in range(PRIME, 2**255):
            for sign in (0, 1):
                octets = (y | sign << 255).to_bytes(32, 'little')
                self.assert_refused(NOT_CANONICAL, okp(octets))
        for y in (1, PRIME - 1):
            octets = (y | 1 << 255).to_bytes(32, 'little')
            self.assert_refused(SMALL_ORDER, okp(octets))

    def test_octets_that_are_not_a_point_are_refused(self):
        """K07: the library checks this only during verification."""
        others = [y for y in range(2, 100) if decode(y) is None]
        self.assertNotEqual([], others)
        for y in others:
            octets = y.to_bytes(32, 'little')
            ed25519.Ed25519PublicKey.from_public_bytes(octets)
            self.assert_refused(NO_POINT, okp(octets))

    @hypothesis.given(st.integers(0, 2**255 - 1))
    def test_points_are_distinguished_from_other_octets(self, y):
        key = okp(y.to_bytes(32, 'little'))
        if y >= PRIME:
            self.assert_refused(NOT_CANONICAL, key)
        elif decode(y) is None:
            self.assert_refused(NO_POINT, key)
        elif decode(y) not in small_order():
            self.assert_accepted(key)

    @hypothesis.given(st.binary(min_size=32, max_size=32))
    def test_every_generated_key_is_accepted(self, seed):
        """C07: none is refused by mistake."""
        private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.assert_accepted(okp(private.public_key().public_bytes_raw()))

    def test_point_with_a_component_of_small_order_is_accepted(self):
        """K07: only its holder can sign with it."""
        private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
        octets = private.public_key().public_bytes_raw()
        point = decode(int.from_bytes(octets, 'little') % 2**255)
        for small in small_order():
            mixed = encode(add(point, small))
            self.assert_accepted(okp(mixed))
            self.assertFalse(self.is_forged(mixed))


class RSATest(WeakKeyTestCase):
    def test_exponent_must_be_odd_and_large_enough(self):
        """K07: with 1, the signature is the message itself."""
        for exponent in (1, 2, 3, 17, 65535, 65536, 65538, 2**32 + 1):
            with self.variant(exponent):
                self.assert_refused(BAD_EXPONENT, rsa(exponent=exponent))
        for exponent in (65537, 65539, 2**32 - 1):
            with self.variant(exponent):
                self.assert_accepted(rsa(exponent=exponent))

    def test_modulus_with_a_small_factor_is_refused(self):
        """K07: especially an even one."""
        for factor in (2, 3, 5, 251, 751, 757, 65521, 65537, 262139):
            with self.variant(factor):
                self.assert_refused(WEAK_MODULUS, rsa(own_modulus() * factor))
        self.assert_refused(WEAK_MODULUS, rsa(own_modulus() - 1))

    def test_modulus_with_a_simple_bit_pattern_is_refused(self):
        """K07: all ones, a single one, and their neighbours."""
        for bits in (2048, 2049, 2069, 2203, 3000, 3072, 4095, 4096, 4099):
            for modulus in (2**bits - 1, 2**bits, 2**bits + 1):
                if modulus.bit_length() >= 2048:
                    with self.variant((bits, modulus - 2**bits)):
                        self.assert_refused(WEAK_MODULUS, rsa(modulus))

    def test_smooth_modulus_is_refused(self):
        """K07: it is factored quickly."""
        source = random.Random(1)
        primes = [
            number
            for number in range(40_001, 200_000, 2)
            if all(number % i for i in range(3, math.isqrt(number) + 1, 2))
        ]
        for _ in range(5):
            modulus = math.prod(source.choices(primes, k=150))
            self.assert_refused(WEAK_MODULUS, rsa(modulus))

    def test_modulus_with_close_factors_is_refused(self):
        """K07: Fermat's method finds them (CVE-2022-26320)."""
        prime, _ = own_primes()
        for distance in (2, 1000, 2**500):
            self.assert_refused(WEAK_MODULUS, rsa(prime * (prime + distance)))

    def test_modulus_that_is_a_prime_or_a_prime_power_is_refused(self):
        """K07: the private key follows from it."""
        prime, _ = own_primes()
        mersenne = 2**2203 - 1
        for modulus in (prime, prime**2, mersenne, mersenne**3):
            with self.variant(modulus.bit_length()):
                self.assert_refused(WEAK_MODULUS, rsa(modulus))

    def test_prime_modulus_allows_forgery(self):
        """K07: this shows why the test above is needed."""
        prime, _ = own_primes()
        exponent = pow(65537, -1, prime - 1)
        signature = pow(12345, exponent, prime)
        self.assertEqual(12345, pow(signature, 65537, prime))

    def test_size_must_be_within_bounds(self):
        """C07: at both edges; the modulus is odd but otherwise weak."""
        size = 'must have 2048 to 8192 bits'
        for modulus, reason in (
            (2**2047 - 1, size),
            (2**2047 + 1, WEAK_MODULUS),
            (2**8192 - 1, WEAK_MODULUS),
            (2**8192 + 1, size),
        ):
            with self.variant(modulus.bit_length()):
                self.assert_refused(reason, rsa(modulus))

    def test_generated_keys_are_accepted(self):
        """C07: none is refused by mistake."""
        for bits in (2048, 3072, 4096):
            with self.variant(bits):
                key = assertions.jwk(assertions.rsa_key(bits), 'RS256')
                self.assert_accepted(key)
