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

"""Counters of failures, in this process or shared by all workers."""

import threading
import time
import typing as ty

from limits import errors
from limits import storage
from oslo_log import log

LOG = log.getLogger(__name__)

# About 50 MB in each worker.
_MAX_COUNTERS = 200_000
# Timeout for a storage in seconds: a request waits for it.
_TIMEOUT = 1
_TIMEOUTS = {
    'memcached': {'timeout': _TIMEOUT, 'connect_timeout': _TIMEOUT},
    'redis': {'socket_timeout': _TIMEOUT, 'socket_connect_timeout': _TIMEOUT},
    'rediss': {'socket_timeout': _TIMEOUT, 'socket_connect_timeout': _TIMEOUT},
}
#: Errors raised when a storage is unavailable.
OUTAGES = (errors.StorageError, OSError)


class Counters(ty.Protocol):
    """Counters that expire after a period.

    The storages of the limits library have these methods, which may raise
    one of ``OUTAGES``.
    """

    def incr(self, key: str, expiry: int) -> int:
        """Increment a counter.

        :param expiry: seconds after which a new counter expires.
        :returns: the new value.
        """

    def get(self, key: str) -> int:
        """Return the value of a counter, or 0 if it does not exist."""

    def get_expiry(self, key: str) -> float:
        """Return when a counter expires, in seconds since the epoch."""


class Memory:
    """Counters of this process. It implements :class:`Counters`.

    An attacker can make up any number of client ids, so the number of
    counters is limited. When the limit is reached, a quarter is dropped:
    first the expired counters, then those with the smallest values. Made-up
    ids have small values, blocked clients large ones.

    The library's own ``memory://`` scans all counters after each failure, in
    a thread that some servers do not run.

    :param bound: the maximum number of counters.
    """

    def __init__(self, bound: int = _MAX_COUNTERS) -> None:
        self._bound = bound
        self._lock = threading.Lock()
        self._counters: dict[str, tuple[int, float]] = {}

    def incr(self, key: str, expiry: int) -> int:
        """Increment a counter."""
        with self._lock:
            if len(self._counters) >= self._bound:
                self._make_room()
            number, end = self._find(key) or (0, time.time() + expiry)
            self._counters[key] = (number + 1, end)
            return number + 1

    def get(self, key: str) -> int:
        """Return the value of a counter, or 0 if it does not exist."""
        number, _ = self._find(key) or (0, 0)
        return number

    def get_expiry(self, key: str) -> float:
        """Return when a counter expires, in seconds since the epoch."""
        _, end = self._find(key) or (0, time.time())
        return end

    def _find(self, key: str) -> tuple[int, float] | None:
        found = self._counters.get(key)
        return found if found and found[1] > time.time() else None

    def _make_room(self) -> None:
        now = time.time()
        kept = [item for item in self._counters.items() if item[1][1] > now]
        surplus = len(kept) - self._bound * 3 // 4
        if surplus > 0:
            # Among equal values, the oldest come first: they expire first.
            kept.sort(key=lambda item: item[1][0])
            LOG.warning(
                'Too many failed authentications: %d counters with the fewest '
                'failures were dropped',
                surplus,
            )
        self._counters = dict(kept[max(0, surplus) :])


def connect(url: str) -> Counters:
    """Return the counters at a URL such as ``redis://host:6379``.

    The storage need not be available yet.

    :raises ValueError: the URL is not valid.
    """
    if url.startswith('memory://'):
        return Memory()
    scheme = url.partition(':')[0]
    try:
        found = storage.storage_from_string(
            url, wrap_exceptions=True, **_TIMEOUTS.get(scheme, {})
        )
    except errors.ConfigurationError as error:
        # The URL may contain a password, so neither it nor the cause is shown.
        raise ValueError(str(error).replace(url, scheme)) from None
    except AssertionError:
        raise ValueError(f'unsupported storage {scheme}') from None
    if not isinstance(found, storage.Storage):
        raise ValueError(f'unsupported storage {scheme}')
    return found
