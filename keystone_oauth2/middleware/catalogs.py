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

"""Service catalogs, which are in no JWT."""

import collections
import dataclasses
import threading
import time
import typing as ty

#: How many catalogs a process remembers, of about 10 kB each.
MAX_CATALOGS = 500


@dataclasses.dataclass
class Catalog:
    """The catalog of a user in a project.

    :ivar services: as in Keystone's answer; shared by requests.
    :ivar header: as services read it in ``X-Service-Catalog``.
    :ivar fetched_at: or when that was last tried, on the monotonic clock, in
        seconds.
    """

    services: list[dict[str, ty.Any]]
    header: str
    fetched_at: float = dataclasses.field(default_factory=time.monotonic)

    def is_due(self, seconds: int) -> bool:
        """Whether it is time to fetch it again; true once.

        :param seconds: between two requests for it.
        """
        now = time.monotonic()
        if now - self.fetched_at < seconds:
            return False
        self.fetched_at = now
        return True


class Catalogs:
    """The catalogs that were used last, by user and project."""

    def __init__(self, max_catalogs: int = MAX_CATALOGS) -> None:
        self._max_catalogs = max_catalogs
        self._lock = threading.Lock()
        self._catalogs: collections.OrderedDict[tuple[str, ...], Catalog] = (
            collections.OrderedDict()
        )

    def get(self, key: tuple[str, ...]) -> Catalog | None:
        """Return the catalog of a user and project, or None."""
        with self._lock:
            found = self._catalogs.get(key)
            if found is not None:
                self._catalogs.move_to_end(key)
        return found

    def put(self, key: tuple[str, ...], catalog: Catalog) -> None:
        """Remember a catalog."""
        with self._lock:
            self._catalogs[key] = catalog
            self._catalogs.move_to_end(key)
            if len(self._catalogs) > self._max_catalogs:
                self._catalogs.popitem(last=False)
