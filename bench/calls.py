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

"""Calls of a service by keystoneauth, in several processes."""

import collections.abc as abc
import dataclasses
import itertools
import multiprocessing
import time
import typing as ty

from keystoneauth1 import loading
from keystoneauth1 import session
from keystoneauth1 import token_endpoint

from bench import load
from bench import meters
from bench import stage

_PLUGIN = 'v3oauth2clientcredential'
_PATIENCE = 120

#: Makes one call, and returns the status of the response.
Call = abc.Callable[[], int]


def token_each(keystone: stage.Keystone, url: str) -> Call:
    """Return a call of a client that requests a token for each call."""
    loader: ty.Any = loading.get_plugin_loader(_PLUGIN)
    plugin = loader.load_from_options(
        auth_url=f'{keystone.server.url}/v3',
        oauth2_endpoint=keystone.server.url + stage.TOKEN,
        oauth2_client_id=keystone.client.id,
        oauth2_client_secret=keystone.client.secret,
    )
    return _call(plugin, url)


def one_token(token: str, url: str) -> Call:
    """Return a call of a client that has a token already."""
    return _call(token_endpoint.Token(url, token), url)


def _call(plugin: ty.Any, url: str) -> Call:
    client = session.Session(auth=plugin)
    return lambda: client.get(url, raise_exc=False).status_code


def run(
    make: abc.Callable[[], Call],
    *,
    clients: int,
    seconds: float,
    read: abc.Callable[[], meters.Reading],
) -> tuple[load.Figures, meters.Reading, meters.Reading]:
    """Make calls with several clients, one after the other each.

    :param make: returns the call of a client; what only its first call needs
        is not measured.
    :param read: returns what the servers have done so far.
    :returns: what the clients measured, and the readings before and after.
    """
    context = multiprocessing.get_context('fork')
    barrier = context.Barrier(clients + 1, timeout=_PATIENCE)
    results = context.SimpleQueue()
    processes = [
        context.Process(target=_client, args=(make, seconds, barrier, results))
        for _ in range(clients)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    before = read()
    barrier.wait()
    barrier.wait()
    after = read()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    latencies = sorted(itertools.chain(*(result[0] for result in found)))
    figures = load.Figures(
        max(result[2] for result in found),
        latencies,
        sum(result[1] for result in found),
    )
    used = sum(result[3] for result in found)
    return (
        figures,
        dataclasses.replace(before, client={None: 0}),
        dataclasses.replace(after, client={None: used}),
    )


def _client(
    make: abc.Callable[[], Call],
    seconds: float,
    barrier: ty.Any,
    results: ty.Any,
) -> None:
    try:
        call = make()
        call()
        barrier.wait()
        # The servers are read meanwhile.
        barrier.wait()
        result = _repeat(call, seconds)
        barrier.wait()
    except BaseException:
        barrier.abort()
        raise
    results.put(result)


def _repeat(
    call: Call, seconds: float
) -> tuple[list[float], int, float, float]:
    latencies = []
    unexpected = 0
    used, started = time.process_time(), time.perf_counter()
    while (begun := time.perf_counter()) - started < seconds:
        unexpected += call() != 200
        latencies.append(time.perf_counter() - begun)
    elapsed = time.perf_counter() - started
    return latencies, unexpected, elapsed, time.process_time() - used
