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

import hypothesis
from oslotest import base
from testtools import content

# Logs appear only in the report of a failure.
os.environ.setdefault('OS_LOG_CAPTURE', '1')
# Each run uses new examples, and prints how to reproduce a failure.
hypothesis.settings.register_profile(
    'keystone_oauth2', deadline=None, database=None, print_blob=True
)
hypothesis.settings.load_profile('keystone_oauth2')


class TestCase(base.BaseTestCase):
    """Base class of the tests of this project."""

    @contextlib.contextmanager
    def variant(self, value):
        """Attach a value of a table-driven test to the report of a failure."""
        try:
            yield
        except BaseException:
            self.addDetail('variant', content.text_content(f'{value!r}'))
            raise

    def assert_raises(self, expected, function, *arguments):
        """Assert that this very class is raised, not a subclass.

        :returns: the exception.
        """
        error = self.assertRaises(expected, function, *arguments)
        self.assertIs(expected, type(error))
        return error
