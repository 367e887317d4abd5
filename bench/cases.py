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
import functools
import multiprocessing
import random
import typing as ty

from bench import calls
from bench import data
from bench import filters
from bench import load
from bench import meters
from bench import peers
from bench import service
from bench import stage
from bench import workload

_ATTACKER = '127.0.0.2'
_GUESSER = '127.0.0.3'
_FEW = 100
_ASSERTIONS = 1000
_FIRST = 500


OURS = 'ours'
IN_TREE = 'in-tree'
JWT = 'ours, with JWTs'
KEYSTONES = (IN_TREE, OURS)
EVERYONE = (*KEYSTONES, *peers.PEERS)
#: In the order in which they start.
SIDES = (*KEYSTONES, JWT, *peers.PEERS)


@dataclasses.dataclass(frozen=True)
class Measured:
    """A measurement on one side.

    :ivar responses: number of responses.
    :ivar rate: responses per second.
    :ivar p50: median latency in seconds.
    :ivar p99: 99th percentile of the latency in seconds.
    :ivar cost: what each response cost the servers.
    :ivar unexpected: number of responses with an unexpected status.
    """

    responses: int
    rate: float
    p50: float
    p99: float
    cost: meters.Cost
    unexpected: int


# The sides are of several classes, but each case knows its own.
Measure = abc.Callable[[ty.Any, stage.Settings], Measured]


@dataclasses.dataclass(frozen=True)
class Case:
    """What is measured together.

    :ivar slug: its name on the command line.
    :ivar measures: the measurements, by their name in reports.
    :ivar sides: the names of the sides that are measured.
    :ivar is_once: whether to measure once, before the rounds.
    :ivar is_sliced: whether to measure all sides and measurements in turns
        that are short, to compare what differs little.
    """

    slug: str
    measures: abc.Mapping[str, Measure]
    sides: abc.Collection[str] = KEYSTONES
    is_once: bool = False
    is_sliced: bool = False


def measure(
    side: stage.Side,
    requests: abc.Sequence[load.Request],
    settings: stage.Settings,
    *,
    once: bool = False,
) -> Measured:
    """Send requests to a side, and return their cost.

    :param once: whether to send each only once, however long that takes.
    """
    before = side.read()
    figures = load.run(
        side.server.address,
        requests,
        clients=settings.workers,
        seconds=None if once else settings.seconds,
    )
    responses = len(figures.latencies)
    return Measured(
        responses=responses,
        rate=figures.rate,
        p50=figures.percentile(50),
        p99=figures.percentile(99),
        cost=meters.cost(before, side.read(), responses),
        unexpected=figures.unexpected,
    )


def repeat(
    side: stage.Side, request: load.Request, settings: stage.Settings
) -> Measured:
    """Measure one request, sent again and again."""
    return measure(side, [request] * settings.workers, settings)


def busy_client(side: stage.Side, settings: stage.Settings) -> Measured:
    """One client requests one token after the other."""
    return repeat(side, side.token_request(side.client), settings)


def registered_secret(
    side: stage.Keystone, settings: stage.Settings
) -> Measured:
    """The same with a registered secret."""
    request = side.token_request(side.registered)
    return repeat(side, request, settings)


def private_key_jwt(
    side: stage.Keystone, settings: stage.Settings
) -> Measured:
    """The same with assertions, each of which can be used once."""
    requests = [side.assertion_request() for _ in range(_ASSERTIONS)]
    return measure(side, requests, settings, once=True)


def own_assertions(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """The same for the client of the next two."""
    found = side.attach(workload.Workload)
    requests = [found.by_key() for _ in range(_FEW)]
    return measure(side, requests, settings, once=True)


def federated(algorithm: str) -> Measure:
    """Return what measures a JWT of a trusted issuer, used again and again."""

    def measure(side: stage.Keystone, settings: stage.Settings) -> Measured:
        found = side.attach(workload.Workload)
        return repeat(side, found.by_issuer(algorithm), settings)

    return measure


def mutual_tls(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """The same over Mutual-TLS."""
    request = load.request(
        'POST',
        stage.TOKEN,
        {**stage.GRANT, 'client_id': side.user_id},
        {'X-Bench-Certificate': side.certificate},
    )
    return repeat(side, request, settings)


def wrong_secret(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """An existing client with a wrong secret, also above the limits."""
    wrong = data.Client(side.many[-1].id, 'wrong-' + side.client.secret)
    status = 429 if side.enable else 401
    request = side.token_request(wrong, status=status, source=_GUESSER)
    return repeat(side, request, settings)


def unlimited_wrong_secrets(
    side: stage.Side, settings: stage.Settings
) -> Measured:
    """Wrong secrets of many clients from many addresses: no limit applies."""
    requests = [
        side.token_request(
            data.Client(client.id, 'wrong-' + client.secret),
            status=401,
            source=f'127.1.{number // 200}.{number % 200 + 1}',
        )
        for number, client in enumerate(side.many)
    ]
    return measure(side, requests, settings)


def under_attack(side: stage.Keystone, settings: stage.Settings) -> Measured:
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


def alone(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """The good client of the previous case, without other traffic."""
    single = dataclasses.replace(settings, workers=1)
    return measure(side, [side.token_request(side.client)], single)


def introspection(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """Introspection, by a client that authenticates with its secret."""
    request = load.request(
        'POST',
        stage.INTROSPECT,
        {'token': side.client_token},
        load.basic(side.client.id, side.client.secret),
    )
    return repeat(side, request, settings)


def introspection_by_token(
    side: stage.Keystone, settings: stage.Settings
) -> Measured:
    """Introspection, by an administrator with a token."""
    request = load.request(
        'POST',
        stage.INTROSPECT,
        {'token': side.client_token},
        {'X-Auth-Token': side.admin_token},
    )
    return repeat(side, request, settings)


def validation(side: stage.Keystone, settings: stage.Settings) -> Measured:
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
    return repeat(side, request, settings)


def authentication(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """``POST /v3/auth/tokens`` with an application credential.

    Its secret has the cheapest of Keystone's hashes: the usual one would hide
    what the extension adds.
    """
    request = load.request(
        'POST',
        '/v3/auth/tokens',
        json={
            'auth': {
                'identity': {
                    'methods': ['application_credential'],
                    'application_credential': {
                        'id': side.cheap.id,
                        'secret': side.cheap.secret,
                    },
                }
            }
        },
        status=201,
    )
    return repeat(side, request, settings)


def user(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """``GET /v3/users/{id}`` by the administrator."""
    request = load.request(
        'GET',
        f'/v3/users/{side.user_id}',
        headers={'X-Auth-Token': side.admin_token},
    )
    return repeat(side, request, settings)


def floor(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """``GET /v3``: the minimum cost of Keystone's own stack."""
    request = load.request('GET', '/v3')
    return repeat(side, request, settings)


def many_clients(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """Many clients in turn, each with one token; measured twice."""
    count = settings.clients if side.enable else settings.sample
    requests = [side.token_request(client) for client in side.many[:count]]
    return measure(side, requests, settings, once=True)


def few_clients(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """A hundred of the many clients, in random order."""
    return _at_random(side, settings, side.many[:_FEW])


def all_clients(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """All of the many clients, in random order."""
    return _at_random(side, settings, side.many)


def _at_random(
    side: stage.Keystone,
    settings: stage.Settings,
    clients: abc.Sequence[data.Client],
) -> Measured:
    requests = [side.token_request(client) for client in clients]
    random.shuffle(requests)
    return measure(side, requests, settings)


def cached_filter(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """``auth_token``, which finds the token in memcached."""
    found = side.attach(filters.Filters)
    return _repeat_call(found, found.cached, settings)


def cached_filter_with_catalog(
    side: stage.Keystone, settings: stage.Settings
) -> Measured:
    """The same with the service catalog."""
    found = side.attach(filters.Filters)
    return _repeat_call(found, found.cached_with_catalog, settings)


def our_filter(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """Ours, which remembers the token."""
    found = side.attach(filters.Filters)
    return _repeat_call(found, found.ours, settings)


def our_filter_with_catalog(
    side: stage.Keystone, settings: stage.Settings
) -> Measured:
    """The same with the service catalog."""
    found = side.attach(filters.Filters)
    return _repeat_call(found, found.ours_with_catalog, settings)


def our_filter_first(
    side: stage.Keystone, settings: stage.Settings
) -> Measured:
    """Ours, which sees each token for the first time."""
    found = side.attach(filters.Filters)
    tokens = found.tokens(_FIRST)
    return _measure_calls(found, found.ours, filters.once(tokens))


def online_filter(side: stage.Keystone, settings: stage.Settings) -> Measured:
    """``auth_token``, which asks Keystone each time."""
    found = side.attach(filters.Filters)
    batches = filters.repeated(found.token, settings.seconds, filters.FEW)
    return _measure_calls(found, found.online, batches)


def _repeat_call(
    found: filters.Filters, application: ty.Any, settings: stage.Settings
) -> Measured:
    batches = filters.repeated(found.token, settings.seconds)
    return _measure_calls(found, application, batches)


def _measure_calls(
    found: filters.Filters,
    application: ty.Any,
    batches: abc.Iterable[list[filters.Environ]],
) -> Measured:
    before = dataclasses.replace(found.read(), service={None: 0})
    calls = filters.call(application, batches)
    after = dataclasses.replace(found.read(), service={None: calls.processor})
    figures = load.Figures(calls.seconds, calls.latencies, calls.refused)
    return Measured(
        responses=calls.count,
        rate=calls.count / calls.seconds,
        p50=figures.percentile(50),
        p99=figures.percentile(99),
        cost=meters.cost(before, after, calls.count),
        unexpected=calls.refused,
    )


def _whole_call(
    behind: abc.Callable[[stage.Keystone], service.Service],
    make: abc.Callable[[stage.Keystone], ty.Any],
    sessions: abc.Callable[
        [calls.Plugin, str], calls.Call
    ] = calls.one_session,
) -> Measure:
    """Return what measures calls of a service by clients with plugins.

    :param behind: makes the service, with its filter.
    :param make: makes the plugin of a client.
    :param sessions: makes a call of one session, or of a session each time.
    """

    def measure(side: stage.Keystone, settings: stage.Settings) -> Measured:
        found = side.attach(behind)
        plugin = functools.partial(make, side)
        return _measure_clients(found, plugin, settings, sessions)

    return measure


def _measure_clients(
    found: service.Service,
    plugin: calls.Plugin,
    settings: stage.Settings,
    sessions: abc.Callable[[calls.Plugin, str], calls.Call],
) -> Measured:
    figures, before, after = calls.run(
        lambda: sessions(plugin, found.server.url),
        clients=settings.workers,
        seconds=settings.seconds,
        read=found.read,
    )
    responses = len(figures.latencies)
    return Measured(
        responses=responses,
        rate=figures.rate,
        p50=figures.percentile(50),
        p99=figures.percentile(99),
        cost=meters.cost(before, after, responses),
        unexpected=figures.unexpected,
    )


def _attack(
    address: load.Address, request: load.Request, settings: stage.Settings
) -> None:
    load.run(
        address,
        [request],
        clients=1,
        seconds=settings.seconds,
        rate=settings.attack,
    )


#: In this order.
CASES = (
    Case(
        'in-turn',
        {
            'many clients, first cycle': many_clients,
            'many clients, second cycle': many_clients,
        },
        is_once=True,
    ),
    Case('busy', {'busy client': busy_client}, EVERYONE),
    Case(
        'wrong', {'wrong secrets, no limit': unlimited_wrong_secrets}, EVERYONE
    ),
    Case('registered', {'registered secret': registered_secret}, (OURS,)),
    Case('assertion', {'private_key_jwt': private_key_jwt}, (OURS,)),
    Case(
        'federated',
        {
            'private_key_jwt, ES256': own_assertions,
            'federated_jwt, ES256': federated('ES256'),
            'federated_jwt, RS256': federated('RS256'),
        },
        (OURS,),
        is_sliced=True,
    ),
    Case('jwt', {'either format': busy_client}, (OURS, JWT), is_sliced=True),
    Case(
        'flatness',
        {
            'a hundred clients at random': few_clients,
            'many clients at random': all_clients,
        },
        (OURS,),
        is_sliced=True,
    ),
    Case('mutual-tls', {'Mutual-TLS': mutual_tls}),
    Case(
        'attack',
        {'good client, alone': alone, 'good client, attacked': under_attack},
    ),
    Case('validation', {'GET /v3/auth/tokens': validation}, is_sliced=True),
    Case(
        'introspection',
        {
            'introspection by secret': introspection,
            'introspection by token': introspection_by_token,
        },
        (OURS,),
    ),
    Case(
        'authentication',
        {'POST /v3/auth/tokens': authentication},
        is_sliced=True,
    ),
    Case('user', {'GET /v3/users/{id}': user}, is_sliced=True),
    Case('floor', {'GET /v3': floor}, is_sliced=True),
    Case(
        'filter',
        {
            'auth_token, token in memcached': cached_filter,
            'filter, remembered token': our_filter,
            'auth_token with catalog, token in memcached': (
                cached_filter_with_catalog
            ),
            'filter with catalog, remembered token': our_filter_with_catalog,
            'auth_token, Keystone validates': online_filter,
            'filter, token seen first': our_filter_first,
        },
        (JWT,),
        is_sliced=True,
    ),
    Case(
        'call',
        {
            'whole call, a token for each': _whole_call(
                service.usual, calls.token_each
            )
        },
        (*KEYSTONES, JWT),
        is_sliced=True,
    ),
    Case(
        'call-one-session',
        {
            'whole call, no authentication': _whole_call(
                service.unprotected, calls.nothing
            ),
            'whole call, token kept by our plugin': _whole_call(
                service.usual, calls.kept_token
            ),
            'whole call, application credential': _whole_call(
                service.behind_auth_token, calls.application_credential
            ),
        },
        (JWT,),
        is_sliced=True,
    ),
    Case(
        'call-new-session',
        {
            'new session, a token for each': _whole_call(
                service.usual, calls.token_each, calls.session_each
            ),
            'new session, our plugin': _whole_call(
                service.usual, calls.kept_token, calls.session_each
            ),
        },
        (OURS, JWT),
        is_sliced=True,
    ),
    # Last: it leaves the client limited.
    Case('limited', {'wrong secrets of one client': wrong_secret}),
)
