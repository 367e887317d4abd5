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

"""Run the tests of stestr's list, except those that another process runs.

stestr divides the tests among its processes beforehand, so some may have long
finished while another still works. Here each is given all tests, and takes one
class after another.
"""

import functools
import itertools
import os
import pathlib
import sys
import unittest

from stestr.subunit_runner import program
from stestr.subunit_runner import run

#: Names the folder with a file for each class that a process has taken.
VARIABLE = 'KEYSTONE_OAUTH2_TEST_CLASSES'


class ClassSuite(unittest.TestSuite):
    """The tests of a class."""

    def run(
        self, result: unittest.TestResult, debug: bool = False
    ) -> unittest.TestResult:
        """Run them, unless another process has taken the class."""
        if is_taken(type(next(iter(self)))):
            return result
        return super().run(result, debug)


class Program(program.TestProgram):
    def runTests(self) -> None:  # noqa: N802
        """Run the tests by class."""
        tests = program.iterate_tests(self.test)
        self.test = unittest.TestSuite(
            ClassSuite(group) for _, group in itertools.groupby(tests, type)
        )
        super().runTests()


def is_taken(one: type) -> bool:
    """Take a class for this process; tell whether it is too late for that."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return False
    try:
        pathlib.Path(folder, f'{one.__module__}.{one.__qualname__}').touch(
            exist_ok=False
        )
    except FileExistsError:
        return True
    return False


if __name__ == '__main__':
    # This replaces ``-m stestr.subunit_runner.run`` of stestr's command.
    del sys.argv[1:3], sys.path[0]
    Program(
        module=None,
        argv=sys.argv,
        testRunner=functools.partial(run.SubunitTestRunner, stdout=sys.stdout),
    )
