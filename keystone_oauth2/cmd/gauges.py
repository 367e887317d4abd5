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

"""Gauges of what operators must renew in time, for StatsD."""

import collections
import collections.abc as abc
import time
import typing as ty

from keystone_oauth2.compose import options
from keystone_oauth2.compose import token_format
from keystone_oauth2.protocol.clients import registration

_PREFIX = 'keystone_oauth2'
_KINDS = (
    registration.SECRET,
    registration.KEY,
    registration.CERTIFICATE,
    registration.FEDERATED_IDENTITY,
)


class Gauges:
    """The gauges, if a StatsD daemon is configured.

    :param conf: Keystone's configuration.
    :raises options.WrongConfiguration: there is no such daemon.
    """

    def __init__(self, conf: ty.Any) -> None:
        self._conf = conf
        self._statsd = options.statsd(conf)

    def send(self, expiring: abc.Iterable[registration.Authenticator]) -> None:
        """Send them.

        :param expiring: the authenticators that expire soon.
        :raises signing_key_repository.Unusable: Keystone cannot sign tokens;
            the other gauges are sent.
        """
        if self._statsd is None:
            return
        counts = collections.Counter(item.kind for item in expiring)
        # Zero as well: otherwise, a daemon would keep the last value.
        for kind in _KINDS:
            self._statsd.gauge(f'{_PREFIX}.expiring.{kind}', counts[kind])
        age = _age(self._conf)
        if age is not None:
            self._statsd.gauge(f'{_PREFIX}.signing_key.age', age)


def _age(conf: ty.Any) -> int | None:
    """Return the age of the key that signs tokens, in seconds."""
    repository = token_format.repository(conf)
    if repository is None:
        return None
    key = repository.read().signing[0]
    age = time.time() - (key.active_since or key.created_at)
    # StatsD takes a gauge with a sign for a change of the last value.
    return max(0, int(age))
