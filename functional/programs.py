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

"""Programs that a test starts, and stops by process id."""

import collections.abc as abc
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import fixtures

from keystone_oauth2.fixture import _process
from keystone_oauth2.fixture import _text

HOST = '127.0.0.1'
START_SECONDS = 300
STOP_SECONDS = 20
# The distribution's servers come first: a virtual environment may have a uWSGI
# without TLS. The PATH of unprivileged users often lacks the first folder.
PATH = f'/usr/sbin:/usr/bin:{os.environ["PATH"]}'


def free_port() -> int:
    """Return an unused TCP port of the loopback address."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


class Program(fixtures.Fixture):
    """A server program that runs in the foreground.

    :param name: name of its log file.
    :param command: the program and its arguments.
    :param folder: its working directory, which also holds its log.
    :param port: it is ready when a process listens on this port, if given,
    :param loaded: and when its log contains a text often enough: pairs of a
            text and a number.
    :param environment: variables added to those of this process.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        folder: pathlib.Path,
        port: int | None,
        loaded: tuple[str, int] = ('', 0),
        environment: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.port = port
        self.log_file = folder / f'{name}.log'
        self._command = command
        self._folder = folder
        self._loaded = loaded
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def _setUp(self) -> None:
        self.addDetail(self.log_file.name, _text.lazy(lambda: self.log))
        self.addCleanup(self.stop)
        self.start()

    @property
    def log(self) -> str:
        """The output of the program since its first start."""
        return self.log_file.read_text(encoding='utf-8', errors='replace')

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the program, and wait until it is ready."""
        text, times = self._loaded
        if text and self.log_file.exists():
            times += self.log.count(text)
        with self.log_file.open('ab') as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={
                    **os.environ,
                    **_process.LOCAL,
                    'PATH': PATH,
                    **self._environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait(lambda: self.log.count(text) >= times)

    def stop(self, number: int = signal.SIGTERM) -> int | None:
        """Stop the program if it is running, and return its exit status.

        A program that does not end in time is killed: its status is that of
        ``subprocess.Popen.returncode`` after SIGKILL.
        """
        if self._process is None:
            return None
        children = self.children() if self._process.poll() is None else []
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # Workers outlive a killed master.
            for pid in (self._process.pid, *children):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()
        status = self._process.returncode
        self._process = None
        return status

    @contextlib.contextmanager
    def hanging(self) -> abc.Iterator[None]:
        """Keep the program from answering, on old and new connections.

        Linux accepts connections and data for it meanwhile.
        """
        pid = self.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def children(self) -> list[int]:
        """Return the process ids of the workers."""
        listed = pathlib.Path(f'/proc/{self.pid}/task/{self.pid}/children')
        return [int(pid) for pid in listed.read_text().split()]

    def _wait(self, is_loaded: abc.Callable[[], bool]) -> None:
        assert self._process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if is_loaded() and (self.port is None or listens(self.port)):
                return
            time.sleep(0.05)
        raise _process.ServerError(f'{self.name} did not start.\n{self.log}')


def is_installed(name: str) -> bool:
    """Whether a program is installed."""
    return shutil.which(name, path=PATH) is not None


def listens(port: int) -> bool:
    """Whether a process accepts connections on a port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
