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

"""The published keys of an authorization server, to verify its JWTs with."""

import collections.abc as abc
import dataclasses
import typing as ty

import jwt

from keystone_oauth2.protocol.clients import jwk


@dataclasses.dataclass(frozen=True)
class PublicKey:
    """A public key with the one algorithm it is for (RFC 8725, 3.1).

    :ivar kid: its id.
    :ivar algorithm: as in ``alg``.
    :ivar thumbprint: of RFC 7638.
    """

    kid: str
    algorithm: str
    thumbprint: str
    _key: ty.Any = dataclasses.field(repr=False, compare=False)

    def has_signed(self, token: str) -> bool:
        """Whether a compact JWS was signed with this key."""
        signed, _, signature = token.rpartition('.')
        try:
            return bool(
                self._key.Algorithm.verify(
                    signed.encode(), self._key.key, jwk.octets(signature)
                )
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return False


@dataclasses.dataclass(frozen=True)
class PublicKeys:
    """The keys of a JWK set, by their ids."""

    by_id: abc.Mapping[str, PublicKey]

    @classmethod
    def read(cls, jwks: ty.Any) -> 'PublicKeys':
        """Read a JWK set (RFC 7517, 5).

        Keys without an id or an algorithm are ignored.

        :param jwks: the parsed JSON.
        :raises ValueError: it is malformed, or has no usable key; the message
            is a predicate without its subject.
        """
        if not isinstance(jwks, dict):
            raise ValueError('is not an object')
        found = {}
        for members in jwk.read_set(jwks)[0]:
            kid, algorithm = members.get('kid'), members.get('alg')
            if kid is None or algorithm is None:
                continue
            if kid in found:
                raise ValueError('has two keys with one id')
            key = jwt.PyJWK(members, algorithm=jwk.pyjwt_name(algorithm))
            found[kid] = PublicKey(
                kid, algorithm, jwk.thumbprint(members), key
            )
        if not found:
            raise ValueError('has no key with an id and an algorithm')
        return cls(found)

    def find(self, kid: str) -> PublicKey | None:
        """Return the key with an id, or None."""
        return self.by_id.get(kid)
