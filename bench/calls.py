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

from keystoneauth1 import plugin
from keystoneauth1 import session
from keystoneauth1.identity import v3

from bench import load
from bench import meters
from bench import stage
from keystone_oauth2.plugin import client
from keystone_oauth2.plugin import credentials

_PATIENCE = 120
# Share of the time, for calls that are not measured.
_WARM = 0.2

#: Makes one call, and returns the status of the response.
Call = abc.Callable[[], int]
#: Makes a plugin that knows nothing yet, or none.
Plugin = abc.Callable[[], plugin.BaseAuthPlugin | None]


def nothing(_keystone: stage.Keystone) -> None:
    """Return no plugin: the calls are not authenticated."""


def kept_token(keystone: stage.Keystone) -> plugin.BaseAuthPlugin:
    """Return ours, which requests an access token and keeps it."""
    secret = keystone.client.secret
    # Its loader demands https, and so does the metadata.
    return client.OAuth2Client(
        f'{keystone.server.url}/v3',
        credentials.ClientSecretBasic(keystone.client.id, lambda: secret),
        oauth2_endpoint=keystone.server.url + stage.TOKEN,
    )


def token_each(keystone: stage.Keystone) -> plugin.BaseAuthPlugin:
    """Return keystoneauth's, which requests a token for each call."""
    return v3.OAuth2ClientCredential(
        f'{keystone.server.url}/v3',
        keystone.server.url + stage.TOKEN,
        keystone.client.id,
        keystone.client.secret,
    )


def application_credential(keystone: stage.Keystone) -> plugin.BaseAuthPlugin:
    """Return keystoneauth's, which keeps a token of Keystone."""
    return v3.ApplicationCredential(
        f'{keystone.server.url}/v3',
        keystone.client.secret,
        keystone.client.id,
    )


def one_session(make: Plugin, url: str) -> Call:
    """Return a call of a client that has one session for all its calls."""
    kept = session.Session(auth=make())
    return lambda: _get(kept, url)


def session_each(make: Plugin, url: str) -> Call:
    """Return a call of a client that knows nothing of its last call.

    This is the part of a short-lived command that differs by plugin.
    """
    return lambda: _get(session.Session(auth=make()), url)


def _get(by: session.Session, url: str) -> int:
    return by.get(url, raise_exc=False).status_code


def run(
    make: abc.Callable[[], Call],
    *,
    clients: int,
    seconds: float,
    read: abc.Callable[[], meters.Reading],
) -> tuple[load.Figures, meters.Reading, meters.Reading]:
    """Make calls with several clients, one after the other each.

    :param make: returns the call of a client; what only its first calls need
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
        # Pages that a process shares until it writes to them, and workers
        # that do not know the token yet.
        _repeat(call, seconds * _WARM)
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
