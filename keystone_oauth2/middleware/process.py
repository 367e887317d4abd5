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

"""What the filters of one process share."""

import os
import threading
import typing as ty
import weakref

from keystone_oauth2.middleware import catalog as catalogs
from keystone_oauth2.middleware import counts as counting
from keystone_oauth2.middleware import options as configuration
from keystone_oauth2.middleware import publication as publications
from keystone_oauth2.middleware import recent
from keystone_oauth2.middleware import verifier as verifiers

#: How many catalogs a process remembers, which take about 40 kB each.
MAX_CATALOGS = 200
_MAX_CLIENTS = 1000


class Process:
    """Keys, events and tokens that a process knows, for one configuration.

    A service may load its filter several times, for several versions of its
    API. They have one thread, and one memory.

    :ivar pid: of the process.
    :ivar catalogs: by user and project.
    :ivar catalogs_after: when Keystone may be asked for a catalog again, on
        the monotonic clock in seconds.
    :ivar clients: whose token another one is.
    """

    def __init__(
        self, endpoint: publications.Endpoint, options: configuration.Options
    ) -> None:
        self.pid = os.getpid()
        self.counts = counting.Counts(options.statsd)
        self.publication = publications.Publication(
            endpoint, options.poll_interval, self.counts
        )
        self.verifier = verifiers.Verifier(
            self.publication,
            self.counts,
            issuer=options.issuer,
            audiences=options.audiences,
            events_max_age=options.events_max_age,
            keys_max_age=options.keys_max_age,
        )
        self.catalogs: recent.Recent[tuple[str, ...], catalogs.Catalog] = (
            recent.Recent(MAX_CATALOGS)
        )
        self.catalogs_after = 0.0
        self.clients: recent.Recent[str, ty.Any] = recent.Recent(_MAX_CLIENTS)
        self.publication.start()


_LOCK = threading.Lock()
_PROCESSES: 'weakref.WeakValueDictionary[ty.Any, Process]' = (
    weakref.WeakValueDictionary()
)


def _renew_lock() -> None:
    global _LOCK
    _LOCK = threading.Lock()


# Another thread of the parent may have held it.
os.register_at_fork(after_in_child=_renew_lock)


def shared(
    key: ty.Hashable,
    endpoint: publications.Endpoint,
    options: configuration.Options,
) -> Process:
    """Return what filters with one configuration share in this process.

    :param key: of the configuration.
    """
    with _LOCK:
        found = _PROCESSES.get((os.getpid(), key))
        if found is None:
            found = Process(endpoint, options)
            _PROCESSES[found.pid, key] = found
        return found
