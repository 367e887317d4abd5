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

"""A service behind a filter, and its application for uWSGI."""

import collections.abc as abc
import dataclasses
import json
import os
import pathlib
import pkgutil
import time
import typing as ty

import fixtures
from oslo_config import cfg

from bench import load
from bench import meters
from bench import servers
from bench import stage

_OURS = 'keystone_oauth2.middleware.auth_token:filter_factory'
_OAUTH2_TOKEN = 'keystonemiddleware.oauth2_token:filter_factory'
_AUTH_TOKEN = 'keystonemiddleware.auth_token:filter_factory'
_CONFIG = 'BENCH_SERVICE_CONFIG'
_QUIET = 20
_READY_SECONDS = 60


def _greet(environ: dict[str, ty.Any], start_response: ty.Any) -> list[bytes]:
    body = json.dumps({'user': environ.get('HTTP_X_USER_NAME')}).encode()
    start_response(
        '200 OK',
        [
            ('Content-Type', 'application/json'),
            ('Content-Length', str(len(body))),
        ],
    )
    return [body]


def _load(path: str) -> ty.Any:
    found = json.loads(pathlib.Path(path).read_text())
    if not found['filter']:
        return _greet
    own = cfg.ConfigOpts()
    own([])
    conf = {**found['options'], 'oslo_config_config': own}
    return pkgutil.resolve_name(found['filter'])({}, **conf)(_greet)


class Service(fixtures.Fixture):
    """A service of a Keystone.

    :param keystone: the one that issues and validates its tokens.
    :param name: of its folder.
    :param filter_factory: of its filter, as in api-paste.ini; empty for none.
    """

    def __init__(
        self, keystone: stage.Keystone, name: str, filter_factory: str
    ) -> None:
        super().__init__()
        self._keystone = keystone
        self._name = name
        self._filter = filter_factory

    def _setUp(self) -> None:
        folder = self._keystone.deployment.folder / self._name
        folder.mkdir()
        kind = 'memcached' if self._filter else 'memory'
        self.cache = self.useFixture(servers.Cache(kind))
        config_file = folder / 'service.json'
        config_file.write_text(
            json.dumps({'filter': self._filter, 'options': self._options()})
        )
        self.server = self.useFixture(
            servers.Server(
                'bench.service',
                {_CONFIG: str(config_file)},
                folder,
                self._keystone.workers,
                '--enable-threads',
            )
        )
        if self._filter == _OURS:
            self._wait()

    def _options(self) -> dict[str, str]:
        options = {
            **self._keystone.service_options(),
            'include_service_catalog': False,
            'token_cache_time': 300,
            'memcached_servers': f'127.0.0.1:{self.cache.port}',
        }
        if self._filter == _OURS:
            options |= self._keystone.filter_options()
        return {name: str(value) for name, value in options.items()}

    def _wait(self) -> None:
        """Wait until all workers verify tokens themselves."""
        end = time.monotonic() + _READY_SECONDS
        token = self._keystone.request_token()
        request = load.request('GET', '/', headers={'X-Auth-Token': token})
        while time.monotonic() < end:
            # They ask for keys and events meanwhile.
            time.sleep(1)
            before = self._keystone.server.requests()
            figures = load.run(
                self.server.address,
                [request] * _QUIET * self._keystone.workers,
                clients=self._keystone.workers,
            )
            after = self._keystone.server.requests()
            if after == before and not figures.unexpected:
                return
        raise RuntimeError('The service does not verify tokens itself.')

    def read(self) -> meters.Reading:
        """Return what Keystone and the service have done so far."""
        processes = [*self.server.worker_ids(), *self.cache.processes]
        return dataclasses.replace(
            self._keystone.read(), service=meters.processor_seconds(processes)
        )


def usual(keystone: stage.Keystone) -> Service:
    """Return a service behind the filter for OAuth 2.0.

    That is ours if Keystone issues JWTs, and keystonemiddleware's
    ``oauth2_token`` otherwise, with a memcached.
    """
    chosen = _OURS if keystone.issues_jwts else _OAUTH2_TOKEN
    return Service(keystone, 'service', chosen)


def behind_auth_token(keystone: stage.Keystone) -> Service:
    """Return a service behind keystonemiddleware's ``auth_token``.

    It has a memcached as well.
    """
    return Service(keystone, 'service-auth-token', _AUTH_TOKEN)


def unprotected(keystone: stage.Keystone) -> Service:
    """Return a service without a filter."""
    return Service(keystone, 'service-unprotected', '')


application: abc.Callable[..., ty.Any]
if _CONFIG in os.environ:
    application = _load(os.environ[_CONFIG])
