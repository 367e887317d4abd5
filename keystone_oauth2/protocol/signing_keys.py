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

"""Keys that sign JWTs of this server, and what is published of them.

Each key has one algorithm (RFC 8725, 3.1). Its id is its thumbprint (RFC
7638), so that no two keys have the same one.
"""

import collections.abc as abc
import dataclasses
import json
import typing as ty

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
import jwt
from jwt import algorithms

from keystone_oauth2.protocol.clients import jwk

_RSA_BITS = 3072
_RSA_EXPONENT = 65537
_GENERATORS: dict[str, abc.Callable[[], ty.Any]] = {
    'ES256': lambda: ec.generate_private_key(ec.SECP256R1()),
    'ES384': lambda: ec.generate_private_key(ec.SECP384R1()),
    'EdDSA': ed25519.Ed25519PrivateKey.generate,
    'PS256': lambda: rsa.generate_private_key(_RSA_EXPONENT, _RSA_BITS),
    'RS256': lambda: rsa.generate_private_key(_RSA_EXPONENT, _RSA_BITS),
}
_KINDS: dict[str, ty.Any] = {
    'EC': algorithms.ECAlgorithm,
    'OKP': algorithms.OKPAlgorithm,
    'RSA': algorithms.RSAAlgorithm,
}
#: Names in ``alg`` (RFC 7518, 3.1; RFC 8037, 3.1).
ALGORITHMS = tuple(_GENERATORS)
#: Seconds after which an operator may have repaired the keys.
RETRY_AFTER = 60


@dataclasses.dataclass(frozen=True)
class SigningKey:
    """A private key.

    :ivar kid: its thumbprint.
    :ivar algorithm: one of :data:`ALGORITHMS`.
    :ivar created_at: seconds since the epoch, as is ``active_since``.
    :ivar active_since: when it began to sign; None if it has not.
    :ivar is_first: whether all earlier keys are worthless.
    """

    kid: str
    algorithm: str
    created_at: int
    active_since: int | None
    private_key: ty.Any = dataclasses.field(repr=False)
    public_key: ty.Any = dataclasses.field(repr=False)
    is_first: bool = False

    @classmethod
    def generate(cls, algorithm: str, now: int) -> 'SigningKey':
        """Return a new key that does not sign yet.

        :param now: seconds since the epoch.
        """
        return cls._of(
            _GENERATORS[algorithm](),
            algorithm=algorithm,
            created_at=now,
            active_since=None,
        )

    @classmethod
    def _of(cls, private_key: ty.Any, **attributes: ty.Any) -> 'SigningKey':
        public_key = private_key.public_key()
        return cls(
            kid=jwk.thumbprint(jwk.from_key(public_key)),
            private_key=private_key,
            public_key=public_key,
            **attributes,
        )

    @classmethod
    def read(cls, text: str) -> 'SigningKey':
        """Read a key as :meth:`write` writes it.

        :raises ValueError: it is not one; the message is a predicate without
            its subject.
        """
        try:
            members = json.loads(text)
            kind = _KINDS[members['kty']]
            private_key = kind.from_jwk(members)
            found = cls._of(
                private_key,
                algorithm=members['alg'],
                created_at=int(members['created_at']),
                active_since=members.get('active_since'),
                is_first=members.get('is_first') is True,
            )
        except (
            AttributeError,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
            jwt.PyJWTError,
        ) as error:
            raise ValueError('is not a private JWK') from error
        if found.algorithm not in ALGORITHMS or (
            found.algorithm not in jwk.algorithms(found.jwk)
        ):
            raise ValueError('has an alg that does not fit the key')
        return found

    def write(self) -> str:
        """Return the private key as a JWK (RFC 7517) with its times."""
        return json.dumps(
            {
                **jwk.from_key(self.private_key),
                'alg': self.algorithm,
                'created_at': self.created_at,
                'active_since': self.active_since,
                'is_first': self.is_first,
            }
        )

    @property
    def jwk(self) -> dict[str, str]:
        """The public key, for others to verify with (RFC 7517, 4)."""
        return {
            **jwk.from_key(self.public_key),
            'kid': self.kid,
            'use': 'sig',
            'alg': self.algorithm,
        }

    def sign(self, media_type: str, claims: dict[str, ty.Any]) -> str:
        """Return a signed JWT.

        :param media_type: its ``typ``, without ``application/``.
        """
        return jwt.encode(
            claims,
            self.private_key,
            algorithm=self.algorithm,
            headers={'typ': media_type, 'kid': self.kid},
        )

    def has_signed(self, token: str) -> bool:
        """Whether a compact JWS was signed with this key."""
        try:
            jwt.api_jws.decode(
                token, self.public_key, algorithms=[self.algorithm]
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return True


@dataclasses.dataclass(frozen=True)
class KeySet:
    """The keys of an authorization server.

    :ivar staged: that will sign next, or None.
    :ivar signing: the one that signs, then those that have signed, the latest
        first.
    """

    staged: SigningKey | None = None
    signing: tuple[SigningKey, ...] = ()

    @classmethod
    def of(
        cls, staged: SigningKey | None, signing: abc.Iterable[SigningKey]
    ) -> 'KeySet':
        """Return the keys that are worth something.

        :param signing: as in the key set.
        """
        keys = tuple(signing)
        start = max(
            (key.created_at for key in keys if key.is_first), default=0
        )
        if staged is not None and staged.created_at < start:
            staged = None
        return cls(
            staged, tuple(key for key in keys if key.created_at >= start)
        )

    @property
    def active(self) -> SigningKey | None:
        """The key that signs; None if there is none."""
        return next(iter(self.signing), None)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Each algorithm of the keys that sign now and next, once."""
        keys = (self.active, self.staged)
        return tuple({key.algorithm: None for key in keys if key is not None})

    @property
    def all(self) -> tuple[SigningKey, ...]:
        """Every key once."""
        keys = (*self.signing, *([self.staged] if self.staged else []))
        return tuple({key.kid: key for key in keys}.values())

    def find(self, kid: str) -> SigningKey | None:
        """Return the key with an id, or None."""
        for key in self.all:
            if key.kid == kid:
                return key
        return None

    def since(self, moment: int) -> 'KeySet':
        """Return those that sign or will, or have signed after a moment.

        :param moment: seconds since the epoch.
        """
        kept = list(self.signing[:1])
        for later, key in zip(self.signing, self.signing[1:], strict=False):
            if (later.active_since or 0) >= moment:
                kept.append(key)
        return KeySet(self.staged, tuple(kept))

    def jwks(self) -> dict[str, ty.Any]:
        """Return the public keys as a JWK set (RFC 7517, 5)."""
        return {'keys': [key.jwk for key in self.all]}
