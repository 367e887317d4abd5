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

import collections.abc as abc
import datetime
import json

import flask
from oslo_utils import timeutils

from keystone_oauth2.identity import policy
from keystone_oauth2.identity import web
from keystone_oauth2.policies import revocation_event as rules
from keystone_oauth2.protocol import revocation_event

Show = abc.Callable[
    [datetime.datetime | None], list[revocation_event.RevocationEvent]
]


class RevocationEventsResource(web.ResourceBase):
    """What was revoked, for services that verify tokens themselves.

    :param show: returns the events since a time; None if there are no tokens
        that others can verify.
    """

    def __init__(self, show: Show | None) -> None:
        self._show = show

    def get(self) -> flask.Response:
        """List the events, or return 304 if the caller has them.

        :raises web.Error: the caller is not allowed, ``since`` is no time, or
            there is no list.
        """
        policy.enforce(rules.LIST, dict)
        if self._show is None:
            raise web.NotFound(target='the list of revocation events')
        url = web.base_url('/OS-OAUTH2/revocation_events')
        body = {
            'revocation_events': [
                event.members() for event in self._show(_since())
            ],
            'links': {'self': url, 'next': None, 'previous': None},
        }
        response = flask.Response(
            json.dumps(body), content_type='application/json'
        )
        # The caller asks each time, and gets 304 if nothing is new.
        response.headers['Cache-Control'] = 'private, no-cache'
        response.add_etag()
        response.make_conditional(flask.request)
        return response


def _since() -> datetime.datetime | None:
    text = flask.request.args.get('since')
    if text is None:
        return None
    try:
        return timeutils.normalize_time(timeutils.parse_isotime(text))
    except (ValueError, OverflowError) as error:
        raise web.ValidationError(
            'since must be a time, such as 2027-06-01T00:00:00Z.'
        ) from error
