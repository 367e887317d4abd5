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

"""Threads in which things are done that no request waits for."""

import collections
import collections.abc as abc
import sys
import threading

# Values of uWSGI's options; True is that of an option without a value.
_OFF = (b'false', b'off', b'no', b'0')


class ShortLived:
    """Calls functions, each in a thread that ends when there is no other one.

    :param limit: of threads.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: collections.deque[abc.Callable[[], object]] = (
            collections.deque()
        )
        self._running = 0

    def call(self, errand: abc.Callable[[], object]) -> None:
        """Call a function soon.

        :param errand: raises no exception.
        :raises RuntimeError: no thread can be started.
        """
        with self._lock:
            if self._running == self._limit:
                self._waiting.append(errand)
                return
            # Before the thread starts, since it may end at once.
            self._running += 1
        try:
            threading.Thread(
                target=self._run, args=(errand,), daemon=True
            ).start()
        except RuntimeError:
            with self._lock:
                self._running -= 1
            raise

    def _run(self, errand: abc.Callable[[], object]) -> None:
        while True:
            errand()
            with self._lock:
                if not self._waiting:
                    self._running -= 1
                    return
                errand = self._waiting.popleft()


def has_threads() -> bool:
    """Whether threads run at all times.

    Without this option, those of uWSGI run only while a request waits for
    something: whatever they fetch would be as old as the last request.
    """
    options = getattr(sys.modules.get('uwsgi'), 'opt', None)
    if options is None:
        return True
    enabled = options.get('enable-threads', b'false')
    return 'threads' in options or enabled not in _OFF
