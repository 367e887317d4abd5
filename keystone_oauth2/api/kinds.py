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

"""Kinds of client authenticators, as they are in requests and responses."""

import abc as abstract
import collections.abc as abc
import ssl
import typing as ty

from oslo_utils import timeutils

from keystone_oauth2.identity import validation
from keystone_oauth2.identity import web
from keystone_oauth2.policies import client_authenticator as rules
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.clients import subject

Shown = dict[str, ty.Any]

#: JSON schema of a text without a NUL and without half of a surrogate pair,
#: which databases cannot store.
TEXT = {'type': 'string', 'pattern': '^[^\x00\ud800-\udfff]*$'}
_COMMON = {
    'description': {
        'type': ['string', 'null'],
        # Keystone's connections to MariaDB allow three bytes a character.
        'pattern': '^[^\x00\ud800-\udfff\U00010000-\U0010ffff]*$',
        'maxLength': 255,
    },
    'expires_at': {'type': ['string', 'null']},
}
# Large enough for the text that tools print beside a certificate, and for a
# name with all values escaped. MariaDB can store 64 KiB; JSON takes up to 12
# bytes a character.
_PEM = {**TEXT, 'maxLength': 16384}
_NAME = {**TEXT, 'minLength': 1, 'maxLength': 4096}


class Kind(abstract.ABC):
    """A kind of authenticator.

    :cvar name: the member of a body that contains one.
    :cvar properties: JSON schema of the members in a request.
    """

    name: ty.ClassVar[str]
    properties: ty.ClassVar[Shown] = {}

    @property
    def collection(self) -> str:
        """The member that contains several, and the last part of the URL."""
        return rules.OF_KIND[self.name].plural

    def read(
        self, body: ty.Any, client_id: str
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return the authenticators that a request is to register.

        :returns: them, and the members that only this response shows.
        :raises web.ValidationError: the body is not valid.
        """
        validation.validate(self._schema(), body)
        requested = body[self.name]
        expires_at = requested.get('expires_at')
        common = {
            'kind': self.name,
            'description': requested.get('description'),
            'expires_at': None
            if expires_at is None
            else validation.parse_expiration(expires_at),
        }
        try:
            return self.make(requested, client_id, common)
        except ValueError as error:
            raise web.ValidationError(f'The {self.name} {error}.') from error

    @abstract.abstractmethod
    def make(
        self,
        requested: abc.Mapping[str, ty.Any],
        client_id: str,
        common: Shown,
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return the same as :meth:`read`, for a body that fits the schema.

        :param common: arguments that all kinds have.
        :raises ValueError: it cannot be registered; the message is a
            predicate without its subject.
        """

    def show(self, authenticator: registration.Authenticator) -> Shown:
        """Return the members that only this kind has."""
        return {}

    def _schema(self) -> Shown:
        return {
            'type': 'object',
            'properties': {
                self.name: {
                    'type': 'object',
                    'properties': {**_COMMON, **self.properties},
                    'additionalProperties': False,
                }
            },
            'required': [self.name],
            'additionalProperties': False,
        }


class Secret(Kind):
    """A secret, which is generated here and shown once."""

    name = registration.SECRET

    def make(
        self,
        requested: abc.Mapping[str, ty.Any],
        client_id: str,
        common: Shown,
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return a new secret."""
        secret = registration.new_secret()
        fingerprint = registration.secret_fingerprint(client_id, secret)
        new = registration.NewAuthenticator(fingerprint=fingerprint, **common)
        return [new], {'secret': secret}


class Key(Kind):
    """A public key, or a set of public keys (RFC 7517)."""

    name = registration.KEY
    properties = {'jwk': {'type': 'object'}, 'jwks': {'type': 'object'}}

    def make(
        self,
        requested: abc.Mapping[str, ty.Any],
        client_id: str,
        common: Shown,
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return the keys, and those of a set that are ignored.

        :raises ValueError: there is not exactly one key or set, or it cannot
            be used.
        """
        if ('jwk' in requested) == ('jwks' in requested):
            raise ValueError('must be given as either jwk or jwks')
        once: Shown = {}
        if 'jwk' in requested:
            keys = [jwk.read(requested['jwk'])]
        else:
            keys, ignored = jwk.read_set(requested['jwks'])
            once['ignored'] = [_show_ignored(key) for key in ignored]
        return [
            registration.NewAuthenticator(
                fingerprint=jwk.thumbprint(key), value=key, **common
            )
            for key in keys
        ], once

    def show(self, authenticator: registration.Authenticator) -> Shown:
        """Return the key and its thumbprint (RFC 7638)."""
        return {
            'jwk': authenticator.value,
            'thumbprint': authenticator.fingerprint,
        }


class Certificate(Kind):
    """A certificate, or the subject that certificates must have."""

    name = registration.CERTIFICATE
    properties = {
        'certificate': _PEM,
        **dict.fromkeys(subject.NAMES, _NAME),
    }

    def make(
        self,
        requested: abc.Mapping[str, ty.Any],
        client_id: str,
        common: Shown,
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return the certificate or the subject.

        :raises web.ValidationError: there is not exactly one (RFC 8705,
            2.1.2), or the subject cannot be used.
        :raises ValueError: the certificate cannot be used.
        """
        names = self.properties.keys() & requested.keys()
        if len(names) != 1:
            raise web.ValidationError(
                f'Exactly one of {", ".join(self.properties)} must be given.'
            )
        name = names.pop()
        if name == 'certificate':
            return [_certificate(requested[name], common)], {}
        try:
            value = {name: subject.read(name, requested[name])}
        except ValueError as error:
            raise web.ValidationError(f'{name} {error}.') from error
        fingerprint = certificates.fingerprint(repr(value).encode())
        return [
            registration.NewAuthenticator(
                fingerprint=fingerprint, value=value, **common
            )
        ], {}

    def show(self, authenticator: registration.Authenticator) -> Shown:
        """Return the registered certificate or subject."""
        return {**(authenticator.value or {})}


def _show_ignored(ignored: jwk.Ignored) -> Shown:
    return {
        'index': ignored.index,
        'kid': ignored.kid,
        'reason': f'The key {ignored.reason}.',
    }


def _certificate(pem: str, common: Shown) -> registration.NewAuthenticator:
    der = certificates.der_from_text(pem)
    try:
        certificates.load(der)
        end = certificates.expires_at(der)
    except ValueError as error:
        raise ValueError('cannot be read as an X.509 certificate') from error
    # A certificate that is not yet valid is also refused: a registered one
    # counts as something that the client can authenticate with.
    problem = certificates.problem_of_period(der, timeutils.utcnow())
    if problem is not None:
        raise ValueError(problem)
    return registration.NewAuthenticator(
        fingerprint=certificates.fingerprint(der),
        value={
            'certificate': ssl.DER_cert_to_PEM_cert(der),
            'x5t#S256': certificates.thumbprint(der),
        },
        **common,
    ).ending_by(end)
