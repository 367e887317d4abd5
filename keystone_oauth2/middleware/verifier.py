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

"""Whether a JWT access token is valid, as far as this process knows."""

import collections.abc as abc
import time
import typing as ty

from oslo_log import log

from keystone_oauth2.middleware import counts as counting
from keystone_oauth2.middleware import originals
from keystone_oauth2.middleware import publication as publications
from keystone_oauth2.middleware import recent
from keystone_oauth2.middleware import remembered
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import revocation_list

LOG = log.getLogger(__name__)

# The member and the method of a token that is bound to a certificate.
_BINDING = frozenset({'oauth2_credential'})
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_MAX_UNKNOWN_KEYS = 1000


class Refused(Exception):
    """The token is not valid; the message is the reason, for metrics."""


class Undecided(Exception):
    """The key of the token may become known in a moment."""


class Unknown(Exception):
    """Only Keystone knows; the message is the reason, for metrics."""


class Verifier:
    """Verifies tokens with what Keystone has published (RFC 9068, 4).

    :param publication: what Keystone has published.
    :param issuer: the issuer identifier.
    :param audiences: of which a token must have one.
    :param events_max_age: in seconds, as is ``keys_max_age``.
    """

    def __init__(
        self,
        publication: publications.Publication,
        counts: counting.Counts,
        *,
        issuer: str,
        audiences: abc.Collection[str],
        events_max_age: int,
        keys_max_age: int,
    ) -> None:
        self._publication = publication
        self._counts = counts
        self._issuer = issuer
        self._audiences = frozenset(audiences)
        self._events_max_age = events_max_age
        self._keys_max_age = keys_max_age
        self._remembered = remembered.Remembered()
        self._unknown_keys: recent.Recent[str, float] = recent.Recent(
            _MAX_UNKNOWN_KEYS
        )

    def knows(self, token: str) -> remembered.Entry | None:
        """Return a token that was verified before and is still valid."""
        entry = self._remembered.get(token)
        if entry is None or time.time() >= entry.expires_at:
            return None
        snapshot = self._publication.current
        if entry.version != snapshot.version and not self._holds(
            token, entry, snapshot
        ):
            return None
        return entry if self._is_fresh(snapshot) else None

    def _holds(
        self,
        token: str,
        entry: remembered.Entry,
        snapshot: publications.Snapshot,
    ) -> bool:
        """Whether a token is valid by another snapshot, too."""
        if (
            entry.version[0] != snapshot.version[0]
            or snapshot.events is None
            or snapshot.events.concerns(entry.ids)
        ):
            self._remembered.forget(token)
            return False
        entry.version = snapshot.version
        return True

    def verify(self, token: str) -> remembered.Entry:
        """Verify a token of the issuer.

        :raises Refused: it is not valid.
        :raises Undecided: its key may become known in a moment.
        :raises Unknown: only Keystone knows whether it is valid.
        """
        entry = self.knows(token)
        if entry is None:
            entry = self._verify(token)
            self._remembered.put(token, entry)
            self._counts.add('verified')
        else:
            self._counts.add('remembered')
        return entry

    def _verify(self, token: str) -> remembered.Entry:
        snapshot = self._publication.current
        # First: Keystone is asked about tokens for this service only.
        self._check_audience(token)
        keys, events = snapshot.keys, snapshot.events
        if keys is None or events is None or not self._is_fresh(snapshot):
            raise Unknown('stale')
        if keys.find(access_token.key_id(token)) is None:
            self._refuse_unknown_key(access_token.key_id(token), snapshot)
        try:
            found = access_token.verify(token, keys, self._issuer)
            entry = _entry(found, snapshot)
            is_concerned = events.concerns(entry.ids)
        except _MALFORMED as error:
            LOG.info('A JWT access token is refused: %s', error)
            raise Refused('invalid') from error
        if time.time() >= found.expires_at:
            raise Refused('expired')
        if is_concerned:
            raise Unknown('event')
        return entry

    def _refuse_unknown_key(
        self, kid: str, snapshot: publications.Snapshot
    ) -> ty.NoReturn:
        """Refuse a token if the keys were fetched after it was first seen.

        After an emergency, Keystone signs with a key that is not known yet.
        """
        first_seen = self._unknown_keys.get(kid)
        if first_seen is None:
            first_seen = time.monotonic()
            self._unknown_keys.put(kid, first_seen)
        if snapshot.keys_at > first_seen:
            raise Refused('unknown_key')
        self._publication.want_keys()
        raise Undecided()

    def _check_audience(self, token: str) -> None:
        try:
            audience = access_token.AccessToken.read(token).audience
        except ValueError as error:
            raise Refused('invalid') from error
        if self._audiences.isdisjoint(audience):
            LOG.info('A JWT access token is for other audiences')
            raise Refused('audience')

    def _is_fresh(self, snapshot: publications.Snapshot) -> bool:
        now = time.monotonic()
        return (
            now - snapshot.events_at < self._events_max_age
            and now - snapshot.keys_at < self._keys_max_age
        )


def _entry(
    token: access_token.AccessToken, snapshot: publications.Snapshot
) -> remembered.Entry:
    openstack = token.openstack
    credential = openstack.get('application_credential') or {}
    return remembered.Entry(
        body=originals.Original(token.keystone_token()),
        ids=revocation_list.Ids.of(token),
        expires_at=token.expires_at,
        version=snapshot.version,
        catalog_key=(token.user_id, *_scope(openstack)),
        is_unconditional=(
            not _BINDING.intersection((*openstack, *openstack['methods']))
            and credential.get('access_rules') is None
        ),
    )


def _scope(openstack: dict[str, ty.Any]) -> tuple[str, ...]:
    for kind in ('project', 'domain'):
        if kind in openstack:
            return kind, openstack[kind]['id']
    return ('system',)
