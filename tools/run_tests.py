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

"""Run stestr, then print which tests failed and why, and how many passed.

Its processes share the tests (see run_classes.py). A failure appears far above
the end of the output, which may be all that is shown of it.
"""

import argparse
import io
import os
import pathlib
import subprocess
import sys
import tempfile

import run_classes
import subunit
import testtools

RUN_COUNTER = pathlib.Path('.stestr', 'next-stream')
#: Lines at the end of a failure that are repeated, and characters of each.
LINES, LINE_LENGTH = 3, 500
#: With these, stestr starts its processes more than once.
REPEATING = {'--analyze-isolation', '--isolated', '--until-failure'}


def main() -> int:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--config', default='.stestr.conf')
    parser.add_argument('--concurrency', type=int)
    options, arguments = parser.parse_known_args()
    processes = options.concurrency or os.cpu_count() or 1
    command = ['stestr', '--config', options.config, 'run']
    command += ['--concurrency', f'{processes}', *arguments]
    runs_before = _count_runs()
    if REPEATING & set(arguments):
        status = subprocess.call(command)
    else:
        status = _share_classes(command, processes)
    # A run that fails before its first test leaves no result, and the totals
    # of the previous run would be misleading.
    if _count_runs() != runs_before:
        print(report(_last_run()))
    return status


def _share_classes(command: list[str], processes: int) -> int:
    python = os.environ.get('PYTHON', sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        # Each process is given the tests that match the empty expression.
        workers = pathlib.Path(folder, 'workers.yaml')
        workers.write_text(processes * '- worker: [""]\n')
        taken = pathlib.Path(folder, 'taken')
        taken.mkdir()
        return subprocess.call(
            [*command, '--worker-file', f'{workers}'],
            env={
                **os.environ,
                'PYTHON': f'{python} {run_classes.__file__}',
                run_classes.VARIABLE: f'{taken}',
            },
        )


def _count_runs() -> str:
    return RUN_COUNTER.read_text().strip() if RUN_COUNTER.exists() else '0'


def _last_run() -> bytes:
    return subprocess.run(
        ['stestr', 'last', '--subunit'], stdout=subprocess.PIPE
    ).stdout


def report(stream: bytes) -> str:
    """Return the failures in a subunit stream, and the totals."""
    summary = testtools.StreamSummary()
    summary.startTestRun()
    subunit.ByteStreamToStreamResult(io.BytesIO(stream)).run(summary)
    summary.stopTestRun()
    failed = summary.errors + summary.failures
    skipped = len(summary.skipped)
    passed = summary.testsRun - len(failed) - skipped
    lines = []
    for test, details in failed:
        lines += [f'failed: {test.id()}', *_last_lines(details)]
    lines.append(f'{passed} passed, {len(failed)} failed, {skipped} skipped')
    return '\n'.join(lines)


def _last_lines(details: str) -> list[str]:
    # The traceback is the last of the details.
    lines = [line for line in details.splitlines() if line.strip()]
    return [f'  {line[:LINE_LENGTH]}' for line in lines[-LINES:]]


if __name__ == '__main__':
    sys.exit(main())
