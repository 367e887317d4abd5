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

"""Tokens that were verified before."""

import collections
import dataclasses
import hashlib
import threading
import typing as ty

from keystone_oauth2.middleware import originals
from keystone_oauth2.protocol import revocation_list

#: Bounds of what a process remembers.
MAX_TOKENS = 10_000
MAX_BYTES = 50 * 1024 * 1024
# Of an entry without its body.
_OVERHEAD = 2800


@dataclasses.dataclass(slots=True)
class Entry:
    """A token that was verified.

    :ivar body: what Keystone says of it, without the catalog.
    :ivar ids: what revocation events know it by.
    :ivar expires_at: seconds since the epoch.
    :ivar version: of the latest snapshot by which it is valid.
    :ivar catalog_key: whose catalog it has.
    :ivar is_unconditional: whether it is valid in any request: it is bound to
        nothing and has no access rules.
    :ivar environ: what is set in a request with it; None if that is not known
        yet.
    """

    body: originals.Original
    ids: revocation_list.Ids
    expires_at: int
    version: tuple[int, int]
    catalog_key: tuple[str, ...]
    is_unconditional: bool
    environ: dict[str, ty.Any] | None = None

    @property
    def size(self) -> int:
        """How many bytes it takes roughly."""
        return _OVERHEAD + self.body.size


class Remembered:
    """The tokens that were used last.

    :param max_tokens: how many.
    :param max_bytes: how much they may take together.
    """

    def __init__(
        self, max_tokens: int = MAX_TOKENS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._max_tokens = max_tokens
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._bytes = 0
        self._entries: collections.OrderedDict[bytes, Entry] = (
            collections.OrderedDict()
        )

    def get(self, token: str) -> Entry | None:
        """Return what is known about a token.

        Tokens themselves would take too much space.
        """
        key = _key(token)
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
        return found

    def put(self, token: str, entry: Entry) -> None:
        """Remember a token, and forget others that were not used lately."""
        key = _key(token)
        with self._lock:
            self._remove(key)
            self._entries[key] = entry
            self._bytes += entry.size
            while (
                len(self._entries) > self._max_tokens
                or self._bytes > self._max_bytes
            ):
                self._remove(next(iter(self._entries)))

    def forget(self, token: str) -> None:
        """Forget a token."""
        key = _key(token)
        with self._lock:
            self._remove(key)

    def _remove(self, key: bytes) -> None:
        found = self._entries.pop(key, None)
        if found is not None:
            self._bytes -= found.size


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
