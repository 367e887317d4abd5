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

"""uWSGI servers, and their processor time."""

import os
import pathlib
import socket
import subprocess
import sys
import time
import typing as ty

import fixtures

_TICKS = os.sysconf('SC_CLK_TCK')
_START_SECONDS = 60


class Server(fixtures.Fixture):
    """A Keystone in uWSGI on a port of 127.0.0.1.

    :param config_file: its keystone.conf.
    :param workers: number of processes.
    """

    def __init__(self, config_file: pathlib.Path, workers: int) -> None:
        super().__init__()
        self._config_file = config_file
        self._workers = workers

    def _setUp(self) -> None:
        self.address = ('127.0.0.1', _free_port())
        self._log = self._config_file.with_suffix('.uwsgi.log')
        self._process = subprocess.Popen(
            self._command(),
            env={**os.environ, 'BENCH_CONFIG_FILE': str(self._config_file)},
            stdin=subprocess.DEVNULL,
            stdout=self._log.open('wb'),
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(self._stop)
        self._wait()

    def cpu_seconds(self) -> float:
        """Return the processor time of its workers so far, in seconds."""
        return sum(_cpu_seconds(pid) for pid in self._worker_ids())

    def _command(self) -> list[str]:
        host, port = self.address
        return [
            *(sys.executable, '-c', 'import pyuwsgi; pyuwsgi.run()'),
            *('--http-socket', f'{host}:{port}'),
            *('--master', '--processes', str(self._workers)),
            *('--module', 'bench.application', '--lazy-apps', '--need-app'),
            *('--disable-logging', '--die-on-term', '--listen', '100'),
            *('--pythonpath', str(pathlib.Path(__file__).parents[1])),
            *('--buffer-size', '16384', '--add-header', 'Connection: close'),
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

    def _worker_ids(self) -> list[int]:
        children = pathlib.Path(
            f'/proc/{self._process.pid}/task/{self._process.pid}/children'
        )
        return [int(pid) for pid in children.read_text().split()]

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return ty.cast(int, listener.getsockname()[1])


def _cpu_seconds(pid: int) -> float:
    try:
        text = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return 0.0
    # The program name, in parentheses, may contain spaces.
    fields = text.rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
