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

"""What tools/run_tests.py prints at the end."""

import importlib
import io
import pathlib
import sys

import subunit
import testtools

from keystone_oauth2 import tests
from keystone_oauth2.tests import base

ROOT = pathlib.Path(tests.__path__[0]).parents[1]
LINE_LENGTH = 500


class _Sample(testtools.TestCase):
    """Run by the tests below; its name keeps it from being run alone."""

    def passes(self):
        pass

    def skips(self):
        self.skipTest('Not here.')

    def fails(self):
        self.addDetail('server.log', testtools.content.text_content('log\n'))
        self.fail('First.\n \nSecond.\n' + 'x' * 2 * LINE_LENGTH)


class ReportTest(base.TestCase):
    def setUp(self):
        super().setUp()
        path = f'{ROOT / "tools"}'
        sys.path.insert(0, path)
        self.addCleanup(sys.path.remove, path)
        self.tool = importlib.import_module('run_tests')

    def report(self, *names):
        """Run tests of the sample, and return the lines of the report."""
        stream = io.BytesIO()
        result = testtools.ExtendedToStreamDecorator(
            subunit.StreamResultToBytes(stream)
        )
        result.startTestRun()
        for name in names:
            _Sample(name).run(result)
        result.stopTestRun()
        return self.tool.report(stream.getvalue()).splitlines()

    def test_totals_come_last(self):
        lines = self.report('passes', 'fails', 'skips', 'passes')

        self.assertEqual('2 passed, 1 failed, 1 skipped', lines[-1])

    def test_only_totals_are_printed_if_nothing_failed(self):
        self.assertEqual(
            ['1 passed, 0 failed, 0 skipped'], self.report('passes')
        )

    def test_end_of_each_failure_follows_its_name(self):
        """Blank lines are left out, and long lines are cut."""
        [name, *end, _] = self.report('fails')

        self.assertEqual(f'failed: {_Sample("fails").id()}', name)
        self.assertEqual(
            [
                '  AssertionError: First.',
                '  Second.',
                f'  {"x" * LINE_LENGTH}',
            ],
            end,
        )
