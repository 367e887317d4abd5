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

"""Report events to operators: notifications, counters and timers."""

import collections.abc as abc
import typing as ty

from keystone_oauth2.protocol import messages

_PREFIX = 'keystone_oauth2'


class Observer:
    """Reports each response of an endpoint.

    :param notify: emits a notification.
    :param statsd: a StatsD client, or None.
    """

    def __init__(
        self,
        notify: abc.Callable[[messages.Event, messages.Source], None],
        statsd: ty.Any = None,
    ) -> None:
        self._notify = notify
        self._statsd = statsd

    def observe(
        self,
        endpoint: str,
        event: messages.Event | None,
        request: messages.Request,
        seconds: float,
    ) -> None:
        """Report a response.

        :param endpoint: name of the endpoint.
        :param event: None if there is no event to report.
        :param seconds: the time that the response took.
        """
        if event is not None:
            self._notify(event, request.source)
        if self._statsd is not None:
            self._statsd.timing(f'{_PREFIX}.{endpoint}', seconds * 1000)
            if event is not None:
                self._statsd.incr(f'{_PREFIX}.{endpoint}.{event.name}')
