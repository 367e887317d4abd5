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

"""Continuous requests while a deployment changes."""

import collections
import collections.abc as abc
import threading
import time
import typing as ty

import fixtures
import requests

from keystone_oauth2 import fixture

#: Characters of a response in the text of its outcome, and most frequent
#: outcomes in a summary.
TEXT_LENGTH, MOST = 200, 5
#: Seconds in which each kind of request must have been sent.
PATIENCE = 120
#: Seconds between a response and the next request, so that others are served.
PAUSE = 0.1


class Outcome(ty.NamedTuple):
    """The outcome of a request; ``status`` is None if no response came."""

    kind: str
    started: float
    ended: float
    status: int | None
    answer: fixture.Answer | str

    def __str__(self) -> str:
        """Return in one line what came of the request."""
        text = str(getattr(self.answer, 'text', self.answer))
        return f'{self.kind}: {self.status} {_one_line(text)}'


class Traffic(fixtures.Fixture):
    """Threads that send requests, one after another, until they are stopped.

    :param senders: by kind; each sends a request and returns the response. One
            thread runs for each kind.
    :ivar outcomes: the outcomes of all requests.
    """

    def __init__(
        self, senders: dict[str, ty.Callable[[], fixture.Answer]]
    ) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []
        self._end = threading.Event()
        self._threads = {
            kind: threading.Thread(
                target=self._send, args=(kind, send), daemon=True
            )
            for kind, send in senders.items()
        }

    def _setUp(self) -> None:
        self.addCleanup(self.stop)
        for thread in self._threads.values():
            thread.start()

    def stop(self) -> list[Outcome]:
        """Stop after the current requests, and return all outcomes."""
        self._end.set()
        for thread in self._threads.values():
            thread.join()
        return self.outcomes

    def go_on(self, times: int = 3) -> list[Outcome]:
        """Wait until each kind of request has been answered several times.

        :returns: the outcomes of these requests.
        """
        start = time.monotonic()
        while time.monotonic() < start + PATIENCE:
            found = self.since(start)
            kinds = [outcome.kind for outcome in found]
            if all(kinds.count(kind) >= times for kind in self._threads):
                return found
            time.sleep(0.05)
        raise TimeoutError(f'Too few answers: {collections.Counter(kinds)}')

    def since(self, moment: float) -> list[Outcome]:
        """Return the outcomes of requests that were sent after a moment."""
        return [each for each in self.outcomes if each.started > moment]

    def _send(self, kind: str, send: ty.Callable[[], fixture.Answer]) -> None:
        while not self._end.wait(PAUSE):
            started = time.monotonic()
            answer: fixture.Answer | str
            try:
                answer = send()
                status = answer.status
            # A sender's own assertion would end the thread unnoticed.
            except (requests.RequestException, AssertionError) as error:
                status, answer = None, repr(error)
            self.outcomes.append(
                Outcome(kind, started, time.monotonic(), status, answer)
            )


def summary(outcomes: abc.Iterable[Outcome]) -> str:
    """Return in one line the most frequent outcomes, or an empty text."""
    found = collections.Counter(map(str, outcomes)).most_common(MOST)
    return '; '.join(f'{times} x {text}' for text, times in found)


def _one_line(text: str) -> str:
    return ' '.join(text.split())[:TEXT_LENGTH]
