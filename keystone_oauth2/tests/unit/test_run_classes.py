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

"""How the processes of tools/run_tests.py share the tests."""

import collections
import os
import pathlib
import subprocess
import sys

import fixtures

from keystone_oauth2 import tests
from keystone_oauth2.tests import base

TOOL = pathlib.Path(tests.__path__[0]).parents[1] / 'tools' / 'run_tests.py'
CONFIGURATION = """\
[DEFAULT]
test_path=.
top_dir=.
"""
NUMBER = 6
#: Each test writes a line. The first class waits for all others.
SAMPLE = f"""\
import os
import pathlib
import time
import unittest

LOG = pathlib.Path('log')


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.set_up = os.getpid()

    def write(self):
        with LOG.open('a') as log:
            print(type(self).__name__, self.set_up, os.getpid(), file=log)

    def test_one(self):
        self.write()

    def test_other(self):
        self.write()
        self.assertNotEqual('Class4', type(self).__name__)


class Class0(Base):
    def setUp(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if len(LOG.read_text().splitlines()) >= {2 * (NUMBER - 1)}:
                break
            time.sleep(0.05)
"""


class RunClassesTest(base.TestCase):
    def setUp(self):
        super().setUp()
        folder = self.useFixture(fixtures.TempDir()).path
        self.folder = pathlib.Path(folder)
        self.log = self.folder / 'log'
        (self.folder / '.stestr.conf').write_text(CONFIGURATION)
        classes = [
            f'\n\nclass Class{number}(Base):\n    pass\n'
            for number in range(1, NUMBER)
        ]
        (self.folder / 'test_sample.py').write_text(
            f'{SAMPLE}{"".join(classes)}\n\ndel Base\n'
        )

    def run_tests(self, *arguments):
        """Return the finished process, and the lines of each class."""
        path = f'{pathlib.Path(sys.executable).parent}:{os.environ["PATH"]}'
        environment = {**os.environ, 'PATH': path}
        environment.pop('PYTHON', None)
        self.log.write_text('')
        ended = subprocess.run(
            [sys.executable, TOOL, *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        found = collections.defaultdict(list)
        for line in self.log.read_text().splitlines():
            name, *processes = line.split()
            found[name].append(processes)
        return ended, found

    def test_process_that_is_free_takes_the_next_class(self):
        ended, found = self.run_tests('--concurrency', '2')
        totals = f'{2 * NUMBER - 1} passed, 1 failed, 0 skipped'
        self.assertEqual(totals, ended.stdout.splitlines()[-1], ended.stdout)
        self.assertEqual(1, ended.returncode)
        processes = collections.Counter()
        for ran in found.values():
            # The same process has set it up and run both tests.
            self.assertEqual(2, len(ran))
            self.assertEqual(1, len({one for pair in ran for one in pair}))
            processes[ran[0][0]] += 1
        self.assertEqual([1, NUMBER - 1], sorted(processes.values()))

        _, found = self.run_tests('--concurrency', '2', '--failing')
        self.assertEqual(
            {'Class4': 1}, {key: len(found[key]) for key in found}
        )
