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

"""Where failures are counted: in this process, or for all workers."""

import threading
import time
import typing as ty

from limits import errors
from limits import storage
from oslo_log import log

LOG = log.getLogger(__name__)

# Some 50 MB in the memory of a worker.
_MAX_COUNTERS = 200_000
# Seconds that a storage may take: a request waits for it.
_TIMEOUT = 1
_TIMEOUTS = {
    'memcached': {'timeout': _TIMEOUT, 'connect_timeout': _TIMEOUT},
    'redis': {'socket_timeout': _TIMEOUT, 'socket_connect_timeout': _TIMEOUT},
    'rediss': {'socket_timeout': _TIMEOUT, 'socket_connect_timeout': _TIMEOUT},
}
#: What a storage that cannot be reached raises.
OUTAGES = (errors.StorageError, OSError)


class Counters(ty.Protocol):
    """Numbers that begin again from 0 after a time.

    The storages of the limits library have these methods, which may raise
    one of ``OUTAGES``.
    """

    def incr(self, key: str, expiry: int) -> int:
        """Count one more.

        :param expiry: seconds from the first count until it ends.
        :returns: the new number.
        """

    def get(self, key: str) -> int:
        """Return the number; 0 where nothing was counted."""

    def get_expiry(self, key: str) -> float:
        """Return when it ends, in seconds since the epoch."""


class Memory:
    """Counters of this process. It is a :class:`Counters`.

    An attacker can make up any number of client ids, so there is a bound.
    Past it, a quarter makes room: first what has ended, then the smallest
    numbers. A made-up id has a small number, a stopped client a large one.

    The library's own ``memory://`` looks through all counters after each
    failure, in a thread that some servers do not run.

    :param bound: the most counters that there may be.
    """

    def __init__(self, bound: int = _MAX_COUNTERS) -> None:
        self._bound = bound
        self._lock = threading.Lock()
        self._counters: dict[str, tuple[int, float]] = {}

    def incr(self, key: str, expiry: int) -> int:
        """Count one more."""
        with self._lock:
            if len(self._counters) >= self._bound:
                self._make_room()
            number, end = self._find(key) or (0, time.time() + expiry)
            self._counters[key] = (number + 1, end)
            return number + 1

    def get(self, key: str) -> int:
        """Return the number; 0 where nothing was counted."""
        number, _ = self._find(key) or (0, 0)
        return number

    def get_expiry(self, key: str) -> float:
        """Return when it ends, in seconds since the epoch."""
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
            # Of equal numbers the oldest come first: they end first.
            kept.sort(key=lambda item: item[1][0])
            LOG.warning(
                'Too many failed authentications: %d counters with the fewest '
                'failures were dropped',
                surplus,
            )
        self._counters = dict(kept[max(0, surplus) :])


def connect(url: str) -> Counters:
    """Return the counters at a URL such as ``redis://host:6379``.

    It need not be reachable yet.

    :raises ValueError: the URL is not understood.
    """
    if url.startswith('memory://'):
        return Memory()
    scheme = url.partition(':')[0]
    try:
        found = storage.storage_from_string(
            url, wrap_exceptions=True, **_TIMEOUTS.get(scheme, {})
        )
    except errors.ConfigurationError as error:
        # The URL may have a password in it: neither it nor the cause is told.
        raise ValueError(str(error).replace(url, scheme)) from None
    except AssertionError:
        raise ValueError(f'{scheme} is no storage for counters') from None
    if not isinstance(found, storage.Storage):
        raise ValueError(f'{scheme} is no storage for counters')
    return found
