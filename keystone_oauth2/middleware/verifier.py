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
from keystone_oauth2.middleware import remembered
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import revocation_list

LOG = log.getLogger(__name__)


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

    def knows(self, token: str) -> remembered.Entry | None:
        """Return a token that was verified before and is still valid."""
        key = remembered.key(token)
        entry = self._remembered.get(key)
        if entry is None:
            return None
        snapshot = self._publication.current
        if (
            time.time() >= entry.expires_at
            or entry.keys is not snapshot.keys
            or not self._is_fresh(snapshot)
        ):
            return None
        if entry.events is not snapshot.events:
            if snapshot.events is None or snapshot.events.concerns(entry.ids):
                self._remembered.forget(key)
                return None
            entry.events = snapshot.events
        return entry

    def verify(self, token: str) -> remembered.Entry:
        """Verify a token of the issuer.

        :raises Refused: it is not valid.
        :raises Undecided: its key may become known in a moment.
        :raises Unknown: only Keystone knows whether it is valid.
        """
        entry = self.knows(token)
        if entry is None:
            entry = self._verify(token)
            self._remembered.put(remembered.key(token), entry)
            self._counts.add('verified')
        else:
            self._counts.add('remembered')
        return entry

    def _verify(self, token: str) -> remembered.Entry:
        snapshot = self._publication.current
        keys, events = snapshot.keys, snapshot.events
        if keys is None or events is None or not self._is_fresh(snapshot):
            raise Unknown('stale')
        if keys.find(access_token.key_id(token)) is None:
            if self._publication.want_keys():
                raise Undecided()
            raise Refused('unknown_key')
        try:
            found = access_token.verify(token, keys, self._issuer)
            ids = revocation_list.Ids.of(found)
            body = found.keystone_token()
        except (LookupError, TypeError, ValueError) as error:
            LOG.info('A JWT access token is refused: %s', error)
            raise Refused('invalid') from error
        if not self._audiences & set(found.audience):
            LOG.info(
                'A JWT access token is refused: it is for %s', found.audience
            )
            raise Refused('audience')
        if time.time() >= found.expires_at:
            raise Refused('expired')
        if events.concerns(ids):
            raise Unknown('event')
        return _entry(found, body, ids, snapshot)

    def _is_fresh(self, snapshot: publications.Snapshot) -> bool:
        now = time.monotonic()
        return (
            now - snapshot.events_at < self._events_max_age
            and now - snapshot.keys_at < self._keys_max_age
        )


def _entry(
    token: access_token.AccessToken,
    body: dict[str, ty.Any],
    ids: revocation_list.Ids,
    snapshot: publications.Snapshot,
) -> remembered.Entry:
    openstack = token.openstack
    credential = openstack.get('application_credential') or {}
    scope = openstack.get('project') or openstack.get('domain') or {}
    return remembered.Entry(
        body=originals.Original(body),
        ids=ids,
        expires_at=token.expires_at,
        keys=ty.cast(ty.Any, snapshot.keys),
        events=ty.cast(ty.Any, snapshot.events),
        catalog_key=(token.user_id, scope.get('id', '')),
        is_unconditional=(
            'oauth2_credential' not in openstack
            and credential.get('access_rules') is None
        ),
    )
