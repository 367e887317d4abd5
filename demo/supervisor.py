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

"""Run the demo in its own process group, and clean up afterwards.

When the demo is interrupted, the whole group is terminated, and the only
folder that it writes to is removed.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOCAL = {'NO_PROXY': '127.0.0.1', 'no_proxy': '127.0.0.1'}

POLL_SECONDS = 0.1
STOP_SECONDS = 20
KILL_SECONDS = 2


def run(*, port: int, keep: bool, colour: bool) -> int:
    """Run the demo until it ends or a signal arrives.

    :returns: the exit status, following the shell's convention for signals.
    """
    flags = ['--keep'] * keep + ['--colour'] * colour
    with _Signals() as signals:
        with _folder() as folder:
            arguments = [f'--folder={folder}', f'--port={port}', *flags]
            with _group(arguments, folder) as process:
                _wait(process, signals)
        return _status(process.returncode, signals.received, keep)


def _wait(process: subprocess.Popen[bytes], signals: _Signals) -> None:
    while process.poll() is None and not signals.received:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL_SECONDS)


class _Signals:
    """Records signals without acting on them, so that cleanup can finish."""

    def __init__(self) -> None:
        self.received = 0

    def __enter__(self) -> _Signals:
        # SIGHUP stays ignored under nohup.
        handled = [
            number
            for number in SIGNALS
            if number != signal.SIGHUP
            or signal.getsignal(number) != signal.SIG_IGN
        ]
        self._before = {
            number: signal.signal(number, self._note) for number in handled
        }
        return self

    def __exit__(self, *_exception: typing.Any) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: typing.Any) -> None:
        self.received = self.received or number


@contextlib.contextmanager
def _folder() -> typing.Iterator[pathlib.Path]:
    folder = pathlib.Path(tempfile.mkdtemp(prefix='keystone-oauth2-demo-'))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _group(
    arguments: list[str], folder: pathlib.Path
) -> typing.Iterator[subprocess.Popen[bytes]]:
    # The input is an empty pipe. It closes when this process ends, even if
    # it is killed.
    # Variables for a user's own cloud would change what the commands do.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith('OS_')
    }
    process = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-m', 'demo.worker', *arguments],
        env={**kept, **_LOCAL, 'TMPDIR': str(folder)},
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    _end_group(process.pid)
    process.wait()
    if process.stdin:
        process.stdin.close()


def _end_group(group: int) -> None:
    # Kill processes that the worker had no time to terminate.
    end = time.monotonic() + KILL_SECONDS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.killpg(group, signal.SIGKILL)
            time.sleep(POLL_SECONDS)


def _status(status: int, received: int, keep: bool) -> int:
    if not received:
        return status
    print('\nStopped, and cleaned up.')
    if keep and received == signal.SIGINT:
        return 0
    return 128 + received
