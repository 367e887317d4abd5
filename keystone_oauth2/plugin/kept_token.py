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

import dataclasses
import logging
import threading
import time
import typing as ty

from keystoneauth1 import exceptions

from keystone_oauth2.plugin import authorization_server

LOG = logging.getLogger(__name__)

# Seconds before its end at which a token is renewed, if it lives long enough.
_MARGIN = 120
# Seconds for which a call waits, if the server asks for it.
_PATIENCE = 60
# Seconds until an early renewal that has failed is tried again.
_PAUSE = 10

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
    """One token for all threads: one requests it, and the others wait.

    If an early renewal fails, the token is used until its end.

    :param renews: whether a token is ever followed by another one.
    """

    def __init__(self, renews: bool) -> None:
        self._renews = renews
        self._lock = threading.Lock()
        self._current: _Current | None = None
        self._ask_at = 0.0
        self._refusal: Exception | None = None

    @property
    def value(self) -> str | None:
        """The token, or None."""
        current = self._current
        return current.value if current else None

    def get(self, request: Request) -> str:
        """Return the token, or request one.

        While the server asks to wait, no thread requests one.

        :raises keystoneauth1.exceptions.ClientException: there is none.
        """
        has_waited = False
        while True:
            with self._lock:
                if self._is_due() and self._ask_at <= time.monotonic():
                    self._try(request)
                if self._current and not self._is_over():
                    return self._current.value
                delay = self._ask_at - time.monotonic()
                refusal = self._refusal
            if refusal and (has_waited or delay > _PATIENCE):
                raise refusal.with_traceback(None)
            time.sleep(max(delay, 0))
            has_waited = True

    def new(self, request: Request) -> str:
        """Request a token, and keep it."""
        with self._lock:
            return self._keep(request(), time.monotonic())

    def keep(self, value: str, lifetime: float) -> None:
        """Keep a token that was requested earlier.

        :param lifetime: seconds from now.
        """
        with self._lock:
            self._set(value, time.monotonic(), lifetime)

    def drop(self, value: str | None) -> bool:
        """Forget the token that was refused.

        :param value: it; None for whatever the current one is.
        :returns: whether it makes sense to try another one: this one, if it
            is another one already.
        """
        with self._lock:
            had = self._current is not None
            if value is None or value == self.value:
                self._current = None
            return had or value is not None

    def _is_due(self) -> bool:
        if self._current is None:
            return True
        return self._renews and self._current.renew_at <= time.monotonic()

    def _is_over(self) -> bool:
        """Whether the token is past its end."""
        if self._current is None:
            return True
        return self._renews and self._current.end <= time.monotonic()

    def _try(self, request: Request) -> None:
        started = time.monotonic()
        try:
            self._keep(request(), started)
        except exceptions.ClientException as error:
            delay = authorization_server.retry_after(error)
            if delay is None and self._is_over():
                raise
            self._ask_at = time.monotonic() + (delay or _PAUSE)
            # Its frames have the secret.
            self._refusal = error.with_traceback(None)
            if not self._is_over():
                LOG.warning('The access token cannot be renewed: %s', error)

    def _keep(self, token: authorization_server.Token, start: float) -> str:
        self._set(token.value, start, token.lifetime)
        return token.value

    def _set(self, value: str, start: float, lifetime: float) -> None:
        margin = min(_MARGIN, lifetime / 3)
        end = start + lifetime
        self._current = _Current(value, end - margin, end)
        self._ask_at = 0.0
        self._refusal = None
