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

"""What the protocol needs from outside.

:mod:`keystone_oauth2.identity` has functions of these shapes and
:mod:`keystone_oauth2.api.wiring` hands them over.
"""

import collections.abc as abc
import dataclasses
import datetime
import re
import typing as ty

from keystone_oauth2.protocol import messages

_KEYSTONE_ID = re.compile('[0-9a-f]{32}(?:[0-9a-f]{32})?')


def redact(identifier: str) -> str:
    """Return how a log calls an id that a stranger sent.

    What does not look like an id of Keystone may be a secret in its place.
    """
    if _KEYSTONE_ID.fullmatch(identifier):
        return identifier
    return f'of {len(identifier)} characters'


class Refused(Exception):
    """The client must not have a token.

    The text says why, for the log only: all refusals look the same outside.

    :ivar was_slow: whether a slow hash of a secret has decided.
    """

    def __init__(self, reason: str, *, was_slow: bool = False) -> None:
        super().__init__(reason)
        self.was_slow = was_slow


class UnknownClient(Refused):
    """No application credential has this id."""


class CannotBind(Exception):
    """The token provider cannot bind this client's token to a certificate."""


@dataclasses.dataclass(frozen=True)
class LastUse:
    """That a client has authenticated with something.

    :ivar internal_id: of the application credential.
    :ivar authenticator_id: None for the credential's own secret.
    :ivar last: the use before, to the minute; None for none.
    """

    internal_id: int
    authenticator_id: str | None
    last: datetime.datetime | None


@dataclasses.dataclass(frozen=True)
class ApplicationCredential:
    """What an application credential delegates.

    :ivar methods: the client authentication methods that the client is
        registered for; None if it may use any.
    :ivar use: what is to be noted down once the client has authenticated.
    :ivar ends_at: the end of what it has authenticated with, UTC without a
        zone; None where that has none of its own.
    :ivar is_user_enabled: whether the database has said that the user and
        its domain are enabled. Otherwise the identity driver must.
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
        """Return the same, for a client that has used an authenticator."""
        return dataclasses.replace(
            self, use=authenticator.use, ends_at=authenticator.expires_at
        )


@dataclasses.dataclass(frozen=True)
class RegisteredAuthenticator:
    """A key or a certificate of a client, which has not expired.

    :ivar value: its public parts.
    :ivar fingerprint: tells one from another.
    :ivar use: what is to be noted down if it was used.
    :ivar expires_at: UTC without a zone, or None for never.
    """

    value: abc.Mapping[str, ty.Any]
    fingerprint: str
    use: LastUse
    expires_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class StoredCredential:
    """An application credential as the database has it right now.

    :ivar internal_id: its primary key.
    :ivar refusal: why it must not be used (expired; its user or project or
        their domains are disabled), or None.
    :ivar digest: of the secret, under the key ``digest_key_id``.
    :ivar methods: see :class:`ApplicationCredential`.
    :ivar is_secret_retired: whether the credential's own secret is none any
        more.
    :ivar registered_digest: of a registered secret that has not expired.
    :ivar registered_use: what is to be noted down if that was used.
    :ivar registered_end: the end of that secret, UTC without a zone, or None.
    :ivar own_use: the same for the credential's own secret; None where
        nothing is registered for the client.
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
        """Return what it delegates.

        :param use: of what the client has authenticated with.
        :param ends_at: the end of that, or None.
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
    """Where application credentials and digests of secrets are."""

    def find(
        self, client_id: str, registered_digest: str
    ) -> tuple[StoredCredential | None, bool]:
        """Return what is in the database at this moment: no cache.

        :param registered_digest: of the registered secret that is looked for.
        :returns: the credential, or None; and whether there is a place for
            digests.
        """

    def store_digest(
        self, credential: StoredCredential, key_id: str, digest: str
    ) -> None:
        """Keep the digest in the place of any other, if it can be kept."""


class Secrets(ty.Protocol):
    """Keystone's own check of secrets, which is slow."""

    def check(self, client_id: str, client_secret: str) -> bool:
        """Whether the secret is that of an existing credential."""

    def check_dummy(self, client_secret: str) -> None:
        """Take as long as :meth:`check`."""

    def hashed_part(self, client_secret: str) -> bytes:
        """Return the bytes that Keystone hashes: secrets that differ behind
        them are the same secret to it.
        """

    def hashed_length(self) -> int:
        """Return how many bytes these are at most."""


class VerifySecret(ty.Protocol):
    """Check the secret of an application credential."""

    def __call__(
        self, client_id: str, client_secret: str
    ) -> ApplicationCredential:
        """Return the credential.

        :raises Refused: the id is unknown, the secret is wrong, or the
            credential must not be used.
        """


class FindAuthenticators(ty.Protocol):
    """Look up what is registered for a client."""

    def __call__(
        self, client_id: str, kind: str
    ) -> tuple[ApplicationCredential, abc.Sequence[RegisteredAuthenticator]]:
        """Return what a client may authenticate with, at this moment.

        :param kind: of :mod:`keystone_oauth2.protocol.registration`.
        :raises UnknownClient: the id is unknown.
        :raises Refused: the credential must not be used.
        """


class NoteUse(ty.Protocol):
    """Note down that something is in use."""

    def __call__(self, use: LastUse) -> None:
        """Write it down, once a minute at most, if it can be written."""


class ConsumeAssertion(ty.Protocol):
    """Take a client assertion once."""

    def __call__(
        self, client_id: str, jti: str, expires_at: datetime.datetime
    ) -> bool:
        """Whether nobody has shown it before, to whatever worker.

        :param expires_at: UTC without a zone; it is remembered until then.
        """


class FindUser(ty.Protocol):
    """Look a user up."""

    def __call__(
        self, user_id: str, *, is_enabled: bool = False
    ) -> messages.User:
        """Return a user who is enabled, in an enabled domain.

        :param is_enabled: whether the database has just said so.
        :raises Refused: there is no such user.
        """


class FindProject(ty.Protocol):
    """Look a project up."""

    def __call__(self, project_id: str) -> str:
        """Return the id, as it is stored, of a project.

        It is enabled, and so is its domain, at this moment.

        :raises Refused: there is no such project.
        """


class DomainName(ty.Protocol):
    """Look the name of a domain up."""

    def __call__(self, domain_id: str) -> str:
        """Return the name of a domain that exists."""


class EvaluateMapping(ty.Protocol):
    """Put names of a certificate through the federation mapping."""

    def __call__(self, assertion: abc.Mapping[str, str]) -> dict[str, str]:
        """Return properties of a user that the certificate stands for.

        :param assertion: values by attribute; several are joined with ``;``.
        :returns: any of ``id``, ``name``, ``email``, ``domain_id`` and
            ``domain_name``.
        :raises Refused: no rule applies, or there is no mapping.
        """


class IssueToken(ty.Protocol):
    """Have Keystone's token provider make an access token."""

    def __call__(self, client: messages.Client) -> messages.IssuedToken:
        """Return a token that does not outlive what it came from.

        That is the credential, and what the client has authenticated with.

        :raises CannotBind: it should be bound to a certificate.
        :raises Refused: the project or its domain is disabled, or the user
            has no role there.
        """


class PermitIssue(ty.Protocol):
    """Ask the operator's policy."""

    def __call__(
        self,
        client: messages.Client,
        grant_type: str,
        token: messages.IssuedToken,
    ) -> bool:
        """Whether this client may be handed this token by this grant."""


class RememberCertificate(ty.Protocol):
    """Keep what introspection has to say of a certificate."""

    def __call__(self, certificate: bytes) -> None:
        """Keep both thumbprints of a certificate, given as DER."""


class FindThumbprint(ty.Protocol):
    """Look a remembered certificate up."""

    def __call__(self, keystone_thumbprint: str) -> str | None:
        """Return the thumbprint of RFC 8705, or None if not remembered."""


class DescribeClient(ty.Protocol):
    """Find out what a client may do."""

    def __call__(self, client: messages.Client) -> messages.Caller:
        """Return the client with its roles.

        :raises Refused: as for a token.
        """


class ValidateToken(ty.Protocol):
    """Check a token."""

    def __call__(self, value: str) -> messages.Token | None:
        """Return the token, or None for whatever Keystone would refuse.

        :param value: anything at all.
        """


class RevokeToken(ty.Protocol):
    """Withdraw a token."""

    def __call__(self, token: messages.Token) -> None:
        """Revoke it and what was derived from it, and not its siblings."""


class PermitCaller(ty.Protocol):
    """Ask the operator's policy about a caller and a token."""

    def __call__(self, caller: messages.Caller, token: messages.Token) -> bool:
        """Whether the caller may do this with the token."""


class TooManyFailures(Exception):
    """Too many client authentications have failed.

    :param seconds: until another attempt makes sense.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f'for {seconds} seconds')
        self.seconds = seconds


class Guard(ty.Protocol):
    """Counts failed client authentications (RFC 6749, 2.3.1).

    A client is never stopped at an address from which it has not failed.
    """

    def check(self, client_id: str, source: messages.Source) -> None:
        """Refuse an attempt past a hard limit, before it costs anything.

        :param client_id: as the request names it.
        :raises TooManyFailures: the attempt must not be looked at.
        """

    def failed(
        self, client_id: str, source: messages.Source, *, was_slow: bool
    ) -> None:
        """Count a failed attempt.

        :param was_slow: see :class:`Refused`.
        :raises TooManyFailures: it was one too many: the next one is looked
            at, but the client should wait.
        """


@dataclasses.dataclass(frozen=True)
class AssertionRules:
    """What the operator says of client assertions (RFC 7523, 3).

    :ivar audiences: any of them may be the one audience of an assertion.
    :ivar max_lifetime: from now to its end, in seconds.
    """

    audiences: frozenset[str]
    max_lifetime: int


@dataclasses.dataclass(frozen=True)
class Ports:
    """All of the above, for the constructors of methods and grants."""

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
