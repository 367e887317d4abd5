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

"""Clients: as they are registered, and as they have authenticated."""

import collections.abc as abc
import dataclasses
import datetime
import hmac

from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import confirmation as confirmations
from keystone_oauth2.protocol.clients import registration


@dataclasses.dataclass(frozen=True)
class User:
    """The Keystone user whose roles are delegated.

    The user and the user's domain were enabled when this was read.

    :ivar default_project_id: None if the user has none.
    """

    id: str
    name: str
    domain_id: str
    email: str | None = None
    default_project_id: str | None = None


@dataclasses.dataclass(frozen=True)
class SecretDigest:
    """The stored digest of an application credential's own secret.

    :ivar key_id: of the key that it was made with.
    """

    key_id: str
    digest: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Role:
    """A role that is delegated to a client."""

    id: str
    name: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Details:
    """What a JWT access token says of a client besides ids and roles.

    :ivar user_name: None if the user is not in Keystone's database, as is
        ``user_domain``.
    :ivar is_domain: whether the project acts as a domain.
    :ivar name: of the application credential.
    :ivar is_restricted: whether it must not create further ones.
    :ivar has_access_rules: whether it is limited to some requests.
    """

    user_name: str | None
    user_domain: claims.Domain | None
    project: claims.Project
    is_domain: bool
    name: str
    is_restricted: bool
    has_access_rules: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Client:
    """A client as it is registered, before it has authenticated.

    It is an application credential, or a user (Mutual-TLS as in the API
    reference of OS-OAUTH2).

    :ivar id: the ``client_id``, as it is stored.
    :ivar user_id: the user whose roles are delegated.
    :ivar project_id: the project in which they are delegated; None for a user
        whose default project has not been read.
    :ivar is_user: whether the client is the user.
    :ivar is_user_enabled: whether the user and the user's domain are known to
        be enabled. Otherwise the identity driver must be asked.
    :ivar has_mfa_rules: whether the user may have rules for multi-factor
        authentication.
    :ivar roles: that the application credential delegates, as far as its user
        still has them; None if it is the user.
    :ivar expires_at: when the application credential expires, UTC without a
        zone, or None.
    :ivar is_registered: whether anything is registered for the client, so
        that uses are recorded.
    :ivar methods: the client authentication methods that it is registered
        for; None if it may use any.
    :ivar authenticators: that have not expired; the one that expires last
        comes first. The application credential's own secret is among them,
        under the client's id, unless it is retired.
    :ivar secret_digest: of the own secret, or None.
    :ivar details: None if it is the user.
    """

    id: str
    user_id: str
    project_id: str | None
    is_user: bool = False
    is_user_enabled: bool = False
    has_mfa_rules: bool = True
    roles: tuple[Role, ...] | None = None
    expires_at: datetime.datetime | None = None
    is_registered: bool = False
    methods: frozenset[str] | None = None
    authenticators: tuple[registration.Authenticator, ...] = ()
    secret_digest: SecretDigest | None = None
    details: Details | None = None

    @property
    def own_secret(self) -> registration.Authenticator | None:
        """The application credential's own secret; None if it is retired."""
        for authenticator in self.authenticators:
            if authenticator.id == self.id:
                return authenticator
        return None

    def find_registered(
        self,
        accepts: abc.Callable[[registration.Authenticator], bool],
        fingerprint: str,
    ) -> registration.Authenticator | None:
        """Return the authenticator with a fingerprint, or None.

        :param accepts: whether an authenticator is of the right kind.
        """
        for authenticator in self.authenticators:
            if accepts(authenticator) and hmac.compare_digest(
                authenticator.fingerprint, fingerprint
            ):
                return authenticator
        return None

    def may_use(self, method: str) -> bool:
        """Whether it is registered for a client authentication method."""
        return self.methods is None or method in self.methods


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuthenticatedClient:
    """A client that has authenticated.

    :ivar method: the client authentication method, by its name in the RFCs.
    :ivar authenticator: that it has used; None for a user.
    :ivar confirmation: what its token will be bound to, or None.
    """

    client: Client
    method: str
    authenticator: registration.Authenticator | None = None
    confirmation: confirmations.Confirmation | None = None

    @property
    def id(self) -> str:
        """The ``client_id``."""
        return self.client.id

    @property
    def ends_at(self) -> datetime.datetime | None:
        """When the client expires, or what it has authenticated with.

        A subject may be registered for longer than its certificates are
        valid.

        :returns: UTC without a zone, or None for never.
        """
        ends = [
            part.expires_at
            for part in (self.client, self.authenticator, self.confirmation)
            if part is not None and part.expires_at is not None
        ]
        return min(ends, default=None)
