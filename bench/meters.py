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

"""What requests cost the servers: processor time and round trips."""

import collections.abc as abc
import ctypes
import dataclasses
import os
import re
import shutil
import subprocess
import time

#: Counters by the process or the connection that they count for: empty if
#: there is no such server, None if its figures are not available.
Counters = abc.Mapping[object, float] | None

_LIBC = ctypes.CDLL(None)
_PROCESS_ID = re.compile(r'\bpid=(\d+)')
_SENT_SEGMENTS = re.compile(r'\bdata_segs_out:(\d+)')


@dataclasses.dataclass(frozen=True)
class Reading:
    """Counters at one moment.

    :ivar worker: processor time of the workers, in seconds, by process.
    :ivar database: that of the database server.
    :ivar cache: that of the cache server.
    :ivar database_trips: messages to the database server, by connection.
    :ivar cache_trips: messages to the cache server, by connection.
    :ivar requests: requests that the workers have handled, by process.
    :ivar service: processor time of a service that validates tokens.
    :ivar client: processor time of its clients.
    """

    worker: Counters
    database: Counters
    cache: Counters
    database_trips: Counters
    cache_trips: Counters
    requests: Counters = dataclasses.field(default_factory=dict)
    service: Counters = dataclasses.field(default_factory=dict)
    client: Counters = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a request costs; the fields are those of :class:`Reading`.

    A figure that is not available is None.
    """

    worker: float | None
    database: float | None
    cache: float | None
    database_trips: float | None
    cache_trips: float | None
    requests: float | None
    service: float | None
    client: float | None

    @property
    def issuer(self) -> float | None:
        """The processor time of the server that issues tokens, in seconds.

        It includes that of its database and cache.
        """
        return _sum(self.worker, self.database, self.cache)

    @property
    def total(self) -> float | None:
        """The processor time of all together, in seconds."""
        return _sum(self.issuer, self.service, self.client)


def cost(before: Reading, after: Reading, requests: int) -> Cost:
    """Return the cost of each of the requests between two readings."""
    return Cost(
        **{
            field.name: _growth(
                field.name,
                getattr(before, field.name),
                getattr(after, field.name),
                requests,
            )
            for field in dataclasses.fields(Reading)
        }
    )


def _growth(
    name: str, before: Counters, after: Counters, requests: int
) -> float | None:
    if before is None or after is None:
        return None
    if ended := before.keys() - after.keys():
        # Its last value is unknown, so any sum would be too small.
        print(f'  no figure for {name}: ended meanwhile: {ended}', flush=True)
        return None
    return (sum(after.values()) - sum(before.values())) / requests


def _sum(*parts: float | None) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def processor_seconds(processes: abc.Iterable[int] | None) -> Counters:
    """Return the processor time of processes, user and system, in seconds.

    The clock of a process has nanoseconds, where /proc has hundredths of a
    second. A process that has ended is left out.
    """
    if processes is None:
        return None
    seconds: dict[object, float] = {}
    for process in processes:
        clock = ctypes.c_int()
        if not _LIBC.clock_getcpuclockid(process, ctypes.byref(clock)):
            seconds[process] = time.clock_gettime(clock.value)
    return seconds


def sent_segments(processes: abc.Container[int], port: int | None) -> Counters:
    """Return the messages that processes have sent to a port, by connection.

    These are TCP segments with data. On the loopback interface, a segment
    holds any message that is smaller than 32 kB, so each statement of a
    database client and each command of a cache client is one.

    :param port: of the server, or None if there is none.
    """
    if port is None:
        return {}
    lines = _sockets('-tinp', f'dport = :{port}')
    if lines is None:
        return None
    segments: dict[object, float] = {}
    for line in lines:
        owners = map(int, _PROCESS_ID.findall(line))
        if any(owner in processes for owner in owners):
            # A new connection has no such field yet.
            sent = _SENT_SEGMENTS.search(line)
            segments[line.split()[3]] = int(sent[1]) if sent else 0
    return segments


def listeners(port: int) -> list[int] | None:
    """Return the processes that listen at a port, or None if unknown."""
    lines = _sockets('-tlnp', f'sport = :{port}')
    return [
        int(pid) for pid in _PROCESS_ID.findall(' '.join(lines or ()))
    ] or None


def _sockets(options: str, expression: str) -> list[str] | None:
    if shutil.which('ss') is None:
        return None
    return subprocess.run(
        ['ss', f'{options}HO', expression],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'LC_ALL': 'C'},
    ).stdout.splitlines()
