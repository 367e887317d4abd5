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

"""Client registration: the authenticators and methods of a client.

A *client authenticator* is a secret, a key, a certificate or a federated
identity. A client may have several of each; adding and removing them changes
neither its id, nor its roles, nor its tokens.
"""

import collections.abc as abc
import dataclasses
import datetime
import hashlib
import secrets
import typing as ty

SECRET = 'secret'
KEY = 'key'
CERTIFICATE = 'certificate'
FEDERATED_IDENTITY = 'federated_identity'

_SECRET_BYTES = 32


class Conflict(Exception):
    """The current registration does not allow a change.

    The message is shown to the user who requested the change.
    """


class TooMany(Conflict):
    """The client has reached the limit of authenticators of a kind."""


class UnknownClient(Exception):
    """There is no such application credential."""


class UnknownAuthenticator(Exception):
    """The client has no such authenticator."""


class NotAuthorized(Exception):
    """The authority for a change is no longer valid.

    A user, a domain or a project was disabled or deleted, or an application
    credential has expired or was deleted.
    """


@dataclasses.dataclass(frozen=True)
class Authority:
    """The authority for a change.

    :ivar user_id: the user of the token in the request.
    :ivar application_credential_id: that the token was issued for, or None.
    :ivar ends_at: the latest expiration of a new authenticator, UTC without a
        zone; None if there is no limit.
    """

    user_id: str
    application_credential_id: str | None = None
    ends_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class NewAuthenticator:
    """An authenticator that is to be registered.

    :ivar kind: one of this module's kinds.
    :ivar fingerprint: the digest of a secret; otherwise, a value that
        identifies the authenticator among those of the client.
    :ivar value: public parts; None for a secret.
    :ivar expires_at: UTC without a zone, or None for never.
    """

    kind: str
    fingerprint: str
    value: dict[str, ty.Any] | None = None
    description: str | None = None
    expires_at: datetime.datetime | None = None

    def ending_by(self, end: datetime.datetime | None) -> 'NewAuthenticator':
        """Return a copy that expires no later than a given time.

        :param end: UTC without a zone, or None for no limit.
        """
        if end is None or (self.expires_at and self.expires_at <= end):
            return self
        return dataclasses.replace(self, expires_at=end.replace(microsecond=0))


#: Returns the client authentication methods that accept an authenticator.
Accepting = abc.Callable[[NewAuthenticator], abc.Set[str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Authenticator(NewAuthenticator):
    """A registered authenticator.

    :ivar created_at: UTC without a zone, as is ``last_used_at``. None for an
        application credential's own secret.
    :ivar last_used_at: to the minute; None for never.
    """

    id: str
    client_id: str
    created_at: datetime.datetime | None = None
    last_used_at: datetime.datetime | None = None

    def is_live(self, now: datetime.datetime) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or self.expires_at > now


@dataclasses.dataclass(frozen=True)
class Registration:
    """The registration of a client.

    :ivar methods: the methods that it may use; None if none were chosen.
    :ivar secret_retired_at: when the credential's own secret was retired, or
        None.
    :ivar secret_last_used_at: its last use, recorded only after the first
        registration.
    """

    client_id: str
    methods: frozenset[str] | None = None
    secret_retired_at: datetime.datetime | None = None
    secret_last_used_at: datetime.datetime | None = None
    authenticators: tuple[Authenticator, ...] = ()

    def of_kind(self, kind: str) -> tuple[Authenticator, ...]:
        """Return the authenticators of a kind, oldest first."""
        return tuple(
            sorted(
                (item for item in self.authenticators if item.kind == kind),
                key=lambda item: (
                    item.created_at or datetime.datetime.min,
                    item.id,
                ),
            )
        )

    def by_fingerprint(self) -> dict[tuple[str, str], Authenticator]:
        """Return the authenticators by kind and fingerprint."""
        return {
            (authenticator.kind, authenticator.fingerprint): authenticator
            for authenticator in self.authenticators
        }

    def own_secret(self) -> Authenticator:
        """Return the application credential's own secret.

        It has the client's id. Whether it is retired is a matter of
        ``secret_retired_at``.
        """
        return Authenticator(
            kind=SECRET,
            fingerprint='',
            id=self.client_id,
            client_id=self.client_id,
            last_used_at=self.secret_last_used_at,
        )

    def is_usable(self, now: datetime.datetime, accepting: Accepting) -> bool:
        """Whether the client can authenticate."""
        usable = [item for item in self.authenticators if item.is_live(now)]
        if self.secret_retired_at is None:
            usable.append(self.own_secret())
        methods: abc.Set[str] = frozenset().union(*map(accepting, usable))
        return bool(
            methods if self.methods is None else methods & self.methods
        )

    def check_usable(
        self,
        before: 'Registration',
        now: datetime.datetime,
        accepting: Accepting,
    ) -> None:
        """Check that a change does not lock out the client.

        :param before: the registration before the change.
        :param accepting: returns the methods that accept an authenticator.
        :raises Conflict: the client could no longer authenticate.
        """
        if not before.is_usable(now, accepting):
            return
        if not self.is_usable(now, accepting):
            raise Conflict(
                'The client could no longer authenticate: first register '
                'another authenticator for a method that it may use, or '
                'delete the application credential.'
            )


def new_secret() -> str:
    """Return a secret of 256 random bits, base64url."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def secret_fingerprint(client_id: str, secret: str) -> str:
    """Return the digest of a registered secret in hexadecimal.

    256 random bits cannot be guessed, so neither a slow hash nor a key is
    needed to protect them against an attacker who has the database.
    """
    message = f'keystone-oauth2 client secret 1\0{client_id}\0{secret}'
    return hashlib.sha256(message.encode()).hexdigest()
