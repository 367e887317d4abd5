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

"""The public keys of a trusted issuer (RFC 7517, 5)."""

import collections.abc as abc
import functools
import json
import typing as ty

import jwt

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.federation import trusted_issuer

# Of a set, and of those in it that are for signatures.
_MAX_MEMBERS = 100
_MAX_KEYS = 16
# Verification, and looking for a weak key, takes too long with larger ones.
_MAX_RSA_BITS = 4096
_MAX_RSA_BITS_OF_SET = _MAX_KEYS * 2048
_JWT_SVID = 'jwt-svid'


def usable(jwks: ty.Any, kind: str) -> tuple[str, list[str]]:
    """Return the keys of a JWK set that signatures can be verified with.

    One bad key does not make the others bad: it is ignored, as section 5 asks
    for those of another type or use.

    :param jwks: the parsed JSON.
    :param kind: of the issuer; a SPIFFE bundle has keys for other uses.
    :returns: the text of a JWK set with them, and for each other key a
        sentence.
    :raises ValueError: there is none, or so many that looking for weak ones
        would take long; a predicate without its subject.
    """
    ignored: list[str] = []
    found: list[dict[str, str]] = []
    known = set()
    for index, key in _read(jwks, kind, ignored):
        name = jwk.thumbprint(key), key.get('kid')
        try:
            jwk.check(key)
        except ValueError as error:
            ignored.append(_sentence(index, error))
        else:
            if name not in known:
                found.append(key)
        known.add(name)
    if not found:
        reasons = ' '.join(ignored[:3]) or 'The set is empty.'
        raise ValueError(f'has no usable key. {reasons}')
    text = json.dumps({'keys': found}, separators=(',', ':'))
    return text, ignored


def _read(
    jwks: ty.Any, kind: str, ignored: list[str]
) -> list[tuple[int, dict[str, str]]]:
    """Return the keys for signatures with their places, perhaps weak ones."""
    found = []
    for index, key in enumerate(_keys(jwks)):
        try:
            found.append((index, _members(key, kind)))
        except ValueError as error:
            ignored.append(_sentence(index, error))
    if len(found) > _MAX_KEYS:
        raise ValueError(f'has more than {_MAX_KEYS} keys for signatures')
    if sum(jwk.rsa_bits(key) for _, key in found) > _MAX_RSA_BITS_OF_SET:
        raise ValueError(
            f'has RSA keys with more than {_MAX_RSA_BITS_OF_SET} bits in total'
        )
    return found


def _keys(jwks: ty.Any) -> list[ty.Any]:
    keys = jwks.get('keys') if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or len(keys) > _MAX_MEMBERS:
        raise ValueError(f'is not a JWK set of at most {_MAX_MEMBERS} keys')
    return keys


def _members(key: ty.Any, kind: str) -> dict[str, str]:
    read = jwk.read_members(_for_signatures(key, kind))
    if not read.get('kid', '').isprintable():
        raise ValueError('has a kid that is not printable')
    if jwk.rsa_bits(read) > _MAX_RSA_BITS:
        raise ValueError(f'has more than {_MAX_RSA_BITS} bits')
    return read


def _for_signatures(key: ty.Any, kind: str) -> dict[str, ty.Any]:
    if not isinstance(key, dict):
        raise ValueError('is not an object')
    if kind != trusted_issuer.SPIFFE:
        return key
    # SPIFFE trust domain and bundle, 4.2.2: no key for X.509-SVIDs.
    if key.get('use') != _JWT_SVID:
        raise ValueError(f'is not for the use {_JWT_SVID}')
    if not key.get('kid'):
        raise ValueError('has no kid')
    return {**key, 'use': 'sig'}


def _sentence(index: int, error: ValueError) -> str:
    return f'The key at index {index} {error}.'


class _Key:
    """A key, prepared for the algorithms that it can be used with."""

    def __init__(self, members: dict[str, str]) -> None:
        self.kid = members.get('kid')
        self._prepared = {
            name: jwt.PyJWK(members, algorithm=jwk.pyjwt_name(name))
            for name in jwk.algorithms(members)
        }

    def may_have_signed(self, kid: str | None) -> bool:
        """Whether it may be the one that a JWS header names."""
        return None in (kid, self.kid) or kid == self.kid

    def has_signed(self, text: str, algorithm: str) -> bool:
        """Whether a compact JWS was signed with it."""
        key = self._prepared.get(algorithm)
        signed, _, signature = text.rpartition('.')
        try:
            return key is not None and bool(
                key.Algorithm.verify(
                    signed.encode(), key.key, jwk.octets(signature)
                )
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return False


class IssuerKeys:
    """The usable keys of a trusted issuer.

    :param text: as :func:`usable` returns it.
    """

    def __init__(self, text: str) -> None:
        self._keys = [_Key(members) for members in json.loads(text)['keys']]

    def knows(self, kid: str | None) -> bool:
        """Whether one of them may be the one that a JWS header names."""
        return any(key.may_have_signed(kid) for key in self._keys)

    def have_signed(self, text: str, header: abc.Mapping[str, ty.Any]) -> bool:
        """Whether a compact JWS was signed with one of them.

        :param header: of the JWS, with an ``alg`` that the issuer may use.
        """
        return any(
            key.has_signed(text, header['alg'])
            for key in self._keys
            if key.may_have_signed(header.get('kid'))
        )


@functools.lru_cache(maxsize=128)
def read(text: str) -> IssuerKeys:
    """Return the keys in a text of :func:`usable`, which are kept."""
    return IssuerKeys(text)
