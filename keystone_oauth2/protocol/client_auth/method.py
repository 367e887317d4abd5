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

"""What every client authentication method is, and says of itself."""

import abc as abstract
import collections.abc as abc
import enum
import typing as ty

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration

E = ty.TypeVar('E')


class Need(enum.Enum):
    """What a method needs from the operator's configuration."""

    #: Keystone's authentication method for application credentials.
    APPLICATION_CREDENTIALS = 'application credentials'
    #: An issuer identifier (RFC 8414).
    ISSUER = 'issuer'
    #: That the operator accepts a draft, which may change.
    SPIFFE_DRAFT = 'spiffe_draft'
    #: Client certificates that were verified, here or by the front end.
    VERIFIED_CERTIFICATES = 'verified certificates'


class Method(abstract.ABC, ty.Generic[E]):
    """A client authentication method, loaded by entry point.

    Its constructor has one keyword parameter for each object that it needs.

    :cvar name: registered at IANA, and the name of its entry point.
    :cvar advertised: its name in the metadata, if that is another one.
    :cvar evidence: the kind of evidence that it reads.
    :cvar strength: rank among all methods; clients prefer the highest.
    :cvar needs: what the configuration must have.
    :cvar scheme: its HTTP authentication scheme, or None.
    :cvar signing_algorithms: of its assertions (RFC 8414, 2).
    """

    name: ty.ClassVar[str]
    advertised: ty.ClassVar[str | None] = None
    evidence: ty.ClassVar[type[ty.Any]]
    strength: ty.ClassVar[int]
    needs: ty.ClassVar[frozenset[Need]] = frozenset(
        {Need.APPLICATION_CREDENTIALS}
    )
    scheme: ty.ClassVar[str | None] = None
    signing_algorithms: ty.ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstract.abstractmethod
    def accepts(cls, authenticator: registration.NewAuthenticator) -> bool:
        """Whether a client can use a registered authenticator with it."""

    @abstract.abstractmethod
    def verify(
        self, evidence: E, client: clients.Client
    ) -> clients.AuthenticatedClient:
        """Return the client, if the evidence is valid.

        :raises ports.Refused: it is not.
        """

    def has_registered(self, client: clients.Client) -> bool:
        """Whether a client has registered anything for this method."""
        return any(map(self.accepts, client.authenticators))

    def fits(self, evidence: E, client: clients.Client) -> bool:
        """Whether the evidence may be meant for this method.

        It decides for a client that has registered authenticators for several
        methods that read the same kind of evidence.
        """
        return True

    def as_user(self, client_id: str) -> clients.Client | None:
        """Return a client that may be a user, or None.

        :param client_id: not that of an application credential. Whether there
            is such a user is up to :meth:`verify`.
        """
        return None

    def pretend(self, evidence: E) -> bool:
        """Take as long as :meth:`verify` for a client that is refused anyway.

        Otherwise, the time would tell whether the client exists.

        :returns: whether this included a slow hash.
        """
        return False


def accepting(
    methods: abc.Iterable[type[Method[ty.Any]]],
) -> abc.Callable[[registration.NewAuthenticator], frozenset[str]]:
    """Return a function that tells which methods accept an authenticator.

    :param methods: those that are installed.
    """
    known = tuple(methods)

    def names(
        authenticator: registration.NewAuthenticator,
    ) -> frozenset[str]:
        return frozenset(
            method.name for method in known if method.accepts(authenticator)
        )

    return names


def refused(client: clients.Client, reason: str) -> ports.Refused:
    """Return the refusal of a client, for the log."""
    return ports.Refused(f'client {client.id}: {reason}')
