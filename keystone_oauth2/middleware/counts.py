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

"""Counts of what the filter has done, for StatsD."""

import collections
import threading
import typing as ty

_PREFIX = 'keystone_oauth2.filter'


class Counts:
    """Counts that are sent from time to time.

    :param statsd: a StatsD client; None to count nothing.
    """

    def __init__(self, statsd: ty.Any = None) -> None:
        self._statsd = statsd
        self._lock = threading.Lock()
        self._counts: collections.Counter[str] = collections.Counter()

    def add(self, name: str) -> None:
        """Count something."""
        if self._statsd is not None:
            with self._lock:
                self._counts[name] += 1

    def send(self, **ages: float | None) -> None:
        """Send the counts since the last call.

        :param ages: in seconds, by name; None if unknown.
        """
        if self._statsd is None:
            return
        with self._lock:
            counts, self._counts = self._counts, collections.Counter()
        for name, count in counts.items():
            self._statsd.incr(f'{_PREFIX}.{name}', count)
        for name, age in ages.items():
            if age is not None:
                self._statsd.gauge(f'{_PREFIX}.{name}', age)
