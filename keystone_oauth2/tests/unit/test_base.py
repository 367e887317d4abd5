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

"""Tests of the base class of all tests."""

import unittest

from keystone_oauth2.tests import base


class Tables(base.TestCase):
    """Table-driven tests, which are not collected."""

    def rows(self):
        for divisor in (2, 0, 3):
            with self.variant(('divisor', divisor)):
                self.assertEqual(1, 2 // divisor)

    def nested_rows(self):
        for letter in 'ab':
            with self.variant(letter):
                for digit in (1, 2):
                    with self.variant(digit):
                        self.assertEqual('a1', f'{letter}{digit}')

    def rows_before_an_error(self):
        with self.variant('row'):
            self.fail('of the row')
        self.fail('after the rows')

    def skipped_row(self):
        with self.variant('row'):
            self.skipTest('a program is missing')
        self.fail('not reached')

    def interrupted_row(self):
        with self.variant('row'):
            raise KeyboardInterrupt
        self.fail('not reached')

    def good_rows(self):
        for number in range(3):
            with self.variant(number):
                pass


def run(name):
    """Run one of the table-driven tests."""
    result = unittest.TestResult()
    Tables(name).run(result)
    return result


class VariantTest(base.TestCase):
    def report(self, name):
        """Return the report of the failure of a test, which fails once."""
        result = run(name)
        self.assertEqual([], result.errors)
        ((_, report),) = result.failures
        return report

    def test_each_failed_row_is_reported_with_its_traceback(self):
        report = self.report('rows')
        self.assertNotIn("('divisor', 2)", report)
        first, second = report[report.index('failed row 001') :].split(
            'failed row 002'
        )
        self.assertIn("('divisor', 0)", first)
        self.assertIn('ZeroDivisionError', first)
        self.assertIn("('divisor', 3)", second)
        self.assertIn('1 != 0', second)
        self.assertIn('assertEqual(1, 2 // divisor)', second)

    def test_row_of_a_table_in_a_row_is_reported_with_both_values(self):
        report = self.report('nested_rows')
        for row in ("'a'\n2\n", "'b'\n1\n", "'b'\n2\n"):
            self.assertIn(row, report)
        self.assertNotIn("'a'\n1\n", report)
        self.assertNotIn('failed row 004', report)

    def test_failure_after_the_rows_is_reported_as_well(self):
        report = self.report('rows_before_an_error')
        self.assertIn('of the row', report)
        self.assertIn('after the rows', report)

    def test_skipped_row_skips_the_test(self):
        result = run('skipped_row')
        self.assertEqual([], result.failures)
        ((_, reason),) = result.skipped
        self.assertEqual('a program is missing', reason)

    def test_interrupt_ends_the_test(self):
        self.assertRaises(KeyboardInterrupt, run, 'interrupted_row')

    def test_good_rows_succeed(self):
        result = run('good_rows')
        self.assertTrue(result.wasSuccessful())
        self.assertEqual((1, []), (result.testsRun, result.skipped))
