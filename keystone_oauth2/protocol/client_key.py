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
import hashlib
import json
import re
import typing as ty

import jwt

# Members of a public key, in the order of their names (RFC 7638, 3.2).
_MEMBERS = {
    'EC': ('crv', 'kty', 'x', 'y'),
    'OKP': ('crv', 'kty', 'x'),
    'RSA': ('e', 'kty', 'n'),
}
_NUMBERS = frozenset({'e', 'n', 'x', 'y'})
# RFC 7515, 2: without padding.
_BASE64URL = re.compile('[A-Za-z0-9_-]+')
_PRIVATE = frozenset({'d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'})
_CURVES = {
    ('EC', 'P-256'): ('ES256',),
    ('EC', 'P-384'): ('ES384',),
    ('EC', 'P-521'): ('ES512',),
    ('OKP', 'Ed25519'): ('EdDSA',),
}
_RSA = ('PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512')
_MIN_RSA_BITS = 2048
# Larger ones make each attempt cost more than it should.
_MAX_RSA_BITS = 8192
_MAX_EXPONENT_BITS = 32
_MAX_KID_LENGTH = 255
_MAX_KEYS = 100

#: Every algorithm that a key can have, for metadata (RFC 8414, 2).
ALGORITHMS = tuple(
    sorted({*_RSA, *(name for names in _CURVES.values() for name in names)})
)

JWK = abc.Mapping[str, ty.Any]


def read(jwk: JWK) -> dict[str, str]:
    """Answer a public key with nothing but what is needed.

    :param jwk: what somebody wants to register.
    :raises ValueError: it is not a public key that a client can sign with; a
        sentence without its verb's subject says why.
    """
    if _PRIVATE & jwk.keys():
        raise ValueError('has private or secret members: make a new key')
    if jwk.get('kty') not in tuple(_MEMBERS):
        raise ValueError('is neither of kty EC, RSA nor OKP')
    if jwk.get('use', 'sig') != 'sig':
        raise ValueError('is not for signatures (use)')
    operations = jwk.get('key_ops', ['verify'])
    if not isinstance(operations, list) or 'verify' not in operations:
        raise ValueError('is not for verification (key_ops)')
    key = {}
    for name in (*_MEMBERS[jwk['kty']], 'kid', 'alg'):
        if name in jwk:
            if not isinstance(jwk[name], str) or not jwk[name]:
                raise ValueError(f'has a member {name} that is no string')
            if name in _NUMBERS and not _is_number(name, jwk[name]):
                raise ValueError(f'has a member {name} that is no base64url')
            key[name] = jwk[name]
        elif name not in ('kid', 'alg'):
            raise ValueError(f'lacks the member {name}')
    if len(key.get('kid', '')) > _MAX_KID_LENGTH:
        raise ValueError(
            f'has a kid of more than {_MAX_KID_LENGTH} characters'
        )
    if not algorithms(key):
        raise ValueError('has a crv or an alg that is not supported')
    _check_material(key)
    return key


def read_set(jwks: JWK) -> list[dict[str, str]]:
    """Answer the keys of a JWK set (RFC 7517, 5).

    :raises ValueError: as for :func:`read`, or there is none.
    """
    keys = jwks.get('keys')
    if not isinstance(keys, list) or not 0 < len(keys) <= _MAX_KEYS:
        raise ValueError('has no keys, or too many')
    if not all(isinstance(key, dict) for key in keys):
        raise ValueError('has a key that is no object')
    return [read(key) for key in keys]


def algorithms(jwk: JWK) -> tuple[str, ...]:
    """Answer the algorithms that a key can be used with (RFC 8725, 3.1)."""
    known = (
        _RSA
        if jwk['kty'] == 'RSA'
        else _CURVES.get((jwk['kty'], jwk['crv']), ())
    )
    if 'alg' in jwk:
        return (jwk['alg'],) if jwk['alg'] in known else ()
    return known


def thumbprint(jwk: JWK) -> str:
    """Answer the thumbprint of a key (RFC 7638): base64url of SHA-256."""
    members = {name: jwk[name] for name in _MEMBERS[jwk['kty']]}
    text = json.dumps(members, separators=(',', ':'), sort_keys=True)
    return _base64url(hashlib.sha256(text.encode()).digest())


def has_signed(jwk: JWK, token: str, algorithm: str) -> bool:
    """Whether a compact JWS was signed with a key.

    :param algorithm: the one that the JWS names, and one of the key's.
    """
    try:
        jwt.PyJWS().decode_complete(
            token,
            jwt.PyJWK(dict(jwk), algorithm=algorithm),
            algorithms=[algorithm],
        )
    except jwt.InvalidTokenError:
        return False
    return True


def _is_number(name: str, text: str) -> bool:
    # There is one way to write it (RFC 7518, 6.2 and 6.3): else one key would
    # have several thumbprints, and no bound of its length.
    if not _BASE64URL.fullmatch(text):
        return False
    try:
        number = base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
    except ValueError:
        return False
    is_padded = name in ('e', 'n') and number.startswith(b'\0')
    return _base64url(number) == text and not is_padded


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip('=')


def _check_material(jwk: JWK) -> None:
    try:
        key: ty.Any = jwt.PyJWK(dict(jwk), algorithm=algorithms(jwk)[0]).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ValueError('is malformed') from error
    if jwk['kty'] != 'RSA':
        return
    if not _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
        raise ValueError(f'has not {_MIN_RSA_BITS} to {_MAX_RSA_BITS} bits')
    if key.public_numbers().e.bit_length() > _MAX_EXPONENT_BITS:
        raise ValueError('has too large an exponent')
