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

"""``GET /v3/OS-OAUTH2/revocation_events``, in the format of ``OS-REVOKE``."""

import datetime
import json
import typing as ty

import flask
from oslo_utils import timeutils
from werkzeug import http

from keystone_oauth2.identity import policy
from keystone_oauth2.identity import web
from keystone_oauth2.policies import revocation_event as rules
from keystone_oauth2.protocol import revocation_event

# An event may become visible some time after it was recorded.
_OVERLAP = datetime.timedelta(minutes=1)


class Events(ty.Protocol):
    """The list of events; :mod:`keystone_oauth2.db.revocation_events`."""

    def version(self) -> str:
        """Return a text that changes when the list does."""

    def show(
        self, since: datetime.datetime | None
    ) -> tuple[str, list[revocation_event.RevocationEvent]]:
        """Return the version and the events since a time (UTC)."""


class RevocationEventsResource(web.ResourceBase):
    """What was revoked, for services that verify tokens themselves.

    :param events: the list; None if there are no tokens that others can
        verify.
    """

    def __init__(self, events: Events | None) -> None:
        self._events = events

    def get(self) -> flask.Response:
        """List the events, or return 304 if the caller has them.

        :raises web.Error: the caller is not allowed, ``since`` is no time, or
            there is no list.
        """
        policy.enforce(rules.LIST, dict)
        events = self._events
        if events is None:
            raise web.NotFound(target='the list of revocation events')
        since = _since()
        response = flask.Response(content_type='application/json')
        # The caller asks each time, and gets 304 if nothing is new.
        response.headers['Cache-Control'] = 'private, no-cache'
        version = events.version()
        if not flask.request.if_none_match.contains(_etag(version)):
            version, shown = events.show(since)
            response.set_data(json.dumps(_body(shown)))
        response.set_etag(_etag(version))
        response.make_conditional(flask.request)
        return response


def _etag(version: str) -> str:
    return http.generate_etag(version.encode())


def _body(
    events: list[revocation_event.RevocationEvent],
) -> dict[str, ty.Any]:
    url = web.base_url('/OS-OAUTH2/revocation_events')
    return {
        'revocation_events': [event.members() for event in events],
        'links': {'self': url, 'next': None, 'previous': None},
    }


def _since() -> datetime.datetime | None:
    text = flask.request.args.get('since')
    if text is None:
        return None
    try:
        moment = timeutils.normalize_time(timeutils.parse_isotime(text))
        return moment - _OVERLAP
    except (ValueError, OverflowError) as error:
        raise web.ValidationError(
            'since must be a time, such as 2027-06-01T00:00:00Z.'
        ) from error
