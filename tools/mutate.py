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


"""Make small changes to the product, and check that the tests detect them.

    tox -e mutate -- --sample 100 --package protocol --seed 1

Each mutant is a change in a copy of the tree; the checkout is not modified.
The tests that are likely to detect it run until one fails. The unit tests of
the package come first, followed by functional tests that import the module, or
whose name has the words of its name or of a module that uses it. An undetected
change is printed as a diff: either a test is missing, or the change makes no
difference.
"""

import argparse
import ast
import collections
import collections.abc as abc
import functools
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import mutants

ROOT = pathlib.Path(__file__).resolve().parents[1]
PRODUCT = 'keystone_oauth2'
TESTS = ROOT / PRODUCT / 'tests'
#: Packages that are not mutated.
NO_PRODUCT = ('tests', 'fixture')
#: Modules that use too many others to suggest tests for them.
COMMON = ('__init__', 'server')
SKIPPED = ('.*', '__pycache__', 'node_modules', 'build', 'cover')
#: Tests of the whole product, not of one module.
BROAD = ('test_no_oracle', 'test_notifications', 'test_logs', 'test_openapi')


def sample(package: str, number: int, seed: int) -> list[mutants.Mutant]:
    """Return some mutants of a package: always the same for a seed.

    :param package: below the product; empty for the whole product.
    """
    population = []
    for path in sorted((ROOT / PRODUCT / package).rglob('*.py')):
        name = path.relative_to(ROOT)
        if name.parts[1] not in NO_PRODUCT:
            population += mutants.mutants(f'{name}', path.read_text())
    size = min(number, len(population))
    return random.Random(seed).sample(population, size)


def likely_tests(path: str) -> tuple[list[str], list[str]]:
    """Return the tests that are likely to detect a change to a module.

    :returns: modules of unit tests; and modules of other tests, the nearest
        ones first.
    """
    module = pathlib.PurePath(path).with_suffix('')
    unit = sorted((TESTS / 'unit' / module.parts[1]).rglob('test_*.py'))
    dotted = '.'.join(module.parts)
    users = (user.stem for user in _product() if dotted in _imports(user))
    names = {module.name, *users} - {*COMMON}
    found = {}
    for folder in ('functional', 'functional/cmd', 'db'):
        for test in (TESTS / folder).glob('test_*.py'):
            near = [
                _words(module.name) <= _words(test.stem),
                any(_words(name) <= _words(test.stem) for name in names),
                dotted in _imports(test),
                test.stem in BROAD,
            ]
            if any(near):
                found[_dotted(test)] = near.index(True)
    others = sorted(found, key=lambda name: (found[name], name))
    return [_dotted(test) for test in unit], others


def _product() -> abc.Iterator[pathlib.Path]:
    for path in sorted((ROOT / PRODUCT).rglob('*.py')):
        if path.relative_to(ROOT).parts[1] not in NO_PRODUCT:
            yield path


def _words(name: str) -> set[str]:
    found = re.findall('[a-z0-9]+', name.removeprefix('test_'))
    return {word.rstrip('s') for word in found}


def _dotted(path: pathlib.Path) -> str:
    return '.'.join(path.relative_to(ROOT).with_suffix('').parts)


@functools.cache
def _imports(path: pathlib.Path) -> frozenset[str]:
    """Return a file's imports, including those of test helpers."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    for name in list(found):
        helper = ROOT / f'{name.replace(".", "/")}.py'
        if '.tests.' in name and helper.is_file():
            found |= _imports(helper)
    return frozenset(found)


class Laboratory:
    """A copy of the tree, which contains one mutant at a time.

    :param folder: an empty folder.
    :param limit: timeout of a test process in seconds.
    """

    def __init__(self, folder: str, limit: int) -> None:
        self._folder = pathlib.Path(folder)
        self._tree = self._folder / 'tree'
        self._output = self._folder / 'output'
        self._limit = limit
        self._good: set[tuple[str, ...]] = set()
        ignore = shutil.ignore_patterns(*SKIPPED)
        shutil.copytree(ROOT, self._tree, ignore=ignore)

    def judge(self, mutant: mutants.Mutant, tests: list[str]) -> str:
        """Return ``killed``, ``survived`` or ``timeout``.

        :param tests: modules, fastest first.
        :raises SystemExit: they fail without a mutant.
        """
        if tuple(tests) not in self._good:
            verdict = self._run(tests)
            if verdict != 'survived':
                print(self._output.read_text(errors='replace')[-5000:])
                sys.exit(f'{verdict} without a mutant: {" ".join(tests)}')
            self._good.add(tuple(tests))
        file = self._tree / mutant.path
        file.write_text(mutant.after)
        try:
            return self._run(tests)
        finally:
            file.write_text(mutant.before)

    def _run(self, tests: list[str]) -> str:
        # A database created by one mutant must not be used for another.
        cache = self._folder / 'cache'
        shutil.rmtree(cache, ignore_errors=True)
        with self._output.open('wb') as output:
            process = subprocess.Popen(
                [sys.executable, '-m', 'testtools.run', '--failfast', *tests],
                cwd=self._tree,
                env={
                    **os.environ,
                    'KEYSTONE_OAUTH2_FIXTURE_CACHE': f'{cache}',
                    'PYTHONDONTWRITEBYTECODE': '1',
                    'PYTHONPATH': f'{self._tree}',
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            status = process.wait(self._limit)
        except subprocess.TimeoutExpired:
            return 'timeout'
        finally:
            _end(process)
        if status < 0:
            # Ended from outside, which says nothing of the mutant.
            sys.exit(f'The tests were ended by signal {-status}')
        return 'killed' if status else 'survived'


def _end(process: 'subprocess.Popen[bytes]') -> None:
    # Together with the servers that its tests have started.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def verdict_on(
    mutant: mutants.Mutant, laboratory: Laboratory, *, unit_only: bool
) -> str:
    """Return the verdict on a mutant, with as few tests as possible."""
    unit, others = likely_tests(mutant.path)
    stages = [unit] if unit else []
    if not unit_only:
        stages += [[test] for test in others]
    for tests in stages:
        verdict = laboratory.judge(mutant, tests)
        if verdict != 'survived':
            return verdict
    return 'survived'


def main() -> int:
    """Make mutants, and print the verdict on each."""
    parser = argparse.ArgumentParser(description='See CONTRIBUTING.rst.')
    parser.add_argument('--sample', type=int, default=100)
    parser.add_argument('--package', default='', help='such as protocol')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument(
        '--limit', type=int, default=300, help='seconds for a module of tests'
    )
    parser.add_argument('--unit', action='store_true', help='unit tests alone')
    options = parser.parse_args()
    chosen = sample(options.package, options.sample, options.seed)
    verdicts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        laboratory = Laboratory(folder, options.limit)
        for number, mutant in enumerate(chosen, start=1):
            start = time.monotonic()
            verdict = verdict_on(mutant, laboratory, unit_only=options.unit)
            verdicts[verdict] += 1
            seconds = round(time.monotonic() - start)
            print(f'{number}. {verdict} {mutant} ({seconds} s)', flush=True)
            if verdict == 'survived':
                print(mutant.diff(), end='\n\n', flush=True)
    print(
        f'{verdicts.total()} mutants of seed {options.seed}: '
        f'{verdicts["killed"]} killed, {verdicts["survived"]} survived, '
        f'{verdicts["timeout"]} timeouts'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
