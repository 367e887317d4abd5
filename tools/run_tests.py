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

"""Run stestr, then print which tests failed, and how many passed."""

import argparse
import io
import pathlib
import subprocess
import sys

import subunit
import testtools

RUN_COUNTER = pathlib.Path('.stestr', 'next-stream')


def main() -> int:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument('--config', default='.stestr.conf')
    options, arguments = parser.parse_known_args()
    runs_before = _count_runs()
    status = subprocess.call(
        ['stestr', '--config', options.config, 'run', *arguments]
    )
    # A run that fails before its first test leaves no result, and the totals
    # of the previous run would be misleading.
    if _count_runs() != runs_before:
        print(_report())
    return status


def _count_runs() -> str:
    return RUN_COUNTER.read_text().strip() if RUN_COUNTER.exists() else '0'


def _report() -> str:
    stream = subprocess.run(
        ['stestr', 'last', '--subunit'], stdout=subprocess.PIPE
    ).stdout
    summary = testtools.StreamSummary()
    summary.startTestRun()
    subunit.ByteStreamToStreamResult(io.BytesIO(stream)).run(summary)
    summary.stopTestRun()
    failed = [test.id() for test, _ in summary.errors + summary.failures]
    skipped = len(summary.skipped)
    passed = summary.testsRun - len(failed) - skipped
    return '\n'.join(
        [
            *(f'failed: {name}' for name in failed),
            f'{passed} passed, {len(failed)} failed, {skipped} skipped',
        ]
    )


if __name__ == '__main__':
    sys.exit(main())
