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

"""A service's view of what was revoked: the list of revocation events."""

import calendar
import collections.abc as abc
import itertools
import math
import time
import typing as ty

from keystone_oauth2.protocol import access_token

_NAMES = ('audit_id', 'client_id', 'user_id', 'project_id', 'domain_id')
#: Seconds for which events are kept after they were in the list.
KEPT = 600
#: How many of them are kept.
MAX_KEPT = 10_000
_FORMAT = '%Y-%m-%dT%H:%M:%SZ'


class Ids(ty.NamedTuple):
    """What events know a token by.

    :ivar issued_at: seconds since the epoch.
    :ivar values: for each name of an id, those that the token has.
    """

    issued_at: int
    values: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, token: access_token.AccessToken) -> 'Ids':
        """Return the ids of a token."""
        openstack = token.openstack
        project = openstack.get('project')
        domains = [openstack['user']['domain']['id']]
        if project is not None:
            domains.append(project['domain']['id'])
        if 'domain' in openstack:
            domains.append(openstack['domain']['id'])
        return cls(
            token.issued_at,
            (
                (token.audit_id,),
                (token.client_id,),
                (token.user_id,),
                () if project is None else (project['id'],),
                tuple(dict.fromkeys(domains)),
            ),
        )


class _Seen(ty.NamedTuple):
    """An event.

    :ivar end: tokens that were issued until then are concerned, in seconds
        since the epoch.
    :ivar gone_at: when it had left the list, in seconds on the caller's clock;
        infinite while it is there.
    """

    end: float
    gone_at: float = math.inf


class RevocationList:
    """Revocation events, found by the ids that they have.

    Those that are no longer in the list are kept for :data:`KEPT` seconds:
    the node of Keystone that has responded may lag behind another one, and
    the clock of the service behind Keystone's.

    :param events: as in the response, parsed.
    :param now: in seconds, on any clock of the caller.
    :param former: the list before.
    :raises ValueError: an event is malformed.
    """

    def __init__(
        self,
        events: abc.Iterable[abc.Mapping[str, str]],
        now: float = 0,
        former: 'RevocationList | None' = None,
    ) -> None:
        self._latest: dict[tuple[int, ...], dict[tuple[str, ...], _Seen]] = {}
        self._kept = 0
        if former is not None:
            self._keep(former, now)
        for event in events:
            self._add_event(event)

    def _keep(self, former: 'RevocationList', now: float) -> None:
        for places, known in former._latest.items():
            for values, seen in known.items():
                # If it was in that list, it was there until a moment ago.
                gone_at = min(seen.gone_at, now)
                if now < gone_at + KEPT and self._kept < MAX_KEPT:
                    self._kept += 1
                    self._add(places, values, seen._replace(gone_at=gone_at))

    def _add_event(self, event: abc.Mapping[str, str]) -> None:
        # An event with an id of an unknown name concerns more tokens here than
        # it should: Keystone is asked about these.
        places = tuple(
            place
            for place, name in enumerate(_NAMES)
            if event.get(name) is not None
        )
        values = tuple(str(event[_NAMES[place]]) for place in places)
        self._add(places, values, _Seen(_seconds(event)))

    def _add(
        self, places: tuple[int, ...], values: tuple[str, ...], seen: _Seen
    ) -> None:
        found = self._latest.setdefault(places, {})
        known = found.get(values, seen)
        found[values] = _Seen(*map(max, known, seen))

    def concerns(self, ids: Ids) -> bool:
        """Whether an event concerns a token, which may have been revoked."""
        return any(
            values in found and ids.issued_at <= found[values].end
            for places, found in self._latest.items()
            for values in itertools.product(
                *(ids.values[place] for place in places)
            )
        )


def _seconds(event: abc.Mapping[str, str]) -> float:
    try:
        return calendar.timegm(time.strptime(event['issued_before'], _FORMAT))
    except (KeyError, TypeError) as error:
        raise ValueError('an event has no issued_before') from error


def read(
    body: ty.Any, now: float = 0, former: RevocationList | None = None
) -> RevocationList:
    """Read the response of ``GET /v3/OS-OAUTH2/revocation_events``.

    :param body: the parsed JSON.
    :param now: see :class:`RevocationList`, as for ``former``.
    :raises ValueError: it is malformed.
    """
    events = body.get('revocation_events') if isinstance(body, dict) else None
    if not isinstance(events, list) or not all(
        isinstance(event, dict) for event in events
    ):
        raise ValueError('is not a list of revocation events')
    return RevocationList(events, now, former)
