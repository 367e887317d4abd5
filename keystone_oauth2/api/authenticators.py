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

"""Read and show the authenticators that are registered for a client."""

import collections.abc as abc
import dataclasses
import datetime

from oslo_utils import timeutils

from keystone_oauth2.api import federated_identities
from keystone_oauth2.api import kinds
from keystone_oauth2.db import registrations
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import dry_run as dry_runs

Shown = kinds.Shown

KINDS: tuple[kinds.Kind, ...] = (
    kinds.Secret(),
    kinds.Key(),
    kinds.Certificate(),
    federated_identities.FederatedIdentity(),
)


@dataclasses.dataclass(frozen=True)
class Clients:
    """Shows clients, with the operator's settings for registrations.

    :ivar methods: names of the enabled client authentication methods.
    :ivar accepting: returns the installed methods that accept an
        authenticator.
    :ivar registrable: names of the installed methods.
    :ivar limit: how many authenticators of a kind a client may have.
    :ivar expiry_warning: how many seconds before its expiration an
        authenticator is shown as expiring soon.
    :ivar can_revoke_tokens: whether all tokens of a client can be revoked.
    :ivar dry_run: tells which federated identity a JWT matches.
    """

    methods: frozenset[str]
    registrable: frozenset[str]
    accepting: registration.Accepting
    limit: int
    expiry_warning: int
    can_revoke_tokens: bool
    dry_run: dry_runs.DryRun

    def allowed(self, registered: registration.Registration) -> abc.Set[str]:
        """Return the methods that are enabled and that a client may use."""
        if registered.methods is None:
            return self.methods
        return self.methods & registered.methods

    def show(
        self,
        kind: kinds.Kind,
        authenticator: registration.Authenticator,
        url: str,
    ) -> Shown:
        """Return an authenticator as in a response body.

        :param url: of the client.
        """
        return {
            'id': authenticator.id,
            'description': authenticator.description,
            'created_at': _time(authenticator.created_at),
            'expires_at': _time(authenticator.expires_at),
            'expires_soon': self._expires_soon(authenticator.expires_at),
            'last_used_at': _time(authenticator.last_used_at),
            **kind.show(authenticator),
            'links': {'self': f'{url}/{kind.collection}/{authenticator.id}'},
        }

    def show_all(
        self, kind: kinds.Kind, client: Shown, url: str
    ) -> list[Shown]:
        """Return all authenticators of a kind.

        :param client: as returned by :mod:`keystone_oauth2.identity.clients`.
        """
        return self._show_all(
            kind, registrations.show(client['id']), client, url
        )

    def show_client(self, client: Shown, url: str) -> Shown:
        """Return a client with all its authenticators."""
        registered = registrations.show(client['id'])
        return {
            **client,
            'expires_at': _time(client['expires_at']),
            'authentication_methods': sorted(self.allowed(registered)),
            **{
                kind.collection: self._show_all(kind, registered, client, url)
                for kind in KINDS
            },
            'links': {'self': url},
        }

    def _show_all(
        self,
        kind: kinds.Kind,
        registered: registration.Registration,
        client: Shown,
        url: str,
    ) -> list[Shown]:
        shown = [
            self.show(kind, authenticator, url)
            for authenticator in registered.of_kind(kind.name)
        ]
        is_secret = kind.name == registration.SECRET
        if is_secret and registered.secret_retired_at is None:
            own = dataclasses.replace(
                registered.own_secret(),
                description='The secret of the application credential itself.',
                expires_at=client['expires_at'],
            )
            shown.insert(0, self.show(kind, own, url))
        return shown

    def _expires_soon(self, end: datetime.datetime | None) -> bool:
        if end is None:
            return False
        warning = datetime.timedelta(seconds=self.expiry_warning)
        return end - timeutils.utcnow() <= warning


def _time(moment: datetime.datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.replace(microsecond=0).isoformat() + 'Z'
