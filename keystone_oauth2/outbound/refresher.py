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

"""Keeps the keys of trusted issuers up to date, in the background.

One worker of all nodes fetches them, and stores them for all.
"""

import collections.abc as abc
import datetime
import functools
import os
import random
import threading
import typing as ty
import weakref

from oslo_log import log
from oslo_utils import timeutils

from keystone_oauth2.outbound import fetching
from keystone_oauth2.outbound import key_sets
from keystone_oauth2.outbound import outcomes
from keystone_oauth2.outbound import threads
from keystone_oauth2.protocol.federation import issuer_keys
from keystone_oauth2.protocol.federation import trusted_issuer

LOG = log.getLogger(__name__)

#: Seconds between two fetches of the keys of one issuer, in the whole cloud.
COOLDOWN = 30
#: Seconds after which the keys of an issuer are fetched again.
INTERVAL = 300
#: How many issuers a process fetches from at the same time.
MAX_FETCHES = 8
#: Seconds that a fetch can take, and then storing its result.
_LONGEST = datetime.timedelta(seconds=key_sets.DEADLINE + 2)
# Workers look at different times, and each one soon enough that keys are
# fetched before the interval is over: 0.9 and the time of a fetch.
_EARLIEST, _LATEST = 0.8, 0.9
_DUE = 0.75

_Issuer = trusted_issuer.TrustedIssuer


class Store(ty.Protocol):
    """The trusted issuers and their keys, which all workers share.

    Each method may raise any exception.
    """

    def due(self, seconds: float) -> abc.Iterable[_Issuer]:
        """Return the enabled issuers with a URL whose keys are to be fetched.

        :param seconds: which have passed since their keys were fetched, if
            ever. Also, the cool-down has passed since the last attempt.
        """

    def claim(self, issuer: _Issuer) -> _Issuer | None:
        """Return the issuer if the caller may fetch its keys now, or None.

        Of several callers at the same moment, one may, and none before the
        cool-down has passed. It begins an attempt: its time is stored, and
        the failure of the one before is removed.
        """

    def store_keys(self, issuer: _Issuer, jwks: str) -> None:
        """Store the keys of an issuer, which were fetched now.

        Nothing happens if it has been changed or claimed since: its keys may
        come from somewhere else now. The same is true of a failure.

        :param issuer: as returned by :meth:`claim`.
        """

    def store_failure(self, issuer: _Issuer, reason: str) -> None:
        """Store why the last attempt has failed; known keys stay.

        :param reason: a sentence.
        """


class Refresher:
    """Fetches key sets in threads of their own; no caller waits for them.

    :param store: of the issuers.
    :param fetch: returns the parsed JSON of the JWK set of an issuer.
    :param usable: see :func:`.issuer_keys.usable`.
    """

    def __init__(
        self,
        store: Store,
        fetch: abc.Callable[[_Issuer], ty.Any] = key_sets.fetch,
        usable: abc.Callable[
            [ty.Any, str], tuple[str, list[str]]
        ] = issuer_keys.usable,
    ) -> None:
        self._store = store
        self._fetch = fetch
        self._usable = usable
        self._outcomes = outcomes.Outcomes(LOG)
        # A process begins with no thread of its parent, and perhaps with a
        # lock that one of them held.
        self._processes: dict[int, _Process] = {}

    def start(self) -> bool:
        """Start the thread of this process, unless it has been started.

        It ends with the process or with this object.

        :returns: whether keys can be fetched in the background.
        """
        process = self._process()
        with process.lock:
            if not process.is_started:
                process.is_started = self._can_start()
            return process.is_started

    def want(self, issuer: _Issuer) -> bool:
        """Fetch the keys of an issuer, which may have changed or be missing.

        Nothing happens if that was tried only a moment ago.

        :returns: whether they are being fetched, by any worker.
        """
        if issuer.key_source == trusted_issuer.JWKS:
            return False
        now = timeutils.utcnow()
        if _is_being_fetched(issuer, now):
            return True
        if not _may_be_fetched(issuer, now) or not self.start():
            return False
        claimed = self._store.claim(issuer)
        if claimed is None:
            # Another worker has claimed it since the caller read it.
            return True
        return self._soon(issuer, functools.partial(self._update, claimed))

    def refresh(self) -> float:
        """Fetch what is due, and return the seconds until the next time."""
        what = 'find trusted issuers with old keys'
        try:
            for issuer in self._store.due(_DUE * INTERVAL):
                self._soon(issuer, functools.partial(self._claim, issuer))
        # Whatever it was, the thread must go on.
        except Exception as error:  # noqa: BLE001
            # Its text may have the values of a whole statement.
            self._outcomes.failed(what, type(error).__name__)
        else:
            self._outcomes.succeeded(what)
        return INTERVAL * random.uniform(_EARLIEST, _LATEST)  # nosec

    def _can_start(self) -> bool:
        what = 'start to fetch the keys of trusted issuers'
        if not threads.has_threads():
            self._outcomes.failed(
                what, 'uWSGI runs no threads: set enable-threads = true'
            )
            return False
        over = threading.Event()
        thread = threading.Thread(
            target=_run,
            args=(weakref.ref(self, lambda _: over.set()), over),
            name='keystone-oauth2-issuers',
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError as error:
            self._outcomes.failed(what, error)
            return False
        self._outcomes.succeeded(what)
        return True

    def _process(self) -> '_Process':
        found = self._processes.get(os.getpid())
        # Of two threads at the same moment, both get the same one.
        return found or self._processes.setdefault(os.getpid(), _Process())

    def _soon(self, issuer: _Issuer, errand: abc.Callable[[], object]) -> bool:
        try:
            self._process().fetches.call(errand)
        except RuntimeError as error:
            self._outcomes.failed(_what(issuer), error)
            return False
        return True

    def _claim(self, issuer: _Issuer) -> None:
        # Only when its turn comes: a claim soon looks like one that failed.
        try:
            claimed = self._store.claim(issuer)
        except Exception as error:  # noqa: BLE001
            self._outcomes.failed(_what(issuer), type(error).__name__)
            return
        if claimed is not None:
            self._update(claimed)

    def _update(self, issuer: _Issuer) -> None:
        try:
            reason = self._failure(issuer)
            if reason is not None:
                self._store.store_failure(issuer, reason)
        except Exception as error:  # noqa: BLE001
            reason = type(error).__name__
        if reason is None:
            self._outcomes.succeeded(_what(issuer))
        else:
            self._outcomes.failed(_what(issuer), reason)

    def _failure(self, issuer: _Issuer) -> str | None:
        """Fetch and store keys, and return why this has failed."""
        try:
            text, ignored = self._usable(self._fetch(issuer), issuer.kind)
        except fetching.FetchError as error:
            return str(error)
        except ValueError as error:
            return f'The key set {error}'.rstrip('.') + '.'
        for sentence in ignored:
            LOG.debug('Key set of trusted issuer %s: %s', issuer.id, sentence)
        self._store.store_keys(issuer, text)
        return None


class _Process:
    """What a process has of its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_started = False
        self.fetches = threads.ShortLived(MAX_FETCHES)


def _run(ref: 'weakref.ref[Refresher]', over: threading.Event) -> None:
    while True:
        refresher = ref()
        if refresher is None:
            return
        pause = refresher.refresh()
        # The thread ends with the object.
        del refresher
        over.wait(pause)


def _is_being_fetched(issuer: _Issuer, now: datetime.datetime) -> bool:
    begun = issuer.attempted_at
    return (
        begun is not None
        and -trusted_issuer.MAX_SKEW < now - begun < _LONGEST
        and issuer.failure is None
        and (issuer.keys_fetched_at is None or issuer.keys_fetched_at < begun)
    )


def _may_be_fetched(issuer: _Issuer, now: datetime.datetime) -> bool:
    begun = issuer.attempted_at
    return begun is None or not (
        -trusted_issuer.MAX_SKEW
        < now - begun
        < datetime.timedelta(seconds=COOLDOWN)
    )


def _what(issuer: _Issuer) -> str:
    return f'fetch the keys of the trusted issuer {issuer.id}'
