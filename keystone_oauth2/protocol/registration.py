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

"""What is registered for a client: the ways in which it may authenticate.

A *client authenticator* is a secret, a key or a certificate. A client may
have several of each, which come and go while its id, its roles and its tokens
stay.
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

SECRET_METHODS = frozenset({'client_secret_basic', 'client_secret_post'})
CERTIFICATE_METHODS = frozenset(
    {'self_signed_tls_client_auth', 'tls_client_auth'}
)
#: The methods that an application credential can be registered for.
METHODS = SECRET_METHODS | CERTIFICATE_METHODS | {'private_key_jwt'}

_SECRET_BYTES = 32


class Conflict(Exception):
    """What is registered does not allow a change.

    The text says why, to who asked for the change.
    """


class TooMany(Conflict):
    """The client has as many authenticators of a kind as it may have."""


class UnknownClient(Exception):
    """There is no such application credential."""


class UnknownAuthenticator(Exception):
    """The client has no such authenticator."""


class NotAuthorized(Exception):
    """Whose authority a change relies on has none any more.

    A user, a domain or a project was disabled or deleted, or an application
    credential has expired or was deleted.
    """


@dataclasses.dataclass(frozen=True)
class Authority:
    """Whose authority a change relies on.

    :ivar user_id: of the token that asks for it.
    :ivar application_credential_id: that the token was issued for, or None.
    :ivar ends_at: the end of what may be registered, UTC without a zone; None
        where nothing bounds it.
    """

    user_id: str
    application_credential_id: str | None = None
    ends_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class NewAuthenticator:
    """What is to be registered.

    :ivar kind: of this module's kinds.
    :ivar fingerprint: of a secret the digest; of all else, what tells one
        from another.
    :ivar value: public parts; None for a secret.
    :ivar expires_at: UTC without a zone, or None for never.
    """

    kind: str
    fingerprint: str
    value: dict[str, ty.Any] | None = None
    description: str | None = None
    expires_at: datetime.datetime | None = None

    def ending_by(self, end: datetime.datetime | None) -> 'NewAuthenticator':
        """Return the same, with an end no later than another one.

        :param end: UTC without a zone, or None for any.
        """
        if end is None or (self.expires_at and self.expires_at <= end):
            return self
        return dataclasses.replace(self, expires_at=end.replace(microsecond=0))

    @property
    def methods(self) -> frozenset[str]:
        """The client authentication methods that it serves."""
        if self.kind == SECRET:
            return SECRET_METHODS
        if self.kind == KEY:
            return frozenset({'private_key_jwt'})
        if 'certificate' in (self.value or {}):
            return frozenset({'self_signed_tls_client_auth'})
        return frozenset({'tls_client_auth'})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Authenticator(NewAuthenticator):
    """What is registered.

    :ivar created_at: UTC without a zone, as is ``last_used_at``.
    :ivar last_used_at: to the minute; None for never.
    """

    id: str
    client_id: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None = None

    def is_live(self, now: datetime.datetime) -> bool:
        """Whether it has not expired yet."""
        return self.expires_at is None or self.expires_at > now


@dataclasses.dataclass(frozen=True)
class Registration:
    """All that is registered for a client.

    :ivar methods: the methods that it may use; None where nobody has chosen.
    :ivar secret_retired_at: end of the credential's own secret, or None.
    :ivar secret_last_used_at: its last use since something was registered.
    """

    client_id: str
    methods: frozenset[str] | None = None
    secret_retired_at: datetime.datetime | None = None
    secret_last_used_at: datetime.datetime | None = None
    authenticators: tuple[Authenticator, ...] = ()

    def of_kind(self, kind: str) -> tuple[Authenticator, ...]:
        """Return the authenticators of a kind, the oldest first."""
        return tuple(
            sorted(
                (one for one in self.authenticators if one.kind == kind),
                key=lambda one: (one.created_at, one.id),
            )
        )

    def is_usable(self, now: datetime.datetime) -> bool:
        """Whether the client can authenticate with something."""
        methods: abc.Set[str] = frozenset().union(
            *(one.methods for one in self.authenticators if one.is_live(now))
        )
        if self.secret_retired_at is None:
            methods |= SECRET_METHODS
        return bool(
            methods & (METHODS if self.methods is None else self.methods)
        )

    def check_usable(
        self, before: 'Registration', now: datetime.datetime
    ) -> None:
        """Make sure that a change leaves the client something.

        :param before: what was registered before the change.
        :raises Conflict: the client cannot authenticate any more.
        """
        if before.is_usable(now) and not self.is_usable(now):
            raise Conflict(
                'The client could not authenticate any more: register '
                'another authenticator of a method that it may use first, or '
                'delete the application credential.'
            )


def new_secret() -> str:
    """Return a secret of 256 random bits, base64url."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def secret_fingerprint(client_id: str, secret: str) -> str:
    """Return the digest of a registered secret, hexadecimal.

    Nobody can guess 256 random bits, so neither a slow hash nor a key is
    needed to keep them from who has the database.
    """
    message = f'keystone-oauth2 client secret 1\0{client_id}\0{secret}'
    return hashlib.sha256(message.encode()).hexdigest()
