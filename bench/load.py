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

"""Load from cheap clients: raw sockets and prepared requests."""

import base64
import collections.abc as abc
import dataclasses
import itertools
import json as jsonutils
import multiprocessing
import signal
import socket
import time
import typing as ty
import urllib.parse

Address = tuple[str, int]


@dataclasses.dataclass(frozen=True)
class Request:
    """A request that is ready to send.

    :ivar data: the whole message.
    :ivar status: the expected status of the response.
    :ivar source: the address to send it from.
    """

    data: bytes
    status: int = 200
    source: str = '127.0.0.1'


@dataclasses.dataclass(frozen=True)
class Figures:
    """The measurements of the clients.

    :ivar seconds: the total time.
    :ivar latencies: of each request, in seconds, sorted.
    :ivar unexpected: number of responses with another status.
    """

    seconds: float
    latencies: list[float]
    unexpected: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """Return a latency in seconds."""
        index = int(len(self.latencies) * percent / 100)
        return self.latencies[min(index, len(self.latencies) - 1)]


def request(
    method: str,
    path: str,
    form: abc.Mapping[str, str] | None = None,
    headers: abc.Mapping[str, str] | None = None,
    *,
    json: ty.Any = None,
    **attributes: ty.Any,
) -> Request:
    """Return a request.

    :param form: parameters of a form body.
    :param json: a JSON body.
    """
    body = b''
    fields = {'Host': 'localhost', **(headers or {})}
    if form:
        body = urllib.parse.urlencode(form).encode()
        fields['Content-Type'] = 'application/x-www-form-urlencoded'
    elif json is not None:
        body = jsonutils.dumps(json).encode()
        fields['Content-Type'] = 'application/json'
    if body:
        fields['Content-Length'] = str(len(body))
    head = [f'{method} {path} HTTP/1.0']
    head += [f'{name}: {value}' for name, value in fields.items()]
    data = '\r\n'.join(head).encode() + b'\r\n\r\n' + body
    return Request(data, **attributes)


def basic(client_id: str, secret: str) -> dict[str, str]:
    """Return the header field of HTTP Basic."""
    credentials = base64.b64encode(f'{client_id}:{secret}'.encode()).decode()
    return {'Authorization': f'Basic {credentials}'}


def run(
    address: Address,
    requests: abc.Sequence[Request],
    *,
    clients: int,
    seconds: float | None = None,
    rate: float | None = None,
) -> Figures:
    """Send requests one after the other, from several processes in parallel.

    :param requests: each client sends its share of them in turn.
    :param seconds: for how long; None to send each only once.
    :param rate: requests per second of all clients, or None for no limit.
    """
    context = multiprocessing.get_context('fork')
    pace = None if rate is None else clients / rate
    # SIGTERM ends these processes, unlike the main one: see __main__.
    with context.Pool(
        clients, signal.signal, (signal.SIGTERM, signal.SIG_DFL)
    ) as pool:
        shares = [
            (address, requests[number::clients], seconds, pace)
            for number in range(clients)
        ]
        results = pool.starmap(_client, shares)
    elapsed = max(result[2] for result in results)
    latencies = sorted(itertools.chain(*(result[0] for result in results)))
    return Figures(elapsed, latencies, sum(result[1] for result in results))


def _client(
    address: Address,
    requests: abc.Sequence[Request],
    seconds: float | None,
    pace: float | None,
) -> tuple[list[float], int, float]:
    latencies = []
    unexpected = 0
    started = time.perf_counter()
    endless = requests if seconds is None else itertools.cycle(requests)
    for number, item in enumerate(endless):
        begun = time.perf_counter()
        if seconds is not None and begun - started >= seconds:
            break
        status = _send(address, item)
        latencies.append(time.perf_counter() - begun)
        unexpected += status != item.status
        if pace is not None:
            due = started + (number + 1) * pace
            time.sleep(max(0.0, due - time.perf_counter()))
    return latencies, unexpected, time.perf_counter() - started


def _send(address: Address, item: Request) -> int:
    with socket.socket() as connection:
        if item.source != '127.0.0.1':
            connection.bind((item.source, 0))
        connection.connect(address)
        connection.sendall(item.data)
        head = connection.recv(65536)
        while connection.recv(65536):
            pass
    return int(head[9:12])
