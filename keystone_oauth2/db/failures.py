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

import time

import limits
from limits import errors
from limits import storage
from limits import strategies
from oslo_log import log

from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports

LOG = log.getLogger(__name__)


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
        try:
            self._limiter = strategies.FixedWindowRateLimiter(
                storage.storage_from_string(storage_url, wrap_exceptions=True)
            )
        except errors.ConfigurationError as error:
            raise ValueError(str(error)) from error

    def check(self, client_id: str, source: messages.Source) -> None:
        """Let an attempt pass, or not.

        :raises ports.TooManyFailures: there were too many.
        """
        try:
            self._check_address(source)
            self._check_client(client_id, source)
        except errors.StorageError as error:
            LOG.warning(
                'Failed authentications cannot be counted: %s',
                type(error.storage_error).__name__,
            )

    def failed(self, client_id: str, source: messages.Source) -> None:
        """Count a failed attempt."""
        address = source.address
        try:
            if self._address_limit is not None:
                self._limiter.hit(self._address_limit, 'address', address)
            if self._client_limit is not None:
                self._limiter.hit(self._client_limit, 'client', client_id)
                self._limiter.hit(
                    self._client_limit, 'client', client_id, address
                )
        except errors.StorageError:
            LOG.debug('a failed authentication was not counted')

    def _check_address(self, source: messages.Source) -> None:
        if self._address_limit is not None and not source.is_shared:
            self._stop(self._address_limit, 'address', source.address)

    def _check_client(self, client_id: str, source: messages.Source) -> None:
        limit = self._client_limit
        if limit is None or self._limiter.test(limit, 'client', client_id):
            return
        # Only those who have failed themselves: the client's owner must not
        # be locked out from elsewhere.
        own = self._limiter.get_window_stats(
            limit, 'client', client_id, source.address
        )
        if own.remaining < limit.amount:
            self._stop(limit, 'client', client_id)

    def _stop(self, limit: limits.RateLimitItem, *key: str) -> None:
        window = self._limiter.get_window_stats(limit, *key)
        if window.remaining <= 0:
            seconds = int(window.reset_time - time.time()) + 1
            raise ports.TooManyFailures(max(1, seconds))


def _parse(text: str) -> limits.RateLimitItem | None:
    return limits.parse(text) if text else None
