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

"""``make tempest``: see "Tempest" in CONTRIBUTING.rst."""

import argparse
from concurrent import futures
import contextlib
import pathlib
import shutil
import sys

from acceptance import report
from acceptance import results
from acceptance import runner
from acceptance import stage


def main() -> int:
    """Run the tests on both sides, and compare them test by test."""
    arguments = _arguments()
    sides = _run(pathlib.Path(arguments.output).resolve(), arguments)
    minimum = results.ANY if arguments.only else results.MINIMUM
    print(report.text(sides))
    problems = results.problems(sides, minimum)
    for problem in problems:
        print(f'\n{problem}')
    if not problems:
        print('\nNo test differs.')
    return 1 if problems else 0


def _run(folder: pathlib.Path, arguments: argparse.Namespace) -> results.Sides:
    with contextlib.ExitStack() as servers:
        keystones = {
            name: servers.enter_context(
                stage.Keystone(_empty(folder / name), enable=enable)
            )
            for name, enable in stage.SIDES.items()
        }
        # At the same time: each waits for its only Keystone process.
        with futures.ThreadPoolExecutor() as pool:
            running = {
                name: pool.submit(
                    runner.run,
                    name,
                    folder / name,
                    keystone,
                    arguments.concurrency,
                    arguments.only,
                )
                for name, keystone in keystones.items()
            }
    return {name: run.result() for name, run in running.items()}


def _empty(folder: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='acceptance', description=__doc__)
    parser.add_argument(
        '--only',
        metavar='REGEX',
        help='run only the tests with a matching name',
    )
    parser.add_argument(
        '--concurrency',
        type=int,
        default=2,
        help='processes that run tests, on each side (default: %(default)s)',
    )
    parser.add_argument(
        '--output',
        default='tempest-results',
        help='folder for logs and results (default: %(default)s)',
    )
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
