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

"""Failed client authentications, counted by the limits library."""

import collections.abc as abc
import contextlib
import hashlib
import logging
import time

import limits
from limits import errors
from limits import storage
from limits import strategies
from oslo_log import log

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports

LOG = log.getLogger(__name__)

# Seconds that a storage may take: a request waits for it.
_TIMEOUT = 1
# Some 50 MB in the memory of a worker.
_MAX_COUNTERS = 200_000
_TIMEOUTS = {
    'memcached': {'timeout': _TIMEOUT, 'connect_timeout': _TIMEOUT},
    'redis': {'socket_timeout': _TIMEOUT, 'socket_connect_timeout': _TIMEOUT},
    'rediss': {'socket_timeout': _TIMEOUT, 'socket_connect_timeout': _TIMEOUT},
}


class FailureGuard:
    """Stops who has failed too often. It is a :class:`.ports.Guard`.

    :param storage_url: where to count.
    :param client_limit: failures of one client, ``30/minute``; empty for none.
    :param address_limit: failures from one address; empty for none.
    :raises ValueError: a limit or the storage is not understood.
    """

    def __init__(
        self, storage_url: str, client_limit: str, address_limit: str
    ) -> None:
        self._client_limit = _parse(client_limit)
        self._address_limit = _parse(address_limit)
        self._storage = _storage(storage_url)
        self._limiter = strategies.FixedWindowRateLimiter(self._storage)

    def check(self, client_id: str, source: messages.Source) -> None:
        """Let an attempt pass, or not.

        Behind an address that others share, nobody is stopped: it would be
        somebody else's doing.

        :raises ports.TooManyFailures: there were too many.
        """
        if source.is_shared:
            return
        with _tolerance():
            self._check_address(source)
            self._check_client(client_id, source)

    def failed(self, client_id: str, source: messages.Source) -> None:
        """Count a failed attempt."""
        client, address = _key(client_id), _key(source.address)
        self._bound_memory()
        # Quiet, since the check before it has said so already.
        with _tolerance(logging.DEBUG):
            if self._address_limit is not None:
                self._limiter.hit(self._address_limit, 'address', address)
            if self._client_limit is not None:
                self._limiter.hit(self._client_limit, 'client', client)
                self._limiter.hit(self._client_limit, 'own', client, address)

    def _bound_memory(self) -> None:
        # The library forgets in a thread of its own, which does not run in
        # every server; and a stranger can make up any number of clients.
        if not isinstance(self._storage, storage.MemoryStorage):
            return
        if len(self._storage.storage) > _MAX_COUNTERS:
            LOG.warning('Too many failed authentications: counting anew')
            self._storage.reset()

    def _check_address(self, source: messages.Source) -> None:
        if self._address_limit is not None:
            self._stop(self._address_limit, 'address', _key(source.address))

    def _check_client(self, client_id: str, source: messages.Source) -> None:
        limit = self._client_limit
        client, address = _key(client_id), _key(source.address)
        if limit is None or self._limiter.test(limit, 'client', client):
            return
        # Only those who have failed themselves: the client's owner must not
        # be locked out from elsewhere.
        own = self._limiter.get_window_stats(limit, 'own', client, address)
        if own.remaining < limit.amount:
            self._stop(limit, 'client', client)

    def _stop(self, limit: limits.RateLimitItem, *key: str) -> None:
        window = self._limiter.get_window_stats(limit, *key)
        if window.remaining <= 0:
            seconds = int(window.reset_time - time.time()) + 1
            raise ports.TooManyFailures(max(1, seconds))


@contextlib.contextmanager
def _tolerance(level: int = logging.WARNING) -> abc.Iterator[None]:
    # Clients must not suffer from a counter that is out of order.
    try:
        yield
    except (errors.StorageError, OSError) as error:
        cause = getattr(error, 'storage_error', error)
        LOG.log(
            level,
            'Failed authentications cannot be counted: %s',
            type(cause).__name__,
        )


def _key(text: str) -> str:
    # The library joins keys with slashes, and memcached takes no long ones:
    # what comes from outside must not look like another key.
    return hashlib.sha256(text.encode()).hexdigest()


def _parse(text: str) -> limits.RateLimitItem | None:
    if not text:
        return None
    first, *others = limits.parse_many(text)
    if others or first.amount < 1:
        raise ValueError(f'{text} is not one limit of at least 1')
    return first


def _storage(url: str) -> storage.Storage:
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
