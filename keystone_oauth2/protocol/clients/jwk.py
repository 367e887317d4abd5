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

"""Public keys of clients (RFC 7517), for ``private_key_jwt``."""

import base64
import collections.abc as abc
import dataclasses
import hashlib
import json
import re
import typing as ty

import jwt
from jwt import algorithms as pyjwt_algorithms

from keystone_oauth2.protocol.clients import _weak_keys

# Members of a public key, in the order of their names (RFC 7638, 3.2).
_MEMBERS = {
    'EC': ('crv', 'kty', 'x', 'y'),
    'OKP': ('crv', 'kty', 'x'),
    'RSA': ('e', 'kty', 'n'),
}
_NUMBERS = frozenset({'e', 'n', 'x', 'y'})
# RFC 7515, 2: without padding.
_BASE64URL = re.compile('[A-Za-z0-9_-]*')
# "priv" belongs to ML-DSA (kty AKP), which is not supported: a private key is
# refused whatever it is for.
_PRIVATE = frozenset({'d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'})
# The two names for Ed25519 mean the same signature (RFC 9864, 2.2).
_CURVES = {
    ('EC', 'P-256'): ('ES256',),
    ('EC', 'P-384'): ('ES384',),
    ('EC', 'P-521'): ('ES512',),
    ('OKP', 'Ed25519'): ('Ed25519', 'EdDSA'),
}
# Octets of a coordinate (RFC 7518, 6.2.1.2; RFC 8032, 5.1.5).
_SIZES = {'P-256': 32, 'P-384': 48, 'P-521': 66, 'Ed25519': 32}
_RSA = ('PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512')
_KINDS: tuple[ty.Any, ...] = (
    pyjwt_algorithms.RSAAlgorithm,
    pyjwt_algorithms.ECAlgorithm,
    pyjwt_algorithms.OKPAlgorithm,
)
# PyJWT's name of an algorithm, where it differs.
_PYJWT_NAMES = {'Ed25519': 'EdDSA'}
# The test of a modulus takes up to a second: two seconds a request.
# How many bits RSA keys may have in total: looking for weak ones takes time.
_MAX_RSA_BITS_OF_SET = 20480
_MAX_KID_LENGTH = 255
_MAX_KEYS = 100

#: All supported algorithms, for the metadata (RFC 8414, 2).
ALGORITHMS = tuple(
    sorted({*_RSA, *(name for names in _CURVES.values() for name in names)})
)

JWK = abc.Mapping[str, ty.Any]


class OtherKey(ValueError):
    """A key that is not for signatures, or of an unsupported kind.

    Such a key may be valid. In a JWK set, it is ignored (RFC 7517, 5).
    """


@dataclasses.dataclass(frozen=True)
class Ignored:
    """A key that was ignored in a set.

    :ivar index: its place in the set, from 0.
    :ivar kid: its id, if it has one.
    :ivar reason: a predicate without its subject.
    """

    index: int
    kid: str | None
    reason: str


def read(jwk: JWK) -> dict[str, str]:
    """Return a public key with its required members only.

    :param jwk: the key as a client sent it.
    :raises OtherKey: it is for another purpose, or of an unsupported kind.
    :raises ValueError: it is malformed, private or weak; the message is a
        predicate without its subject.
    """
    key = read_members(jwk)
    check(key)
    return key


def read_set(jwks: JWK) -> tuple[list[dict[str, str]], list[Ignored]]:
    """Return the keys of a JWK set, and those that are ignored.

    :raises ValueError: as for :func:`read`, or no key is usable. A set with a
        private key is refused, whatever that key is for.
    """
    keys = jwks.get('keys')
    if not isinstance(keys, list) or not 0 < len(keys) <= _MAX_KEYS:
        raise ValueError(f'set must have 1 to {_MAX_KEYS} keys')
    found: dict[int, dict[str, str]] = {}
    ignored = []
    for index, jwk in enumerate(keys):
        try:
            if not isinstance(jwk, dict):
                raise ValueError('is not an object')
            found[index] = read_members(jwk)
        except OtherKey as error:
            kid = jwk.get('kid')
            kid = kid if isinstance(kid, str) else None
            ignored.append(Ignored(index, kid, str(error)))
        except ValueError as error:
            raise _at(index, error) from error
    if not found:
        raise ValueError(
            f'at index 0 of the set {ignored[0].reason}, and no other key is '
            f'usable'
        )
    _check_set(found)
    return list(found.values()), ignored


def from_key(key: ty.Any) -> dict[str, str]:
    """Return a key of cryptography as a JWK, private if it is private.

    :raises ValueError: it is of an unsupported kind; the message is a
        predicate without its subject.
    """
    for kind in _KINDS:
        try:
            members: dict[str, str] = kind.to_jwk(key, as_dict=True)
        except (jwt.PyJWTError, AttributeError):
            continue
        # PyJWT's own idea.
        members.pop('key_ops', None)
        return members
    raise ValueError('is not a key of a supported kind')


def read_members(jwk: JWK) -> dict[str, str]:
    """Return what :func:`read` does, of a key that may be weak.

    :raises OtherKey: as :func:`read`, and ``ValueError``.
    """
    if is_private(jwk):
        raise ValueError('has private or secret members: generate a new key')
    _check_kind(jwk)
    key = {name: _member(name, jwk) for name in _MEMBERS[jwk['kty']]}
    for name in ('kid', 'alg'):
        if name in jwk:
            key[name] = _member(name, jwk)
    if len(key.get('kid', '')) > _MAX_KID_LENGTH:
        raise ValueError(
            f'has a kid of more than {_MAX_KID_LENGTH} characters'
        )
    if not algorithms(key):
        raise ValueError('has an alg that does not fit its kty and crv')
    return key


def rsa_bits(jwk: JWK) -> int:
    """Return the length of an RSA key in bits; 0 for others."""
    return 8 * len(octets(jwk.get('n', '')))


def algorithms(jwk: JWK) -> tuple[str, ...]:
    """Return the algorithms that a key can be used with (RFC 8725, 3.1).

    A key registered for ``EdDSA`` or ``Ed25519`` can be used with both names,
    which mean the same signature (RFC 9864, 2.2).
    """
    is_rsa = jwk['kty'] == 'RSA'
    known = _RSA if is_rsa else _CURVES.get((jwk['kty'], jwk['crv']), ())
    if 'alg' not in jwk:
        return known
    if jwk['alg'] not in known:
        return ()
    return (jwk['alg'],) if is_rsa else known


def thumbprint(jwk: JWK) -> str:
    """Return the thumbprint of a key (RFC 7638): base64url of SHA-256."""
    members = {name: jwk[name] for name in _MEMBERS[jwk['kty']]}
    text = json.dumps(members, separators=(',', ':'), sort_keys=True)
    return _base64url(hashlib.sha256(text.encode()).digest())


def has_signed(jwk: JWK, token: str, algorithm: str) -> bool:
    """Whether a compact JWS was signed with a key.

    :param algorithm: the one in the JWS header, which the key must allow.
    """
    signed, _, signature = token.rpartition('.')
    try:
        key = jwt.PyJWK(dict(jwk), algorithm=pyjwt_name(algorithm))
        return key.Algorithm.verify(
            signed.encode(), key.key, octets(signature)
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        return False


def pyjwt_name(algorithm: str) -> str:
    """Return PyJWT's name of an algorithm."""
    return _PYJWT_NAMES.get(algorithm, algorithm)


def check(jwk: JWK) -> None:
    """Check that only the holder of the private key can sign.

    :param jwk: as :func:`read` returns it, possibly in an older release.
    :raises ValueError: anyone can forge signatures (RFC 8725, 3.4), or it is
        not a key; the message is a predicate without its subject.
    """
    if jwk['kty'] == 'RSA':
        problem = _weak_keys.rsa_problem(_number(jwk['n']), _number(jwk['e']))
    elif jwk['kty'] == 'OKP':
        problem = _weak_keys.ed25519_problem(octets(jwk['x']))
    else:
        problem = _ec_problem(jwk)
    if problem is not None:
        raise ValueError(problem)


def is_private(jwk: JWK) -> bool:
    """Whether a key has private or secret members."""
    return not _PRIVATE.isdisjoint(jwk)


def octets(text: str) -> bytes:
    """Decode base64url text (RFC 7515, 2).

    Only the canonical form is accepted: otherwise one key could have several
    thumbprints.

    :raises ValueError: it has another form; the message is a predicate
        without its subject.
    """
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError('is not base64url without padding')
    content = base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
    if _base64url(content) != text:
        raise ValueError(
            'has unused bits in its last character that are not zero'
        )
    return content


def _check_kind(jwk: JWK) -> None:
    """Check that a key is of a supported kind and for signatures.

    :raises OtherKey: it is not.
    :raises ValueError: a member that says so is missing or malformed.
    """
    if _member('kty', jwk) not in _MEMBERS:
        raise OtherKey('has a kty other than EC, OKP and RSA')
    if 'use' in jwk and _member('use', jwk) != 'sig':
        raise OtherKey('is not for signatures (use)')
    operations = jwk.get('key_ops', ['verify'])
    if not isinstance(operations, list) or not all(
        isinstance(operation, str) for operation in operations
    ):
        raise ValueError('has a member key_ops that is not a list of strings')
    if 'verify' not in operations:
        raise OtherKey('is not for verification (key_ops)')
    kind = jwk['kty']
    if kind != 'RSA' and (kind, _member('crv', jwk)) not in _CURVES:
        curves = ', '.join(crv for kty, crv in _CURVES if kty == kind)
        raise OtherKey(f'is of kty {kind} with a crv other than {curves}')
    if 'alg' in jwk and _member('alg', jwk) not in ALGORITHMS:
        raise OtherKey(f'has an alg other than {", ".join(ALGORITHMS)}')


def _check_set(keys: abc.Mapping[int, dict[str, str]]) -> None:
    bits = sum(map(rsa_bits, keys.values()))
    if bits > _MAX_RSA_BITS_OF_SET:
        raise ValueError(
            f'set has RSA keys with more than {_MAX_RSA_BITS_OF_SET} bits in '
            f'total: send fewer at a time'
        )
    first: dict[str, int] = {}
    for index, key in keys.items():
        try:
            check(key)
        except ValueError as error:
            raise _at(index, error) from error
        other = first.setdefault(thumbprint(key), index)
        if other != index:
            raise _at(index, f'is a duplicate of the key at index {other}')


def _at(index: int, reason: object) -> ValueError:
    return ValueError(f'at index {index} of the set {reason}')


def _member(name: str, jwk: JWK) -> str:
    if name not in jwk:
        raise ValueError(f'lacks the member {name}')
    value = jwk[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f'has a member {name} that is not a non-empty string')
    if name in _NUMBERS:
        problem = _number_problem(name, value, jwk)
        if problem is not None:
            raise ValueError(f'has a member {name} that {problem}')
    return value


def _number_problem(name: str, text: str, jwk: JWK) -> str | None:
    try:
        content = octets(text)
    except ValueError as error:
        return str(error)
    if name in ('e', 'n'):
        if content.startswith(b'\0'):
            return 'starts with a zero octet: remove it (RFC 7518, 2)'
        return None
    size = _SIZES[jwk['crv']]
    if len(content) != size:
        return (
            f'has {len(content)} octets instead of {size}, including leading '
            f'zero octets'
        )
    return None


def _number(text: str) -> int:
    return int.from_bytes(octets(text), 'big')


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip('=')


def _ec_problem(jwk: JWK) -> str | None:
    # A JWK cannot represent the point at infinity.
    try:
        jwt.PyJWK(dict(jwk), algorithm=algorithms(jwk)[0])
    except (jwt.PyJWTError, ValueError, TypeError):
        return 'is not a point on its curve'
    return None
