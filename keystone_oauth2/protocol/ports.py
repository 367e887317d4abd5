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

"""Interfaces of what the protocol needs from outside, by subject.

:mod:`keystone_oauth2.identity`, :mod:`keystone_oauth2.db` and
:mod:`keystone_oauth2.limits` implement them. A class names those that it needs
as parameters of its constructor, by which
:mod:`keystone_oauth2.compose.server` passes them in.
"""

import collections.abc as abc
import dataclasses
import datetime
import re
import typing as ty

from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import confirmation as confirmations
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import trusted_issuer

_KEYSTONE_ID = re.compile('[0-9a-f]{32}(?:[0-9a-f]{32})?')


def redact(identifier: str) -> str:
    """Return an id from a request in a form that is safe to log.

    A value that does not look like a Keystone id may be a misplaced secret.
    """
    if _KEYSTONE_ID.fullmatch(identifier):
        return identifier
    return f'({len(identifier)} characters, redacted)'


class Refused(Exception):
    """The client must not get a token.

    The message is for the log only: all refusals look the same to clients.

    :ivar was_slow: whether the check included a slow hash.
    """

    def __init__(self, reason: str, *, was_slow: bool = False) -> None:
        super().__init__(reason)
        self.was_slow = was_slow


class UnknownClient(Refused):
    """There is no application credential with this id."""


class UnusableClient(Refused):
    """The application credential exists, but must not be used.

    :ivar client: the client, for those who do not decide about its use.
    """

    def __init__(self, reason: str, client: clients.Client) -> None:
        super().__init__(reason)
        self.client = client


class CannotBind(Exception):
    """The token provider cannot bind this client's token to a certificate."""


class CannotSign(Exception):
    """There is no key to sign tokens with, or it cannot be read."""


class CannotRestrict(Exception):
    """A token would be valid for other resources than were asked for."""


class TooManyFailures(Exception):
    """Too many client authentications have failed.

    :param seconds: how long the client should wait.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f'for {seconds} seconds')
        self.seconds = seconds


class ClientStore(ty.Protocol):
    """Application credentials as clients, with what is registered for them."""

    def find(self, client_id: str) -> clients.Client:
        """Return the current state in the database, without a cache.

        :raises UnknownClient: there is no such application credential.
        :raises UnusableClient: it has expired, or its user, its project or one
            of their domains is disabled.
        """

    def is_registered(self, client_id: str) -> bool:
        """Whether anything is registered for a client, without a cache.

        :raises UnknownClient: there is no such application credential.
        """

    def store_digest(
        self, client_id: str, digest: clients.SecretDigest
    ) -> None:
        """Replace the digest of a client's own secret, if possible."""

    def note_use(
        self, client: clients.Client, authenticator: registration.Authenticator
    ) -> None:
        """Record that a client has used an authenticator.

        It is recorded at most once a minute, and only if possible.
        """


class SecretHasher(ty.Protocol):
    """Keystone's own check of secrets, with a slow hash."""

    def check(self, client_id: str, client_secret: str) -> bool:
        """Whether the secret of an existing credential is right."""

    def check_dummy(self, client_secret: str) -> None:
        """Take as long as :meth:`check`."""

    def hashed_part(self, client_secret: str) -> bytes:
        """Return the bytes of a secret that Keystone hashes.

        Keystone ignores any bytes after them.
        """

    def hashed_length(self) -> int:
        """Return the maximum number of these bytes."""


class UserDirectory(ty.Protocol):
    """Users, projects and domains, and which certificate is whose."""

    def find_user(self, user_id: str) -> clients.User:
        """Return an enabled user in an enabled domain.

        :raises Refused: there is no such user.
        """

    def find_project(self, project_id: str) -> str:
        """Return the stored id of an enabled project in an enabled domain.

        :raises Refused: there is no such project.
        """

    def domain_name(self, domain_id: str) -> str:
        """Return the name of an existing domain."""

    def map_certificate(self, names: abc.Mapping[str, str]) -> dict[str, str]:
        """Return the properties of the user that a certificate maps to.

        :param names: in the certificate, by attribute; multiple values are
            joined with ``;``.
        :returns: any of ``id``, ``name``, ``email``, ``domain_id`` and
            ``domain_name``.
        :raises Refused: no rule applies, or there is no mapping.
        """


@dataclasses.dataclass(frozen=True, kw_only=True)
class Delegation:
    """What a token is to stand for.

    :ivar user_id: the user whose roles are delegated.
    :ivar project_id: the project in which they are delegated.
    :ivar application_credential_id: None if the client is the user.
    :ivar roles: see :class:`.clients.client.Client`, as are the next two.
    :ivar ends_at: when it ends at the latest, UTC without a zone, or None.
    :ivar confirmation: what the token is bound to, or None.
    :ivar details: see :class:`.clients.client.Client`.
    :ivar resources: for which it is to be valid (RFC 8707); empty for all.
    """

    client_id: str
    user_id: str
    project_id: str
    application_credential_id: str | None = None
    roles: tuple[clients.Role, ...] | None = None
    is_user_enabled: bool = False
    has_mfa_rules: bool = True
    ends_at: datetime.datetime | None = None
    confirmation: confirmations.Confirmation | None = None
    details: clients.Details | None = None
    resources: tuple[str, ...] = ()

    @classmethod
    def to(
        cls,
        authenticated: clients.AuthenticatedClient,
        resources: tuple[str, ...] = (),
    ) -> 'Delegation':
        """Return what is delegated to a client.

        :raises Refused: it has no project.
        """
        client = authenticated.client
        if client.project_id is None:
            raise Refused(f'client {client.id} has no project')
        return cls(
            client_id=client.id,
            user_id=client.user_id,
            project_id=client.project_id,
            application_credential_id=None if client.is_user else client.id,
            roles=client.roles,
            is_user_enabled=client.is_user_enabled,
            has_mfa_rules=client.has_mfa_rules,
            ends_at=authenticated.ends_at,
            confirmation=authenticated.confirmation,
            details=client.details,
            resources=resources,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class IssuedToken:
    """An access token that has not been sent yet.

    :ivar value: the token itself; never logged.
    :ivar audit_id: identifies it in logs.
    :ivar expires_in: its remaining lifetime in seconds.
    :ivar roles: names of the roles that it carries.
    :ivar is_jwt: whether it says itself what it is bound to.
    """

    value: str = dataclasses.field(repr=False)
    audit_id: str
    expires_in: int
    roles: tuple[str, ...]
    is_jwt: bool = False


class TokenService(ty.Protocol):
    """Issues, describes and revokes access tokens.

    :ivar knows_resources: whether a token can be restricted to some.
    """

    knows_resources: bool

    def issue(self, delegation: Delegation) -> IssuedToken:
        """Return a token.

        It ends no later than the delegation.

        :raises CannotBind: the provider cannot bind it to the certificate.
        :raises CannotRestrict: it would be valid for other resources, too.
        :raises CannotSign: there is no key.
        :raises Refused: the user, the project or one of their domains is
            disabled, or the user has no role there.
        """

    def describe(self, client: clients.AuthenticatedClient) -> messages.Caller:
        """Return a client with the roles that its token would carry.

        :raises Refused: as for a token.
        """

    def validate(self, value: str) -> claims.Claims | None:
        """Return what a token says, or None if Keystone would not accept it.

        :param value: any text.
        """

    def revoke(self, token: claims.Claims) -> None:
        """Revoke the token and those derived from it, but not its siblings."""


class Policy(ty.Protocol):
    """The operator's policy."""

    def permit_issue(
        self,
        client: clients.AuthenticatedClient,
        grant_type: str,
        token: IssuedToken,
    ) -> bool:
        """Whether this client may get this token by this grant."""

    def permit_introspection(
        self, caller: messages.Caller, token: claims.Claims
    ) -> bool:
        """Whether the caller may introspect the token."""

    def permit_revocation(
        self, caller: messages.Caller, token: claims.Claims
    ) -> bool:
        """Whether the caller may revoke the token."""


class CertificateStore(ty.Protocol):
    """Thumbprints of the certificates that tokens are bound to."""

    def remember(self, confirmation: confirmations.Confirmation) -> None:
        """Store both thumbprints of a certificate for introspection."""

    def find(self, keystone_thumbprint: str) -> str | None:
        """Return the thumbprint of RFC 8705, or None if it is not stored."""


class ReplayCache(ty.Protocol):
    """Ensures that what can be used once is used once."""

    def consume(
        self,
        namespace: str,
        client_id: str,
        identifier: str,
        expires_at: datetime.datetime,
    ) -> bool:
        """Whether no worker of any node has accepted it before.

        :param namespace: what it is, such as ``client_assertion``.
        :param identifier: unique for the client, such as a ``jti``.
        :param expires_at: UTC without a zone; it is remembered until then.
        """


class TrustedIssuerStore(ty.Protocol):
    """The issuers that the operator trusts."""

    def find(self, issuer: str) -> abc.Sequence[trusted_issuer.TrustedIssuer]:
        """Return those that are enabled, in the database, without a cache.

        :param issuer: their exact ``iss``; any text.
        """


class KeyFetcher(ty.Protocol):
    """Fetches the keys of trusted issuers in the background."""

    def start(self) -> bool:
        """Keep them up to date from now on, in this process.

        :returns: whether that is possible.
        """

    def want(self, issuer: trusted_issuer.TrustedIssuer) -> bool:
        """Ask for the keys again, and do not wait for them.

        Nothing happens if that has happened only a moment ago.

        :returns: whether a request for them has begun and not ended yet.
        """


class Guard(ty.Protocol):
    """Limits failed client authentications (RFC 6749, 2.3.1).

    A client is never blocked at an address from which it has not failed.
    """

    def check(self, client_id: str, source: messages.Source) -> None:
        """Refuse an attempt above a hard limit, before it costs anything.

        :param client_id: as the request claims.
        :raises TooManyFailures: the credentials must not be checked.
        """

    def failed(
        self, client_id: str, source: messages.Source, *, was_slow: bool
    ) -> None:
        """Count a failed attempt.

        :param was_slow: see :class:`Refused`.
        :raises TooManyFailures: the limit is exceeded: the client should wait,
            but its next attempt is still checked.
        """


@dataclasses.dataclass(frozen=True)
class AssertionRules:
    """The operator's rules for client assertions (RFC 7523, 3).

    :ivar audiences: an assertion must have exactly one of these.
    :ivar max_lifetime: seconds from now in which it must expire.
    """

    audiences: frozenset[str]
    max_lifetime: int
