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

"""An access token that is used until shortly before its end."""

import collections
import dataclasses
import logging
import random
import threading
import time
import typing as ty

from keystone_oauth2.plugin import authorization_server
from keystone_oauth2.plugin import errors

LOG = logging.getLogger(__name__)

# Seconds before its end at which a token is renewed, if it lives long enough.
_MARGIN = 120
# Seconds for which a call waits, if the server asks for it.
_PATIENCE = 60
# Seconds until an early renewal that has failed is tried again.
_PAUSE = 10
# How many refused tokens are replaced in how many seconds, and after how many
# seconds one more: a service that refuses each token must not make each call
# request one. But new ones are also refused for a while after a revocation.
_REPLACEMENTS, _PERIOD, _GAP = 5, 30, 2
# Processes that were started together do not ask together for ever.
_SPREAD = 0.1

Request = ty.Callable[[], authorization_server.Token]


@dataclasses.dataclass(frozen=True)
class _Current:
    """A token; the times are those of ``time.monotonic()``.

    The clock of the machine may be wrong, or be set.
    """

    value: str = dataclasses.field(repr=False)
    renew_at: float
    end: float


class KeptToken:
    """One token for all threads: one of them requests it for all.

    If an early renewal fails, the token is used until its end.

    :param renews: whether a token is ever followed by another one.
    """

    def __init__(self, renews: bool) -> None:
        self._renews = renews
        # Is held during a request.
        self._lock = threading.Lock()
        # Is never held for long.
        self._state = threading.Lock()
        self._current: _Current | None = None
        self._dropped_at: collections.deque[float] = collections.deque(
            maxlen=_REPLACEMENTS
        )
        # Because the server asks for it, and after an early attempt.
        self._ask_at = 0.0
        self._early_at = 0.0
        self._failed_at = 0.0
        self._failure: errors.AccessTokenError | None = None

    @property
    def value(self) -> str | None:
        """The token, or None."""
        current = self._current
        return current.value if current else None

    def get(self, request: Request) -> str:
        """Return the token, or request one.

        While another thread renews a token that is still good, that token is
        returned. While the server asks to wait, no thread requests one.

        :raises AccessTokenError: there is none.
        """
        has_waited = False
        while True:
            came = time.monotonic()
            current = self._current
            if current and not self._is_due(current):
                return current.value
            is_good = current is not None and not self._is_over(current)
            if not self._lock.acquire(blocking=not is_good):
                return ty.cast(_Current, current).value
            try:
                found, failure = self._renew(request, came)
            finally:
                self._lock.release()
            if found is not None:
                if failure is not None:
                    LOG.warning('Cannot renew the access token: %s', failure)
                return found
            failure = ty.cast(errors.AccessTokenError, failure)
            if has_waited:
                raise failure.copy()
            self._wait(failure)
            has_waited = True

    def new(self, request: Request) -> str:
        """Request a token, and keep it.

        As with :meth:`get`, the server may ask to wait once.

        :raises AccessTokenError: there is none.
        """
        try:
            return self._ask(request)
        except errors.AccessTokenError as error:
            failure = error
        self._wait(failure)
        return self._ask(request)

    def keep(self, value: str, lifetime: float) -> None:
        """Keep a token that was requested earlier.

        :param lifetime: seconds from now.
        """
        self._set(value, time.monotonic(), lifetime)

    def drop(self, value: str | None) -> bool:
        """Forget the token that was refused.

        :param value: it; None for whatever the current one is.
        :returns: whether it makes sense to try another one: this one, if it
            is another one already.
        """
        with self._state:
            current = self._current
            if value is None or current is None or value != current.value:
                if value is None:
                    self._current = None
                return (value or current) is not None
            now, dropped_at = time.monotonic(), self._dropped_at
            if (
                len(dropped_at) == _REPLACEMENTS
                and now - dropped_at[0] < _PERIOD
                and now - dropped_at[-1] < _GAP
            ):
                return False
            dropped_at.append(now)
            self._current = None
            return True

    def _is_due(self, current: _Current) -> bool:
        return self._renews and current.renew_at <= time.monotonic()

    def _is_over(self, current: _Current) -> bool:
        return self._renews and current.end <= time.monotonic()

    def _ask(self, request: Request) -> str:
        with self._lock:
            failure = self._failure
            if failure and time.monotonic() < self._ask_at:
                raise failure.copy()
            return self._request(request)

    def _wait(self, failure: errors.AccessTokenError) -> None:
        """Wait until the server can be asked again.

        :param failure: is raised if the server does not ask to wait, or for
            too long.
        """
        delay = self._ask_at - time.monotonic()
        if not 0 < delay <= _PATIENCE:
            raise failure.copy()
        time.sleep(delay)

    def _renew(
        self, request: Request, came: float
    ) -> tuple[str | None, errors.AccessTokenError | None]:
        """Return a token, or the one that is good still, and a failure.

        :param came: when the caller came; it does not repeat what has failed
            since then.
        :returns: no token if there is none; no failure if nothing was tried
            and there is a token.
        """
        current = self._current
        if current and not self._is_due(current):
            return current.value, None
        failure = None
        is_good = current is not None and not self._is_over(current)
        ask_at = max(self._ask_at, self._early_at if is_good else 0)
        if ask_at <= time.monotonic() and self._failed_at < came:
            try:
                return self._request(request), None
            except errors.AccessTokenError as error:
                failure = error.copy()
            self._early_at = time.monotonic() + _PAUSE
        # It may have been refused meanwhile.
        current = self._current
        if current and not self._is_over(current):
            return current.value, failure
        return None, failure or self._failure or errors.AccessTokenError(
            'There is no access token'
        )

    def _request(self, request: Request) -> str:
        started = time.monotonic()
        try:
            token = errors.call(request)
        except errors.AccessTokenError as error:
            self._failed_at = time.monotonic()
            self._failure = error.copy()
            if error.retry_after:
                self._ask_at = self._failed_at + _spread(error.retry_after)
            raise
        self._set(token.value, started, token.lifetime)
        return token.value

    def _set(self, value: str, start: float, lifetime: float) -> None:
        margin = _spread(min(_MARGIN, lifetime / 3))
        end = start + lifetime
        with self._state:
            self._current = _Current(value, end - margin, end)
            self._ask_at = self._early_at = self._failed_at = 0.0
            self._failure = None


def _spread(seconds: float) -> float:
    return seconds * random.uniform(1, 1 + _SPREAD)  # noqa: S311  # nosec B311
