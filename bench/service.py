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
import time
import typing as ty

import fixtures
from oslo_config import cfg

from bench import data
from bench import load
from bench import meters
from bench import servers
from bench import stage

_CONFIG = 'BENCH_SERVICE_CONFIG'
_QUIET = 20
_READY_SECONDS = 60


def _greet(environ: dict[str, ty.Any], start_response: ty.Any) -> list[bytes]:
    body = json.dumps({'user': environ['HTTP_X_USER_NAME']}).encode()
    start_response(
        '200 OK',
        [
            ('Content-Type', 'application/json'),
            ('Content-Length', str(len(body))),
        ],
    )
    return [body]


def _load(path: str) -> ty.Any:
    conf = json.loads(pathlib.Path(path).read_text())
    own = cfg.ConfigOpts()
    own([])
    conf['oslo_config_config'] = own
    if 'oauth2_issuer' in conf:
        from keystone_oauth2.middleware import auth_token

        return auth_token.filter_factory({}, **conf)(_greet)
    from keystonemiddleware import oauth2_token

    return oauth2_token.filter_factory({}, **conf)(_greet)


class Service(fixtures.Fixture):
    """A service of a Keystone.

    It is behind our filter if Keystone issues JWTs, and behind
    keystonemiddleware's ``oauth2_token`` otherwise, with a memcached.

    :param keystone: the one that issues and validates its tokens.
    """

    def __init__(self, keystone: stage.Keystone) -> None:
        super().__init__()
        self._keystone = keystone

    def _setUp(self) -> None:
        folder = self._keystone.deployment.folder / 'service'
        folder.mkdir()
        self.cache = self.useFixture(servers.Cache('memcached'))
        config_file = folder / 'service.json'
        config_file.write_text(json.dumps(self._options()))
        self.server = self.useFixture(
            servers.Server(
                'bench.service',
                {_CONFIG: str(config_file)},
                folder,
                self._keystone.workers,
                '--enable-threads',
            )
        )
        if self._keystone.issues_jwts:
            self._wait()

    def _options(self) -> dict[str, str]:
        options = {
            **self._keystone.service_options(),
            'include_service_catalog': False,
            'token_cache_time': 300,
            'memcached_servers': f'127.0.0.1:{self.cache.port}',
        }
        if self._keystone.issues_jwts:
            options |= {'oauth2_issuer': data.ISSUER, 'interface': 'public'}
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
            load.run(
                self.server.address,
                [request] * _QUIET * self._keystone.workers,
                clients=self._keystone.workers,
            )
            if self._keystone.server.requests() == before:
                return
        raise RuntimeError('The service goes on asking Keystone.')

    def read(self) -> meters.Reading:
        """Return what Keystone and the service have done so far."""
        processes = [*self.server.worker_ids(), *self.cache.processes]
        return dataclasses.replace(
            self._keystone.read(), service=meters.processor_seconds(processes)
        )


application: abc.Callable[..., ty.Any]
if _CONFIG in os.environ:
    application = _load(os.environ[_CONFIG])
