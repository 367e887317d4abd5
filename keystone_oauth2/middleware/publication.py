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

"""What Keystone publishes for services, fetched in the background."""

import collections.abc as abc
import dataclasses
import json
import random
import threading
import time
import typing as ty
import weakref

from oslo_log import log

from keystone_oauth2.middleware import counts as counting
from keystone_oauth2.outbound import fetching
from keystone_oauth2.outbound import outcomes
from keystone_oauth2.outbound import threads
from keystone_oauth2.protocol import public_keys
from keystone_oauth2.protocol import revocation_list

LOG = log.getLogger(__name__)

_KEYS = '/OS-OAUTH2/jwks'
_EVENTS = '/OS-OAUTH2/revocation_events'
#: Seconds between two requests for the keys because of an unknown key id.
COOLDOWN = 30


class Endpoint(ty.Protocol):
    """Keystone, as this service reaches it."""

    def get(
        self, path: str, etag: str, *, authenticated: bool
    ) -> fetching.Answer:
        """Send a GET request.

        :param path: below version 3 of the identity API.
        :param etag: of the response that the caller has, or empty.
        :raises fetching.FetchError: there is no response.
        """


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """What was published last.

    :ivar keys: None if they have never been fetched, as is ``events``.
    :ivar keys_at: when it was true, on the monotonic clock in seconds.
    :ivar version: how often keys and events have changed.
    """

    keys: public_keys.PublicKeys | None = None
    keys_at: float = 0
    keys_etag: str = ''
    events: revocation_list.RevocationList | None = None
    events_at: float = 0
    events_etag: str = ''
    version: tuple[int, int] = (0, 0)


class Publication:
    """Keeps a snapshot up to date, in a thread.

    :param endpoint: of Keystone.
    :param interval: seconds between two requests for keys and events. After
        an emergency, a removed key is trusted no longer than this.
    :param counts: to be sent at each of these times.
    :ivar current: the latest snapshot.
    """

    def __init__(
        self, endpoint: Endpoint, interval: int, counts: counting.Counts
    ) -> None:
        self.current = Snapshot()
        self._endpoint = endpoint
        self._interval = interval
        self._counts = counts
        self._wake = threading.Event()
        self._errand = threading.Lock()
        self._next = 0.0
        self._keys_wanted = False
        self._keys_asked_at = float('-inf')
        self._outcomes = outcomes.Outcomes(LOG)

    def start(self) -> None:
        """Start the thread; it ends with the process or with this object.

        Without it, nothing is known, and Keystone validates each token.
        """
        if not threads.has_threads():
            LOG.warning(
                'uWSGI runs no threads, so Keystone validates each token: set '
                'enable-threads = true'
            )
            return
        thread = threading.Thread(
            target=_run,
            args=(weakref.ref(self), self._wake),
            name='keystone-oauth2',
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as error:
            LOG.error('Keystone validates each token: %s', error)

    def want_keys(self) -> None:
        """Ask for the keys again because of an unknown key id.

        Nothing happens if that has happened only a moment ago.
        """
        if time.monotonic() - self._keys_asked_at >= COOLDOWN:
            self._keys_asked_at = time.monotonic()
            self._keys_wanted = True
            self._wake.set()

    def soon(self, errand: abc.Callable[[], object]) -> bool:
        """Call a function in the background, if no other one is running.

        :returns: whether it will be called.
        """
        if not self._errand.acquire(blocking=False):
            return False

        def run() -> None:
            try:
                self._attempt('fetch a service catalog from Keystone', errand)
            finally:
                self._errand.release()

        try:
            threading.Thread(target=run, daemon=True).start()
        except RuntimeError:
            # There are too many threads.
            self._errand.release()
            return False
        return True

    def refresh(self) -> float:
        """Do what is due, and return the seconds until something else is."""
        started = time.monotonic()
        is_due, is_wanted = started >= self._next, self._keys_wanted
        self._keys_wanted = False
        if is_due:
            # Most workers start at the same moment. The promise includes the
            # time that a response takes.
            pause = self._interval * random.uniform(0.8, 0.9)  # nosec
            self._next = started + pause
            self._attempt(
                'fetch the revocation events from Keystone', self._fetch_events
            )
        if is_due or is_wanted:
            self._attempt(
                'fetch the public keys from Keystone', self._fetch_keys
            )
        if is_due:
            self._attempt('send metrics', self._report)
        return max(0, self._next - time.monotonic())

    def _report(self) -> None:
        now, snapshot = time.monotonic(), self.current
        self._counts.send(
            keys_age=None if snapshot.keys is None else now - snapshot.keys_at,
            events_age=(
                None if snapshot.events is None else now - snapshot.events_at
            ),
        )

    def _attempt(self, what: str, action: abc.Callable[[], object]) -> None:
        try:
            action()
        # Whatever it was, the thread must go on.
        except Exception as error:  # noqa: BLE001
            self._outcomes.failed(what, error)
        else:
            self._outcomes.succeeded(what)

    def _fetch_keys(self) -> None:
        started, known = time.monotonic(), self.current
        answer = self._get(_KEYS, known.keys_etag, authenticated=False)
        if answer is None:
            self.current = dataclasses.replace(known, keys_at=started)
            return
        keys = public_keys.PublicKeys.read(_parsed(answer.body))
        self.current = dataclasses.replace(
            known,
            keys=keys,
            keys_at=started,
            keys_etag=answer.etag,
            version=(
                known.version[0] + (keys != known.keys),
                known.version[1],
            ),
        )

    def _fetch_events(self) -> None:
        started, known = time.monotonic(), self.current
        answer = self._get(_EVENTS, known.events_etag, authenticated=True)
        if answer is None:
            self.current = dataclasses.replace(known, events_at=started)
            return
        self.current = dataclasses.replace(
            known,
            events=revocation_list.read(
                _parsed(answer.body), started, known.events
            ),
            events_at=started,
            events_etag=answer.etag,
            version=(known.version[0], known.version[1] + 1),
        )

    def _get(
        self, path: str, etag: str, *, authenticated: bool
    ) -> fetching.Answer | None:
        """Return the response, or None if the caller has the latest."""
        answer = self._endpoint.get(path, etag, authenticated=authenticated)
        if answer.status == 304 and etag:
            return None
        if answer.status != 200:
            raise fetching.FetchError(_explanation(answer.status))
        return answer


def _run(ref: 'weakref.ref[Publication]', wake: threading.Event) -> None:
    while True:
        publication = ref()
        if publication is None:
            return
        wake.clear()
        pause = publication.refresh()
        # A filter that nobody uses any more ends its thread.
        del publication
        wake.wait(pause)


def _explanation(status: int) -> str:
    if status == 403:
        return (
            'status 403; give the user in [keystone_authtoken] the role '
            'service'
        )
    if status == 404:
        return 'status 404; does Keystone issue JWT access tokens?'
    return f'status {status}'


def _parsed(body: bytes) -> ty.Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise fetching.FetchError('the response is not JSON') from error
