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

"""The benchmark's cases."""

import collections.abc as abc
import dataclasses
import multiprocessing
import random

from bench import data
from bench import load
from bench import stage

_ATTACKER = '127.0.0.2'
_GUESSER = '127.0.0.3'
_FEW = 100
_ASSERTIONS = 1000


@dataclasses.dataclass(frozen=True)
class Measured:
    """A measurement of a case on one side.

    :ivar rate: responses per second.
    :ivar p50: median latency in seconds.
    :ivar p99: 99th percentile of the latency in seconds.
    :ivar cpu: the server's processor time per response, in seconds.
    :ivar unexpected: number of responses with an unexpected status.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    unexpected: int


@dataclasses.dataclass(frozen=True)
class Settings:
    """The size of the benchmark.

    :ivar seconds: duration of each measurement.
    :ivar clients: number of concurrent connections.
    :ivar many: number of clients in the cases with many clients.
    :ivar sample: number of them that the in-tree endpoint gets.
    :ivar attack: wrong secrets per second.
    """

    seconds: float
    clients: int
    many: int
    sample: int
    attack: float


Case = abc.Callable[[stage.Side, Settings], Measured]


def measure(
    side: stage.Side,
    requests: abc.Sequence[load.Request],
    settings: Settings,
    *,
    once: bool = False,
) -> Measured:
    """Send requests to a side, and return their cost.

    :param once: whether to send each only once, however long that takes.
    """
    before = side.server.cpu_seconds()
    figures = load.run(
        side.server.address,
        requests,
        clients=settings.clients,
        seconds=None if once else settings.seconds,
    )
    cpu = side.server.cpu_seconds() - before
    return Measured(
        rate=figures.rate,
        p50=figures.percentile(50),
        p99=figures.percentile(99),
        cpu=cpu / len(figures.latencies),
        unexpected=figures.unexpected,
    )


def busy_client(side: stage.Side, settings: Settings) -> Measured:
    """One client requests one token after the other."""
    requests = [side.token_request(side.client)] * settings.clients
    return measure(side, requests, settings)


def registered_secret(side: stage.Side, settings: Settings) -> Measured:
    """The same with a registered secret."""
    request = side.token_request(side.registered)
    return measure(side, [request] * settings.clients, settings)


def private_key_jwt(side: stage.Side, settings: Settings) -> Measured:
    """The same with assertions, each of which can be used once."""
    requests = [side.assertion_request() for _ in range(_ASSERTIONS)]
    return measure(side, requests, settings, once=True)


def mutual_tls(side: stage.Side, settings: Settings) -> Measured:
    """The same over Mutual-TLS."""
    request = load.request(
        'POST',
        stage.TOKEN,
        {**stage.GRANT, 'client_id': side.user_id},
        {'X-Bench-Certificate': side.certificate},
    )
    return measure(side, [request] * settings.clients, settings)


def wrong_secret(side: stage.Side, settings: Settings) -> Measured:
    """An existing client with a wrong secret, also above the limits."""
    wrong = data.Client(side.many[-1].id, 'wrong-' + side.client.secret)
    status = 429 if side.enable else 401
    request = side.token_request(wrong, status=status, source=_GUESSER)
    return measure(side, [request] * settings.clients, settings)


def unlimited_wrong_secrets(side: stage.Side, settings: Settings) -> Measured:
    """Wrong secrets of many clients from many addresses: no limit applies."""
    requests = [
        side.token_request(
            data.Client(client.id, 'wrong-' + client.secret),
            status=401,
            source=f'127.1.{number // 200}.{number % 200 + 1}',
        )
        for number, client in enumerate(side.many[: settings.many])
    ]
    return measure(side, requests, settings)


def under_attack(side: stage.Side, settings: Settings) -> Measured:
    """A good client, while another address sends its id with wrong secrets."""
    wrong = data.Client(side.client.id, 'wrong-' + side.client.secret)
    attack = multiprocessing.get_context('fork').Process(
        target=_attack,
        args=(
            side.server.address,
            side.token_request(wrong, source=_ATTACKER),
            settings,
        ),
    )
    attack.start()
    try:
        return alone(side, settings)
    finally:
        attack.join()


def alone(side: stage.Side, settings: Settings) -> Measured:
    """The good client of the previous case, without other traffic."""
    single = dataclasses.replace(settings, clients=1)
    return measure(side, [side.token_request(side.client)], single)


def introspection(side: stage.Side, settings: Settings) -> Measured:
    """Introspection, by a client that authenticates with its secret."""
    request = load.request(
        'POST',
        stage.INTROSPECT,
        {'token': side.client_token},
        load.basic(side.client.id, side.client.secret),
    )
    return measure(side, [request] * settings.clients, settings)


def introspection_by_token(side: stage.Side, settings: Settings) -> Measured:
    """Introspection, by an administrator with a token."""
    request = load.request(
        'POST',
        stage.INTROSPECT,
        {'token': side.client_token},
        {'X-Auth-Token': side.admin_token},
    )
    return measure(side, [request] * settings.clients, settings)


def validation(side: stage.Side, settings: Settings) -> Measured:
    """``GET /v3/auth/tokens`` of the same token, by the administrator."""
    request = load.request(
        'GET',
        '/v3/auth/tokens',
        headers={
            'X-Auth-Token': side.admin_token,
            'X-Subject-Token': side.client_token,
            'OpenStack-Identity-Access-Rules': '1.0',
        },
    )
    return measure(side, [request] * settings.clients, settings)


def floor(side: stage.Side, settings: Settings) -> Measured:
    """``GET /v3``: the minimum cost of Keystone's own stack."""
    request = load.request('GET', '/v3')
    return measure(side, [request] * settings.clients, settings)


def many_clients(side: stage.Side, settings: Settings) -> Measured:
    """Many clients in turn, each with one token; measured twice."""
    count = settings.many if side.enable else settings.sample
    requests = [side.token_request(client) for client in side.many[:count]]
    return measure(side, requests, settings, once=True)


def few_clients(side: stage.Side, settings: Settings) -> Measured:
    """A hundred of the many clients, in random order."""
    return _at_random(side, settings, side.many[:_FEW])


def all_clients(side: stage.Side, settings: Settings) -> Measured:
    """All of the many clients, in random order."""
    return _at_random(side, settings, side.many)


def _at_random(
    side: stage.Side, settings: Settings, clients: abc.Sequence[data.Client]
) -> Measured:
    requests = [side.token_request(client) for client in clients]
    random.shuffle(requests)
    return measure(side, requests, settings)


def _attack(
    address: load.Address, request: load.Request, settings: Settings
) -> None:
    load.run(
        address,
        [request],
        clients=1,
        seconds=settings.seconds,
        rate=settings.attack,
    )
