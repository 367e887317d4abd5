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

"""What can be registered for a client: how it is read, and how it is shown."""

import abc as abstract
import collections.abc as abc
import dataclasses
import datetime
import ssl
import typing as ty

from oslo_utils import timeutils

from keystone_oauth2.db import registrations
from keystone_oauth2.identity import web
from keystone_oauth2.policies import client as rules
from keystone_oauth2.protocol import certificate_subject
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import client_key
from keystone_oauth2.protocol import registration

Shown = dict[str, ty.Any]

# No database keeps a NUL or half of a surrogate pair.
_TEXT = {'type': 'string', 'pattern': '^[^\x00\ud800-\udfff]*$'}
_COMMON = {
    'description': {
        'type': ['string', 'null'],
        # MariaDB has three bytes for a character, as Keystone connects to it.
        'pattern': '^[^\x00\ud800-\udfff\U00010000-\U0010ffff]*$',
        'maxLength': 255,
    },
    'expires_at': {'type': ['string', 'null']},
}
# With the text that tools print beside a certificate, and a name whose values
# are all escaped. MariaDB keeps 64 KiB; JSON has up to 12 for a character.
_PEM = {**_TEXT, 'maxLength': 16384}
_NAME = {**_TEXT, 'minLength': 1, 'maxLength': 4096}


class Kind(abstract.ABC):
    """A kind of authenticator.

    :cvar name: the member that has one, in a body.
    :cvar properties: JSON schema of what a request may say of it.
    """

    name: ty.ClassVar[str]
    properties: ty.ClassVar[Shown] = {}

    @property
    def collection(self) -> str:
        """The member that has several, and the last part of the URL."""
        return rules.COLLECTIONS[self.name]

    def read(
        self, body: ty.Any, client_id: str
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return what a request wants to register.

        :returns: and what its answer shows that is not shown again.
        :raises web.ValidationError: it is nothing of the kind.
        """
        web.validate(self._schema(), body)
        wanted = body[self.name]
        expires_at = wanted.get('expires_at')
        common = {
            'kind': self.name,
            'description': wanted.get('description'),
            'expires_at': None
            if expires_at is None
            else web.parse_expiration(expires_at),
        }
        try:
            return self.make(wanted, client_id, common)
        except ValueError as error:
            raise web.ValidationError(f'The {self.name} {error}.') from error

    @abstract.abstractmethod
    def make(
        self, wanted: abc.Mapping[str, ty.Any], client_id: str, common: Shown
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return the same, of a body that the schema allows.

        :param common: arguments that all kinds have.
        :raises ValueError: a sentence without its subject says why not.
        """

    def show(self, one: registration.Authenticator) -> Shown:
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
    """A secret that is made here, and shown once."""

    name = registration.SECRET

    def make(
        self, wanted: abc.Mapping[str, ty.Any], client_id: str, common: Shown
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return a new secret."""
        secret = registration.new_secret()
        fingerprint = registration.secret_fingerprint(client_id, secret)
        new = registration.NewAuthenticator(fingerprint=fingerprint, **common)
        return [new], {'secret': secret}


class Key(Kind):
    """A public key, or several at once (RFC 7517)."""

    name = registration.KEY
    properties = {'jwk': {'type': 'object'}, 'jwks': {'type': 'object'}}

    def make(
        self, wanted: abc.Mapping[str, ty.Any], client_id: str, common: Shown
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return the keys, and those of a set that are left out.

        :raises ValueError: there is not one key or set, or it cannot be used.
        """
        if ('jwk' in wanted) == ('jwks' in wanted):
            raise ValueError('must be given as either jwk or jwks')
        once: Shown = {}
        if 'jwk' in wanted:
            keys = [client_key.read(wanted['jwk'])]
        else:
            keys, ignored = client_key.read_set(wanted['jwks'])
            once['ignored'] = [_show_ignored(one) for one in ignored]
        return [
            registration.NewAuthenticator(
                fingerprint=client_key.thumbprint(key), value=key, **common
            )
            for key in keys
        ], once

    def show(self, one: registration.Authenticator) -> Shown:
        """Return the key and its thumbprint (RFC 7638)."""
        return {'jwk': one.value, 'thumbprint': one.fingerprint}


class Certificate(Kind):
    """A certificate, or the subject that certificates must have."""

    name = registration.CERTIFICATE
    properties = {
        'certificate': _PEM,
        **dict.fromkeys(certificate_subject.NAMES, _NAME),
    }

    def make(
        self, wanted: abc.Mapping[str, ty.Any], client_id: str, common: Shown
    ) -> tuple[list[registration.NewAuthenticator], Shown]:
        """Return the certificate or the subject.

        :raises web.ValidationError: there is not exactly one (RFC 8705,
            2.1.2), or the subject cannot be used.
        :raises ValueError: the certificate cannot be used.
        """
        names = self.properties.keys() & wanted.keys()
        if len(names) != 1:
            raise web.ValidationError(
                f'Exactly one of {", ".join(self.properties)} must be given.'
            )
        name = names.pop()
        if name == 'certificate':
            return [_certificate(wanted[name], common)], {}
        try:
            value = {name: certificate_subject.read(name, wanted[name])}
        except ValueError as error:
            raise web.ValidationError(f'{name} {error}.') from error
        fingerprint = certificates.fingerprint(repr(value).encode())
        return [
            registration.NewAuthenticator(
                fingerprint=fingerprint, value=value, **common
            )
        ], {}

    def show(self, one: registration.Authenticator) -> Shown:
        """Return what was registered."""
        return {**(one.value or {})}


KINDS: tuple[Kind, ...] = (Secret(), Key(), Certificate())


@dataclasses.dataclass(frozen=True)
class Clients:
    """What the operator says of what is registered, and how it is shown.

    :ivar methods: enabled methods of application credentials.
    :ivar limit: how many authenticators of a kind a client may have.
    :ivar expiry_warning: seconds before the end of an authenticator from
        which on it expires soon.
    """

    methods: frozenset[str]
    limit: int
    expiry_warning: int

    def show(
        self, kind: Kind, one: registration.Authenticator, url: str
    ) -> Shown:
        """Return an authenticator as a body has it.

        :param url: of the client.
        """
        return {
            'id': one.id,
            'description': one.description,
            'created_at': _time(one.created_at),
            'expires_at': _time(one.expires_at),
            'expires_soon': self._expires_soon(one.expires_at),
            'last_used_at': _time(one.last_used_at),
            **kind.show(one),
            'links': {'self': f'{url}/{kind.collection}/{one.id}'},
        }

    def show_all(self, kind: Kind, client: Shown, url: str) -> list[Shown]:
        """Return all authenticators of a kind that a client has.

        :param client: as :mod:`keystone_oauth2.identity.clients` describes it.
        """
        return self._show_all(
            kind, registrations.show(client['id']), client, url
        )

    def show_client(self, client: Shown, url: str) -> Shown:
        """Return a client with all its authenticators."""
        registered = registrations.show(client['id'])
        methods = self.methods
        if registered.methods is not None:
            methods &= registered.methods
        return {
            **client,
            'expires_at': _time(client['expires_at']),
            'authentication_methods': sorted(methods),
            **{
                kind.collection: self._show_all(kind, registered, client, url)
                for kind in KINDS
            },
            'links': {'self': url},
        }

    def _show_all(
        self,
        kind: Kind,
        registered: registration.Registration,
        client: Shown,
        url: str,
    ) -> list[Shown]:
        shown = [
            self.show(kind, one, url) for one in registered.of_kind(kind.name)
        ]
        is_secret = kind.name == registration.SECRET
        if is_secret and registered.secret_retired_at is None:
            shown.insert(0, self._own_secret(kind, registered, client, url))
        return shown

    def _own_secret(
        self,
        kind: Kind,
        registered: registration.Registration,
        client: Shown,
        url: str,
    ) -> Shown:
        # Keystone's own secret has the id of its application credential.
        return {
            'id': client['id'],
            'description': 'The secret of the application credential itself.',
            'created_at': None,
            'expires_at': _time(client['expires_at']),
            'expires_soon': self._expires_soon(client['expires_at']),
            'last_used_at': _time(registered.secret_last_used_at),
            'links': {'self': f'{url}/{kind.collection}/{client["id"]}'},
        }

    def _expires_soon(self, end: datetime.datetime | None) -> bool:
        if end is None:
            return False
        warning = datetime.timedelta(seconds=self.expiry_warning)
        return end - timeutils.utcnow() <= warning


def _show_ignored(ignored: client_key.Ignored) -> Shown:
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
    # One that is not valid yet is refused, too: what is registered counts as
    # something that the client can authenticate with.
    problem = certificates.problem_of_period(der, timeutils.utcnow())
    if problem is not None:
        raise ValueError(problem)
    asked = common['expires_at'] or end
    return registration.NewAuthenticator(
        fingerprint=certificates.fingerprint(der),
        value={
            'certificate': ssl.DER_cert_to_PEM_cert(der),
            'x5t#S256': certificates.thumbprint(der),
        },
        **{**common, 'expires_at': min(asked, end)},
    )


def _time(moment: datetime.datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.replace(microsecond=0).isoformat() + 'Z'
