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

"""Checks for weak public keys (RFC 8725, 3.4)."""

import functools
import math

_MIN_RSA_BITS = 2048
# Larger keys make each attempt too expensive.
_MAX_RSA_BITS = 8192
# FIPS 186-5, 5.1, also allows larger exponents.
_EXPONENTS = range(2**16 + 1, 2**32, 2)
_FACTOR_LIMIT = 2**18
# Of Fermat's method, which factors a product of two primes that are close.
_FACTORING_STEPS = 64

# The field and the curve of Ed25519 (RFC 8032, 5.1), and the y of the eight
# points whose order divides 8. If one of them is the key, one constant
# signature is valid for any message.
_PRIME = 2**255 - 19
_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDERS = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})


def ed25519_problem(x: bytes) -> str | None:
    """Return why a point cannot be a key, or None.

    The sum of a proper point and a point of small order passes: such a key
    has several valid signatures for a message, but each of them still needs
    the private key.

    :param x: 32 octets, the JWK member of that name (RFC 8037, 2).
    :returns: a predicate without its subject.
    """
    # The highest bit is the sign of the other coordinate.
    y = int.from_bytes(x, 'little') % 2**255
    if y >= _PRIME:
        return 'is not a point in canonical encoding (RFC 8032, 5.1.3)'
    if y in _SMALL_ORDERS:
        return (
            'is a point of small order, so anyone can forge signatures: '
            'generate a new key'
        )
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _PRIME)
    if pow(square, (_PRIME - 1) // 2, _PRIME) != 1:
        return 'is not a point on its curve'
    return None


def rsa_problem(modulus: int, exponent: int) -> str | None:
    """Return why two numbers cannot be a key, or None.

    :returns: a predicate without its subject.
    """
    if not _MIN_RSA_BITS <= modulus.bit_length() <= _MAX_RSA_BITS:
        return f'must have {_MIN_RSA_BITS} to {_MAX_RSA_BITS} bits'
    if exponent not in _EXPONENTS:
        return (
            f'must have an odd exponent e from {_EXPONENTS.start} (FIPS '
            f'186-5, 5.1) to 2^32 - 1'
        )
    if _is_factored(modulus):
        return 'has a modulus n that is easy to factor: generate a new key'
    return None


# Takes 20 ms for 2048 bits, and 1 s for 8192.
@functools.lru_cache(maxsize=4096)
def _is_factored(modulus: int) -> bool:
    """Whether a modulus has small or close factors, or is a power of a prime.

    NIST SP 800-89, 5.3.3, requires this test. A prime divides 2^n - 2
    (Fermat), also where n is a power of it; a product of two large primes has
    no common factor with that number.
    """
    return (
        math.gcd(_small_primes(), modulus) != 1
        or _has_close_factors(modulus)
        or math.gcd(pow(2, modulus, modulus) - 2, modulus) != 1
    )


def _has_close_factors(modulus: int) -> bool:
    root = math.isqrt(modulus - 1) + 1
    for middle in range(root, root + _FACTORING_STEPS):
        square = middle * middle - modulus
        if math.isqrt(square) ** 2 == square:
            return True
    return False


@functools.cache
def _small_primes() -> int:
    """Return the product of all primes below the factor limit."""
    is_prime = bytearray([0, 0, *[1] * (_FACTOR_LIMIT - 2)])
    for number in range(2, math.isqrt(_FACTOR_LIMIT) + 1):
        if is_prime[number]:
            multiples = range(number * number, _FACTOR_LIMIT, number)
            is_prime[multiples.start :: number] = bytes(len(multiples))
    return math.prod(
        number for number in range(_FACTOR_LIMIT) if is_prime[number]
    )
