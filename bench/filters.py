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

"""Filters in this process, in front of an application that does nothing."""

import collections.abc as abc
import dataclasses
import os
import secrets
import time
import typing as ty

import fixtures
from keystonemiddleware import auth_token as keystonemiddleware
from oslo_config import cfg

from bench import meters
from bench import servers
from bench import stage
from keystone_oauth2.middleware import auth_token
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import signing_keys

Environ = dict[str, ty.Any]

#: Calls between two looks at the clock.
BATCH = 100
FEW = 10
_READY_SECONDS = 60
_LIFETIME = 3600
_STATUS = '204 No Content'
# Of a request, as a server passes it on.
_ENVIRON: Environ = {
    'REQUEST_METHOD': 'GET',
    'SCRIPT_NAME': '',
    'PATH_INFO': '/v2/images',
    'QUERY_STRING': 'limit=20',
    'SERVER_NAME': 'image.example.com',
    'SERVER_PORT': '443',
    'SERVER_PROTOCOL': 'HTTP/1.1',
    'REMOTE_ADDR': '192.0.2.7',
    'REMOTE_PORT': '50000',
    'HTTP_HOST': 'image.example.com',
    'HTTP_USER_AGENT': 'python-glanceclient',
    'HTTP_ACCEPT': '*/*',
    'HTTP_ACCEPT_ENCODING': 'gzip, deflate',
    'HTTP_CONNECTION': 'keep-alive',
    'wsgi.version': (1, 0),
    'wsgi.url_scheme': 'https',
    'wsgi.input': None,
    'wsgi.errors': None,
    'wsgi.multithread': False,
    'wsgi.multiprocess': True,
    'wsgi.run_once': False,
}


def _application(
    environ: Environ, start_response: ty.Any
) -> abc.Iterable[bytes]:
    start_response(_STATUS, [])
    return ()


@dataclasses.dataclass(frozen=True)
class Calls:
    """What the calls of a filter took.

    :ivar count: number of calls.
    :ivar seconds: that they took together.
    :ivar processor: their processor time, in seconds.
    :ivar latencies: averages of few calls each, in seconds, sorted.
    :ivar refused: number of calls that the filter did not pass on.
    """

    count: int
    seconds: float
    processor: float
    latencies: list[float]
    refused: int


class Filters(fixtures.Fixture):
    """The filters for the tokens of a Keystone.

    :param keystone: issues JWT access tokens.
    """

    def __init__(self, keystone: stage.Keystone) -> None:
        super().__init__()
        self._keystone = keystone

    def _setUp(self) -> None:
        self.cache = self.useFixture(servers.Cache('memcached'))
        self.token = self._keystone.request_token()
        self._key = _signing_key(self._keystone, self.token)
        self.online = self._theirs(token_cache_time=-1)
        self.cached = self._cached(catalog=False)
        self.cached_with_catalog = self._cached(catalog=True)
        self.ours = self._ours(catalog=False)
        self.ours_with_catalog = self._ours(catalog=True)
        self.addCleanup(self._forget)

    def _forget(self) -> None:
        # Their threads would go on, without a Keystone.
        del self.ours, self.ours_with_catalog

    def _conf(self, **options: ty.Any) -> dict[str, ty.Any]:
        given = {
            **self._keystone.service_options(),
            'include_service_catalog': False,
            **options,
        }
        own = cfg.ConfigOpts()
        own([])
        return {
            **{name: str(value) for name, value in given.items()},
            'oslo_config_config': own,
        }

    def _theirs(self, **options: ty.Any) -> ty.Any:
        conf = self._conf(**options)
        return keystonemiddleware.filter_factory({}, **conf)(_application)

    def _cached(self, *, catalog: bool) -> ty.Any:
        return self._theirs(
            include_service_catalog=catalog,
            token_cache_time=_LIFETIME,
            memcached_servers=f'127.0.0.1:{self.cache.port}',
            # Keep the connection while others are measured.
            memcache_pool_unused_timeout=_LIFETIME,
        )

    def _ours(self, *, catalog: bool) -> ty.Any:
        conf = self._conf(
            include_service_catalog=catalog,
            **self._keystone.filter_options(),
        )
        made = auth_token.filter_factory({}, **conf)(_application)
        call(made, [[environ(self.token)]])
        _wait(made)
        return made

    def tokens(self, count: int) -> list[str]:
        """Return new tokens, signed with the key of Keystone."""
        model = access_token.AccessToken.read(self.token)
        now = int(time.time())
        return [
            dataclasses.replace(
                model,
                audit_id=secrets.token_urlsafe(16),
                issued_at=now,
                expires_at=now + _LIFETIME,
            ).sign(self._key)
            for _ in range(count)
        ]

    def read(self) -> meters.Reading:
        """Return what servers have done so far, with the filters' cache."""
        found = self._keystone.read()
        return dataclasses.replace(
            found,
            cache={
                **(found.cache or {}),
                **(meters.processor_seconds(self.cache.processes) or {}),
            },
            cache_trips=meters.sent_segments([os.getpid()], self.cache.port),
        )


def environ(token: str) -> Environ:
    """Return the environment of a request with a token."""
    # As from a server: no two requests share the text of a token.
    return {**_ENVIRON, 'HTTP_X_AUTH_TOKEN': token.encode().decode()}


def repeated(
    token: str, seconds: float, size: int = BATCH
) -> abc.Iterator[list[Environ]]:
    """Return batches of requests with one token.

    :param seconds: after which there are no more.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield [environ(token) for _ in range(size)]


def once(
    tokens: abc.Sequence[str], size: int = FEW
) -> abc.Iterator[list[Environ]]:
    """Return batches of requests, one with each token."""
    for start in range(0, len(tokens), size):
        yield [environ(token) for token in tokens[start : start + size]]


def call(application: ty.Any, batches: abc.Iterable[list[Environ]]) -> Calls:
    """Call a filter; only the time of its calls counts."""
    statuses: list[str] = []
    latencies: list[float] = []
    seconds = processor = 0.0

    def start(status: str, _headers: ty.Any, _error: ty.Any = None) -> None:
        statuses.append(status)

    for batch in batches:
        size = len(batch)
        used, begun = time.process_time(), time.perf_counter()
        while batch:
            # As in a server, nothing of a request outlives it.
            application(batch.pop(), start)
        elapsed = time.perf_counter() - begun
        processor += time.process_time() - used
        seconds += elapsed
        latencies.append(elapsed / size)
    return Calls(
        count=len(statuses),
        seconds=seconds,
        processor=processor,
        latencies=sorted(latencies),
        refused=len(statuses) - statuses.count(_STATUS),
    )


def _wait(made: ty.Any) -> None:
    """Wait until our filter has the keys and the revocation events."""
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        snapshot = made._shared.publication.current
        if snapshot.keys is not None and snapshot.events is not None:
            return
        time.sleep(0.02)
    raise RuntimeError('The filter has not got keys and events.')


def _signing_key(
    keystone: stage.Keystone, token: str
) -> signing_keys.SigningKey:
    folder = keystone.deployment.folder / 'oauth2-signing-keys'
    keys = [
        signing_keys.SigningKey.read(path.read_text())
        for path in folder.iterdir()
        if path.is_file()
    ]
    kid = access_token.key_id(token)
    return next(key for key in keys if key.kid == kid)
