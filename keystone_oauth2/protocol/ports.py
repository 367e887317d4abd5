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

"""Interfaces of what the protocol needs from outside.

:mod:`keystone_oauth2.identity` and :mod:`keystone_oauth2.db` implement them,
and :mod:`keystone_oauth2.compose.server` passes them in.
"""

import collections.abc as abc
import dataclasses
import datetime
import re
import typing as ty

from keystone_oauth2.protocol import messages

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


class CannotBind(Exception):
    """The token provider cannot bind this client's token to a certificate."""


@dataclasses.dataclass(frozen=True)
class LastUse:
    """The use of an authenticator, to be recorded.

    :ivar internal_id: of the application credential.
    :ivar authenticator_id: None for the credential's own secret.
    :ivar last: the previous use, to the minute, or None.
    """

    internal_id: int
    authenticator_id: str | None
    last: datetime.datetime | None


@dataclasses.dataclass(frozen=True)
class ApplicationCredential:
    """The delegation of an application credential.

    :ivar methods: the client authentication methods that the client is
        registered for; None if it may use any.
    :ivar use: to be recorded once the client has authenticated, or None.
    :ivar ends_at: when the authenticator that the client has used expires,
        UTC without a zone; None if it has no expiration of its own.
    :ivar is_user_enabled: whether the database says that the user and the
        user's domain are enabled. Otherwise the identity driver must.
    """

    id: str
    user_id: str
    project_id: str
    methods: frozenset[str] | None = None
    use: LastUse | None = None
    ends_at: datetime.datetime | None = None
    is_user_enabled: bool = False

    def used(
        self, authenticator: 'RegisteredAuthenticator'
    ) -> 'ApplicationCredential':
        """Return a copy for a client that has used an authenticator."""
        return dataclasses.replace(
            self, use=authenticator.use, ends_at=authenticator.expires_at
        )


@dataclasses.dataclass(frozen=True)
class RegisteredAuthenticator:
    """A key or certificate of a client that has not expired.

    :ivar value: its public parts.
    :ivar fingerprint: identifies it among those of the client.
    :ivar use: to be recorded if it was used.
    :ivar expires_at: UTC without a zone, or None for never.
    """

    value: abc.Mapping[str, ty.Any]
    fingerprint: str
    use: LastUse
    expires_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class StoredCredential:
    """An application credential as it currently is in the database.

    :ivar internal_id: its primary key.
    :ivar refusal: why it must not be used (it has expired, or its user, its
        project or one of their domains is disabled), or None.
    :ivar digest: of the secret, under the key ``digest_key_id``.
    :ivar methods: see :class:`ApplicationCredential`.
    :ivar is_secret_retired: whether the credential's own secret is retired.
    :ivar registered_digest: of a registered secret that has not expired.
    :ivar registered_use: to be recorded if the registered secret was used.
    :ivar registered_end: when that secret expires, UTC without a zone, or
        None.
    :ivar own_use: to be recorded if the credential's own secret was used;
        None if nothing is registered for the client.
    :ivar is_user_enabled: see :class:`ApplicationCredential`.
    """

    internal_id: int
    id: str
    user_id: str
    project_id: str
    refusal: str | None = None
    digest_key_id: str | None = None
    digest: str | None = None
    methods: frozenset[str] | None = None
    is_secret_retired: bool = False
    registered_digest: str | None = None
    registered_use: LastUse | None = None
    registered_end: datetime.datetime | None = None
    own_use: LastUse | None = None
    is_user_enabled: bool = False

    def delegation(
        self,
        use: LastUse | None = None,
        ends_at: datetime.datetime | None = None,
    ) -> ApplicationCredential:
        """Return its delegation.

        :param use: of the authenticator that the client has used.
        :param ends_at: when that authenticator expires, or None.
        """
        return ApplicationCredential(
            self.id,
            self.user_id,
            self.project_id,
            self.methods,
            use,
            ends_at,
            self.is_user_enabled,
        )


class Credentials(ty.Protocol):
    """Stores application credentials and digests of secrets."""

    def find(
        self, client_id: str, registered_digest: str
    ) -> tuple[StoredCredential | None, bool]:
        """Return the current state in the database, without a cache.

        :param registered_digest: of the registered secret to look for.
        :returns: the credential, or None; and whether digests can be stored.
        """

    def store_digest(
        self, credential: StoredCredential, key_id: str, digest: str
    ) -> None:
        """Replace the credential's digest, if digests can be stored."""


class Secrets(ty.Protocol):
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


class VerifySecret(ty.Protocol):
    """Checks the secret of an application credential."""

    def __call__(
        self, client_id: str, client_secret: str
    ) -> ApplicationCredential:
        """Return the credential.

        :raises Refused: the id is unknown, the secret is wrong, or the
            credential must not be used.
        """


class FindAuthenticators(ty.Protocol):
    """Finds the authenticators of a client."""

    def __call__(
        self, client_id: str, kind: str
    ) -> tuple[ApplicationCredential, abc.Sequence[RegisteredAuthenticator]]:
        """Return the current authenticators of a client.

        :param kind: one of the kinds in :mod:`.clients.registration`.
        :raises UnknownClient: the id is unknown.
        :raises Refused: the credential must not be used.
        """


class NoteUse(ty.Protocol):
    """Records that an authenticator was used."""

    def __call__(self, use: LastUse) -> None:
        """Record the use, at most once a minute, if the database allows."""


class ConsumeAssertion(ty.Protocol):
    """Ensures that each client assertion is accepted only once."""

    def __call__(
        self, client_id: str, jti: str, expires_at: datetime.datetime
    ) -> bool:
        """Whether no worker has accepted this assertion before.

        :param expires_at: UTC without a zone; it is remembered until then.
        """


class FindUser(ty.Protocol):
    """Finds a user."""

    def __call__(
        self, user_id: str, *, is_enabled: bool = False
    ) -> messages.User:
        """Return an enabled user in an enabled domain.

        :param is_enabled: whether the database has already confirmed this.
        :raises Refused: there is no such user.
        """


class FindProject(ty.Protocol):
    """Finds a project."""

    def __call__(self, project_id: str) -> str:
        """Return the stored id of an enabled project in an enabled domain.

        :raises Refused: there is no such project.
        """


class DomainName(ty.Protocol):
    """Finds the name of a domain."""

    def __call__(self, domain_id: str) -> str:
        """Return the name of an existing domain."""


class EvaluateMapping(ty.Protocol):
    """Maps the names in a certificate by the federation mapping."""

    def __call__(self, assertion: abc.Mapping[str, str]) -> dict[str, str]:
        """Return the properties of the user that a certificate maps to.

        :param assertion: values by attribute; multiple values are joined with
            ``;``.
        :returns: any of ``id``, ``name``, ``email``, ``domain_id`` and
            ``domain_name``.
        :raises Refused: no rule applies, or there is no mapping.
        """


class IssueToken(ty.Protocol):
    """Issues access tokens with Keystone's token provider."""

    def __call__(self, client: messages.Client) -> messages.IssuedToken:
        """Return a token for a client.

        It expires no later than the application credential and the
        authenticator that the client has used.

        :raises CannotBind: the provider cannot bind it to the certificate.
        :raises Refused: the project or its domain is disabled, or the user
            has no role there.
        """


class PermitIssue(ty.Protocol):
    """Checks the operator's policy for issuing tokens."""

    def __call__(
        self,
        client: messages.Client,
        grant_type: str,
        token: messages.IssuedToken,
    ) -> bool:
        """Whether this client may get this token by this grant."""


class RememberCertificate(ty.Protocol):
    """Stores the thumbprints of a certificate for introspection."""

    def __call__(self, certificate: bytes) -> None:
        """Store both thumbprints of a certificate, given as DER."""


class FindThumbprint(ty.Protocol):
    """Finds the stored thumbprint of a certificate."""

    def __call__(self, keystone_thumbprint: str) -> str | None:
        """Return the thumbprint of RFC 8705, or None if it is not stored."""


class DescribeClient(ty.Protocol):
    """Finds the roles of a client."""

    def __call__(self, client: messages.Client) -> messages.Caller:
        """Return the client with its roles.

        :raises Refused: as for a token.
        """


class ValidateToken(ty.Protocol):
    """Validates a token."""

    def __call__(self, value: str) -> messages.Token | None:
        """Return the token, or None if Keystone would not accept it.

        :param value: any text.
        """


class RevokeToken(ty.Protocol):
    """Revokes a token."""

    def __call__(self, token: messages.Token) -> None:
        """Revoke the token and those derived from it, but not its siblings."""


class PermitCaller(ty.Protocol):
    """Checks the operator's policy for a caller and a token."""

    def __call__(self, caller: messages.Caller, token: messages.Token) -> bool:
        """Whether the caller may introspect or revoke the token."""


class TooManyFailures(Exception):
    """Too many client authentications have failed.

    :param seconds: how long the client should wait.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f'for {seconds} seconds')
        self.seconds = seconds


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


@dataclasses.dataclass(frozen=True)
class Ports:
    """All ports, for the constructors of methods and grants."""

    verify_secret: VerifySecret
    find_authenticators: FindAuthenticators
    note_use: NoteUse
    consume_assertion: ConsumeAssertion
    assertion_rules: AssertionRules
    find_user: FindUser
    find_project: FindProject
    domain_name: DomainName
    evaluate_mapping: EvaluateMapping
    issue_token: IssueToken
    permit_issue: PermitIssue
    remember_certificate: RememberCertificate
    find_thumbprint: FindThumbprint
    describe_client: DescribeClient
    validate_token: ValidateToken
    revoke_token: RevokeToken
    permit_introspection: PermitCaller
    permit_revocation: PermitCaller
