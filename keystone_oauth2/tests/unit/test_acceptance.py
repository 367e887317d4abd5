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

"""When ``make tempest`` finds that the extension changes something."""

import io

import subunit

from acceptance import results
from keystone_oauth2.tests import base

PASSED = results.Outcome(results.PASSED)
SKIPPED = results.Outcome(results.SKIPPED, 'not supported')
FAILED = results.Outcome(results.FAILED, 'Traceback')
LEAST = {'api': 1}


def problems(without, with_extension, least=LEAST):
    """Compare the outcomes on both sides."""
    sides = {'without': without, 'with': with_extension}
    return results.problems(sides, least)


class ReadTest(base.TestCase):
    """Outcomes in a subunit stream."""

    def setUp(self):
        super().setUp()
        self.stream = io.BytesIO()
        self.output = subunit.StreamResultToBytes(self.stream)

    def read(self):
        """Read what has been written."""
        self.stream.seek(0)
        return results.read(self.stream)

    def end(self, test, status, name=None, text=''):
        """Write how a test ended."""
        self.output.status(test_id=test, test_status='inprogress')
        if name is not None:
            self.output.status(
                test_id=test,
                file_name=name,
                file_bytes=text.encode(),
                mime_type='text/plain; charset=utf8',
                eof=True,
            )
        self.output.status(test_id=test, test_status=status)

    def test_each_status(self):
        self.end('api.a', 'success')
        self.end('api.b', 'fail', 'traceback', 'Traceback\n')
        self.end('api.c', 'skip', 'reason', 'not supported')
        self.end('api.d', 'uxsuccess')

        self.assertEqual(
            {
                'api.a': PASSED,
                'api.b': FAILED,
                'api.c': SKIPPED,
                'api.d': results.Outcome(results.FAILED),
            },
            self.read(),
        )

    def test_a_test_that_did_not_end_has_failed(self):
        self.output.status(test_id='api.a', test_status='inprogress')

        self.assertEqual(results.FAILED, self.read()['api.a'].status)

    def test_the_worse_outcome_of_an_id_counts(self):
        for statuses in (('fail', 'success'), ('success', 'fail')):
            for status in statuses:
                self.end('tearDownClass (api)', status)

        self.assertEqual(
            results.FAILED, self.read()['tearDownClass (api)'].status
        )

    def test_an_empty_stream_has_no_outcomes(self):
        self.assertEqual({}, self.read())


class ProblemsTest(base.TestCase):
    """The verdict."""

    def test_the_same_outcomes_are_no_problem(self):
        found = {'api.a': PASSED, 'api.b': SKIPPED, 'api.c': FAILED}

        self.assertEqual([], problems(found, dict(found)))

    def test_the_reason_does_not_matter(self):
        other = results.Outcome(results.FAILED, 'Traceback of another run')

        self.assertEqual(
            [],
            problems(
                {'api.a': PASSED, 'api.b': FAILED},
                {'api.a': PASSED, 'api.b': other},
            ),
        )

    def test_each_difference_is_a_problem(self):
        common = {'api.a': PASSED}
        outcomes = (PASSED, SKIPPED, FAILED, None)
        for before in outcomes:
            for after in outcomes:
                with self.subTest(before=before, after=after):
                    found = problems(
                        common | ({'api.b': before} if before else {}),
                        common | ({'api.b': after} if after else {}),
                    )
                    if before == after:
                        self.assertEqual([], found)
                    else:
                        [problem] = found
                        self.assertIn('Differs: api.b', problem)

    def test_a_difference_tells_the_reason(self):
        [problem] = problems(
            {'api.a': PASSED, 'api.b': SKIPPED}, {'api.a': PASSED}
        )

        self.assertEqual(
            'Differs: api.b\n'
            'without the extension: skipped\nnot supported\n'
            'with the extension: missing',
            problem,
        )

    def test_too_few_passed_tests_are_a_problem(self):
        found = {'api.a': PASSED, 'api.b': SKIPPED, 'rbac.a': PASSED}

        self.assertEqual(
            [
                'Only 1 tests of api passed without the extension: '
                '2 or more are expected.',
                'Only 1 tests of api passed with the extension: '
                '2 or more are expected.',
            ],
            problems(found, dict(found), {'api': 2, 'rbac': 1}),
        )

    def test_runs_without_any_test_are_a_problem(self):
        for least in (results.MINIMUM, results.ANY):
            with self.subTest(least=least):
                found = problems({}, {}, least)
                self.assertEqual(2 * len(least), len(found))
