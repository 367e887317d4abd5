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

"""The base class of all tests."""

import contextlib
import os
import sys

import hypothesis
from oslotest import base
import testtools.content

# Logs appear only in the report of a failure.
os.environ.setdefault('OS_LOG_CAPTURE', '1')
# Each run uses new examples, and prints how to reproduce a failure.
hypothesis.settings.register_profile(
    'keystone_oauth2', deadline=None, database=None, print_blob=True
)
hypothesis.settings.load_profile('keystone_oauth2')


class TestCase(base.BaseTestCase):
    """Base class of the tests of this project."""

    def setUp(self):
        super().setUp()
        self._variants = []
        self._failed_variants = 0

    @contextlib.contextmanager
    def variant(self, value):
        """Test a row of a table, and show its value if it fails.

        After a failure, the test continues with the next row and fails at its
        end. The report has the traceback of each failed row.
        """
        self._variants.append(value)
        try:
            yield
        except self.skipException:
            raise
        except Exception:  # noqa: BLE001
            self._report_variant(sys.exc_info())
        finally:
            self._variants.pop()

    def _report_variant(self, error):
        self._failed_variants += 1
        self.force_failure = True
        text = testtools.content.TracebackContent(error, self).as_text()
        rows = ''.join(f'{value!r}\n' for value in self._variants)
        # Details are sorted by name.
        self.addDetail(
            f'failed row {self._failed_variants:03}',
            testtools.content.text_content(f'{rows}{text}'),
        )

    def assert_raises(self, expected, function, *arguments):
        """Assert that this very class is raised, not a subclass.

        :returns: the exception.
        """
        error = self.assertRaises(expected, function, *arguments)
        self.assertIs(expected, type(error))
        return error
