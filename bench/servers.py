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

"""Servers: uWSGI and memcached."""

import collections.abc as abc
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import typing as ty

import fixtures

_START_SECONDS = 300


class Server(fixtures.Fixture):
    """An application in uWSGI on a port of 127.0.0.1.

    :param module: the module of the application.
    :param environment: variables for this module.
    :param folder: for its log.
    :param workers: number of processes.
    :param options: of uWSGI, in addition.
    """

    def __init__(
        self,
        module: str,
        environment: abc.Mapping[str, str],
        folder: pathlib.Path,
        workers: int,
        *options: str,
    ) -> None:
        super().__init__()
        self._module = module
        self._environment = environment
        self._log = folder / 'uwsgi.log'
        self._workers = workers
        self._options = options
        self.address = ('127.0.0.1', free_port())
        self._statistics = ('127.0.0.1', free_port())

    @property
    def url(self) -> str:
        """The URL of the application."""
        return 'http://{}:{}'.format(*self.address)

    def _setUp(self) -> None:
        self._process = subprocess.Popen(
            self._command(),
            env={**os.environ, **self._environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log.open('wb'),
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(_stop, self._process)
        self._wait()

    def worker_ids(self) -> list[int]:
        """Return the processes that handle requests."""
        children = pathlib.Path(
            f'/proc/{self._process.pid}/task/{self._process.pid}/children'
        )
        return [int(pid) for pid in children.read_text().split()]

    def requests(self) -> dict[object, float]:
        """Return how many requests each worker has handled."""
        with socket.create_connection(self._statistics, 60) as connection:
            text = b''.join(iter(lambda: connection.recv(65536), b''))
        return {
            worker['pid']: worker['requests']
            for worker in json.loads(text)['workers']
        }

    def _command(self) -> list[str]:
        host, port = self.address
        return [
            *(sys.executable, '-c', 'import pyuwsgi; pyuwsgi.run()'),
            *('--http-socket', f'{host}:{port}'),
            *('--stats', '{}:{}'.format(*self._statistics)),
            *('--master', '--processes', str(self._workers)),
            *('--module', self._module, '--lazy-apps', '--need-app'),
            *('--disable-logging', '--die-on-term', '--listen', '100'),
            *('--pythonpath', str(pathlib.Path(__file__).parents[1])),
            # A client may be late where much else runs.
            *('--socket-timeout', '60'),
            *('--buffer-size', '16384', '--add-header', 'Connection: close'),
            *self._options,
        ]

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if self._log.read_bytes().count(b'WSGI app 0') >= self._workers:
                return
            time.sleep(0.1)
        raise RuntimeError(
            f'uWSGI did not start:\n{self._log.read_text(errors="replace")}'
        )


class Cache(fixtures.Fixture):
    """The cache of a Keystone: memory of each worker, or a memcached.

    Each Keystone has a memcached of its own, since Keystone's keys of what is
    looked up by name are the same in each deployment.

    :param kind: memory or memcached.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    def _setUp(self) -> None:
        self.port: int | None = None
        self.processes: list[int] = []
        # Without a cache, each token takes Keystone about fifty queries,
        # whichever endpoint issues it.
        self.options: dict[str, str | int] = {
            'enabled': True,
            'backend': 'dogpile.cache.memory',
        }
        if self._kind == 'memcached':
            self._start(free_port())

    def _start(self, port: int) -> None:
        process = subprocess.Popen(
            ['memcached', '-u', 'nobody', '-l', '127.0.0.1', '-p', str(port)],
            stdin=subprocess.DEVNULL,
        )
        self.addCleanup(_stop, process)
        self.port = port
        self.processes = [process.pid]
        self.options |= {
            'backend': 'oslo_cache.memcache_pool',
            'memcache_servers': f'127.0.0.1:{port}',
            # Keep the connections while other servers are measured.
            'memcache_pool_unused_timeout': 3600,
        }


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return ty.cast(int, listener.getsockname()[1])
