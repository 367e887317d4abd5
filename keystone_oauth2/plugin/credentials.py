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

"""What a client authenticates with at the token endpoint.

Files are read anew for each token request, so that a rotated secret, key or
assertion is used without a restart.
"""

import abc
import base64
import hashlib
import json
import pathlib
import time
import typing as ty
import urllib.parse
import uuid

from cryptography import exceptions as crypto_exceptions
from cryptography.hazmat.primitives import serialization
import jwt

from keystone_oauth2.plugin import errors
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.clients import jwk

# Seconds: an assertion is used at once, and once only.
_ASSERTION_LIFETIME = 60
_MEDIA_TYPE = 'client-authentication+jwt'


class Credential(abc.ABC):
    """Authenticates a token request.

    :param client_id: the client identifier.
    """

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    @abc.abstractmethod
    def parameters(self, audience: str) -> dict[str, str]:
        """Return what it adds to the form of a token request.

        :param audience: the issuer identifier of the authorization server.
        :raises AccessTokenError: a file cannot be used.
        """

    def headers(self) -> dict[str, str]:
        """Return what it adds to the header of a token request.

        :raises AccessTokenError: a file cannot be used.
        """
        return {}

    def problem(self, sent: dict[str, str]) -> str | None:
        """Return why the server may have refused it, as far as is known.

        :param sent: what :meth:`parameters` has returned.
        :returns: a clause that names the option, or None.
        """
        return None


class _ClientSecret(Credential):
    """A secret (RFC 6749, 2.3.1).

    :param secret: returns the secret.
    """

    def __init__(self, client_id: str, secret: ty.Callable[[], str]) -> None:
        super().__init__(client_id)
        self._secret = secret


class ClientSecretPost(_ClientSecret):
    """A secret in the form."""

    def parameters(self, audience: str) -> dict[str, str]:
        """Return the id and the secret."""
        return {'client_id': self.client_id, 'client_secret': self._secret()}


class ClientSecretBasic(_ClientSecret):
    """A secret in the header field ``Authorization``."""

    def parameters(self, audience: str) -> dict[str, str]:
        """Return nothing: one method only in a request."""
        return {}

    def headers(self) -> dict[str, str]:
        """Return the id and the secret, each form-encoded."""
        pair = ':'.join(
            urllib.parse.quote_plus(part)
            for part in (self.client_id, self._secret())
        )
        encoded = base64.b64encode(pair.encode()).decode()
        return {'Authorization': f'Basic {encoded}'}


class PrivateKeyJWT(Credential):
    """A new assertion, signed with a key of the client (RFC 7523, 2.2).

    :param key_file: a private key in PEM, without a passphrase, or a JWK.
    :param key_id: for ``kid``; by default, that of the JWK.
    :param algorithm: for ``alg``; by default, that of the JWK, else the first
        one that the key is good for.
    """

    def __init__(
        self,
        client_id: str,
        key_file: str,
        key_id: str | None = None,
        algorithm: str | None = None,
    ) -> None:
        super().__init__(client_id)
        self._key_file = key_file
        self._key_id = key_id
        self._algorithm = algorithm

    def parameters(self, audience: str) -> dict[str, str]:
        """Return an assertion for the authorization server only."""
        text = read_file('oauth2_key_file', self._key_file)
        try:
            key, public = read_key(text)
        except ValueError as error:
            raise errors.AccessTokenError(
                f'oauth2_key_file: {self._key_file} {error}'
            ) from None
        return {
            'client_id': self.client_id,
            'client_assertion_type': evidence.ASSERTION_TYPE,
            'client_assertion': jwt.encode(
                self._claims(audience),
                key,
                algorithm=jwk.pyjwt_name(self._alg(public)),
                headers=self._header(public),
            ),
        }

    def _claims(self, audience: str) -> dict[str, ty.Any]:
        now = int(time.time())
        return {
            'iss': self.client_id,
            'sub': self.client_id,
            'aud': audience,
            'jti': str(uuid.uuid4()),
            'iat': now,
            'exp': now + _ASSERTION_LIFETIME,
        }

    def _header(self, public: jwk.JWK) -> dict[str, str]:
        key_id = self._key_id or public.get('kid')
        return {'typ': _MEDIA_TYPE, **({'kid': key_id} if key_id else {})}

    def _alg(self, public: jwk.JWK) -> str:
        known = jwk.algorithms(public)
        if self._algorithm is None:
            # EdDSA is the older of the two names for Ed25519, and the last.
            return known[-1] if public['kty'] == 'OKP' else known[0]
        if self._algorithm not in known:
            raise errors.AccessTokenError(
                f'oauth2_signing_alg: the key in {self._key_file} is for '
                f'{", ".join(known)}, not for {self._algorithm}'
            )
        return self._algorithm


class AssertionFile(Credential):
    """An assertion that someone else writes to a file (RFC 7523, 2.2).

    :param path: of the file, with the compact JWT only.
    :param assertion_type: for ``client_assertion_type``.
    """

    def __init__(
        self,
        client_id: str,
        path: str,
        assertion_type: str = evidence.ASSERTION_TYPE,
    ) -> None:
        super().__init__(client_id)
        self._path = path
        self._assertion_type = assertion_type

    def parameters(self, audience: str) -> dict[str, str]:
        """Return the assertion that is in the file now."""
        return {
            'client_id': self.client_id,
            'client_assertion_type': self._assertion_type,
            'client_assertion': read_line('oauth2_assertion_file', self._path),
        }

    def problem(self, sent: dict[str, str]) -> str | None:
        """Return whether the assertion has expired, or is none.

        It is sent all the same: the clock of this machine may be wrong.
        """
        try:
            claims = jwt.decode(
                sent['client_assertion'], options={'verify_signature': False}
            )
        except (jwt.PyJWTError, RecursionError, ValueError):
            return f'oauth2_assertion_file: {self._path} has no JWT'
        end = claims.get('exp')
        if not isinstance(end, (int, float)) or end > time.time():
            return None
        return f'oauth2_assertion_file: the JWT in {self._path} has expired'


class Certificate(Credential):
    """The certificate of the TLS connection (RFC 8705, 2)."""

    def parameters(self, audience: str) -> dict[str, str]:
        """Return the id, by which the server knows what to expect."""
        return {'client_id': self.client_id}


def read_file(option: str, path: str) -> str:
    """Return the content of a file.

    :param option: its option, for the message of an error.
    :raises AccessTokenError: it cannot be read, or is not text.
    """
    try:
        return _octets(option, path).decode('utf-8')
    except UnicodeDecodeError:
        raise errors.AccessTokenError(
            f'{option}: {path} is not text'
        ) from None


def digest_file(option: str, path: str) -> bytes:
    """Return a digest of a file, which tells whether it has changed.

    :param option: its option, for the message of an error.
    :raises AccessTokenError: it cannot be read.
    """
    return hashlib.sha256(_octets(option, path)).digest()


def _octets(option: str, path: str) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or 'not a path'
        raise errors.AccessTokenError(
            f'{option}: cannot read {path}: {reason}'
        ) from None


def read_line(option: str, path: str) -> str:
    """Return the only line of a file, without its end.

    :param option: its option, for the message of an error.
    :raises AccessTokenError: it cannot be read, or is something else.
    """
    line = read_file(option, path).strip('\r\n')
    if not line or not line.isprintable():
        raise errors.AccessTokenError(
            f'{option}: {path} must have exactly one line'
        )
    return line


def read_key(text: str) -> tuple[ty.Any, jwk.JWK]:
    """Return a private key, and its public half as a JWK.

    :param text: PEM without a passphrase, or a JWK (RFC 7517).
    :raises ValueError: it is something else; the message is a predicate
        without its subject.
    """
    members: dict[str, ty.Any] = {}
    try:
        if text.lstrip().startswith('{'):
            members = json.loads(text)
            private = jwt.PyJWK(
                members, jwk.pyjwt_name(members.get('alg') or '') or None
            ).key
        else:
            private = serialization.load_pem_private_key(text.encode(), None)
    except (
        AttributeError,
        KeyError,
        NotImplementedError,
        RecursionError,
        TypeError,
        ValueError,
        crypto_exceptions.UnsupportedAlgorithm,
        jwt.PyJWTError,
    ):
        # Their messages may have a part of the key in them.
        raise ValueError(
            'must have a private key, as PEM without a passphrase or as a JWK'
        ) from None
    own: dict[str, ty.Any] = {
        name: members[name] for name in ('kid', 'alg') if name in members
    }
    public: dict[str, ty.Any] = {**_public(private), **own}
    if not isinstance(public.get('kid', ''), str):
        raise ValueError('has a JWK with a kid that is not a string')
    if not jwk.algorithms(public):
        raise ValueError('has a key of a curve or alg that is not supported')
    return private, public


def _public(private: ty.Any) -> dict[str, str]:
    try:
        return jwk.from_key(private.public_key())
    except (AttributeError, ValueError):
        raise ValueError(
            'must have a private key of RSA, EC or Ed25519'
        ) from None
