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

"""Limit failed client authentications."""

import collections.abc as abc
import contextlib
import hashlib
import logging
import time
import typing as ty

from oslo_log import log

from keystone_oauth2.conf import option_types
from keystone_oauth2.limits import counters
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports

LOG = log.getLogger(__name__)


class _Rule(ty.NamedTuple):
    """A hard limit for a client.

    :ivar kind: which failures are counted.
    :ivar limit: how many are allowed.
    :ivar own: the client is blocked only at addresses with at least this many
        of its failures.
    """

    kind: str
    limit: option_types.Rate
    own: int


class FailureGuard:
    """Blocks further attempts after too many failures.

    It implements :class:`.ports.Guard`. Failures are counted by address, by
    client, and by client and address. The last count, ``own``, keeps
    attackers from locking out a client: it is never blocked at an address
    from which it has not failed.

    :param storage: where to count.
    :param client_limit: failures of one client; None for no limit.
    :param address_limit: failures from one address; None for no limit.
    """

    def __init__(
        self,
        storage: counters.Counters,
        client_limit: option_types.Rate | None,
        address_limit: option_types.Rate | None,
    ) -> None:
        self._counters = storage
        self._client_limit = client_limit
        self._address_limit = address_limit
        self._rules = _rules(self._client_limit, self._address_limit)

    def check(self, client_id: str, source: messages.Source) -> None:
        """Refuse an attempt above a hard limit.

        :raises ports.TooManyFailures: there were too many failures.
        """
        with _tolerance():
            self._check_address(source)
            self._check_client(client_id, source)

    def failed(
        self, client_id: str, source: messages.Source, *, was_slow: bool
    ) -> None:
        """Count a failed attempt.

        :raises ports.TooManyFailures: the client has failed too often, and
            has failed from this address before.
        """
        # Log an outage at DEBUG only, since the check has already logged it.
        with _tolerance(logging.DEBUG):
            if self._address_limit is not None and not source.is_shared:
                self._count('address', self._address_limit, source.address)
            if self._client_limit is not None:
                self._count_client(
                    self._client_limit, client_id, source, was_slow
                )

    def _check_address(self, source: messages.Source) -> None:
        # A shared address is never blocked as a whole: one attacker would
        # lock out every client behind the same proxy.
        if self._address_limit is None or source.is_shared:
            return
        key = _key('address', self._address_limit, source.address)
        if self._counters.get(key) >= self._address_limit.amount:
            self._stop(key)

    def _check_client(self, client_id: str, source: messages.Source) -> None:
        own: dict[str, int] = {}
        for rule in self._rules:
            own_key = _own_key(rule.limit, client_id, source)
            if own_key not in own:
                own[own_key] = self._counters.get(own_key)
            if own[own_key] < rule.own:
                continue
            key = _key(rule.kind, rule.limit, client_id)
            if self._counters.get(key) >= rule.limit.amount:
                self._stop(own_key, key)

    def _count_client(
        self,
        limit: option_types.Rate,
        client_id: str,
        source: messages.Source,
        was_slow: bool,
    ) -> None:
        if was_slow:
            self._count('slow', limit, client_id)
        other = self._address_limit
        if other is not None and other.seconds != limit.seconds:
            # A rule compares counts of one window: else an attacker could
            # begin again each time that the shorter one ends.
            self._count('client', other, client_id)
            self._count_own(other, client_id, source)
        number = self._count('client', limit, client_id)
        own = self._count_own(limit, client_id, source)
        if number > limit.amount and own > 1:
            self._stop(
                _own_key(limit, client_id, source),
                _key('client', limit, client_id),
            )

    def _count_own(
        self,
        limit: option_types.Rate,
        client_id: str,
        source: messages.Source,
    ) -> int:
        return self._counters.incr(
            _own_key(limit, client_id, source), limit.seconds
        )

    def _count(self, name: str, limit: option_types.Rate, text: str) -> int:
        return self._counters.incr(_key(name, limit, text), limit.seconds)

    def _stop(self, *keys: str) -> ty.NoReturn:
        # All counters must be at their limit: the first to expire lifts it.
        end = min(self._counters.get_expiry(key) for key in keys)
        raise ports.TooManyFailures(max(1, int(end - time.time()) + 1))


def warnings(
    client_limit: option_types.Rate | None,
    trusted_proxies: abc.Collection[ty.Any],
) -> abc.Iterator[str]:
    """Yield a warning for each gap that the options leave.

    :param client_limit: see :class:`FailureGuard`.
    :param trusted_proxies: the option.
    """
    if not trusted_proxies:
        yield (
            '[oauth2] trusted_proxies is empty: [oauth2_limits] '
            'address_failures blocks no address, since any address may be '
            'that of a proxy, and all clients behind a proxy count as one '
            'address. Set it to the proxies in front of Keystone, or to '
            '127.0.0.1 if there are none.'
        )
    if not client_limit:
        yield (
            '[oauth2_limits] client_failures is empty: guesses at the '
            'secret of one client are not limited.'
        )


def _rules(
    client_limit: option_types.Rate | None,
    address_limit: option_types.Rate | None,
) -> tuple[_Rule, ...]:
    if client_limit is None:
        return ()
    slow = _Rule('slow', client_limit, own=1)
    if address_limit is None:
        return slow, _Rule('client', client_limit, own=1)
    return slow, _Rule('client', address_limit, own=client_limit.amount)


@contextlib.contextmanager
def _tolerance(level: int = logging.WARNING) -> abc.Iterator[None]:
    # Clients must not be refused because counters are unavailable.
    try:
        yield
    except counters.OUTAGES as error:
        cause = getattr(error, 'storage_error', error)
        LOG.log(
            level,
            'Failed authentications cannot be counted: %s',
            type(cause).__name__,
        )


def _key(kind: str, limit: option_types.Rate, text: str) -> str:
    # Memcached accepts neither long keys nor spaces, and an id chosen by an
    # attacker must not look like another key.
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'keystone-oauth2/{kind}/{limit.seconds}/{digest}'


def _own_key(
    limit: option_types.Rate, client_id: str, source: messages.Source
) -> str:
    # Addresses contain no NUL, so different pairs give different texts.
    return _key('own', limit, f'{source.address}\0{client_id}')
