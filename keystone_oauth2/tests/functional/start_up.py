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

"""Tests of options that prevent Keystone from starting."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base


class RefusedTestCase(base.TestCase):
    """A wrong option stops Keystone with a sentence and the remedy."""

    def assert_refused(
        self, option, remedy, auth=None, groups=None, **options
    ):
        """Assert that Keystone does not start, and logs the reason once.

        :param groups: other groups than ``[oauth2]``.
        """
        keystone = fixture.Keystone(
            {
                'DEFAULT': {'debug': False},
                'auth': auth or {},
                'oauth2': options,
                **(groups or {}),
            }
        )
        error = self.assertRaises(fixture.StartUpRefused, keystone.setUp)
        self.assertIn(option, str(error))
        self.assertIn(remedy, str(error))
        critical = [
            line
            for line in keystone.log.splitlines()
            if ' CRITICAL keystone' in line
        ]
        self.assertEqual(1, len(critical), critical)
        self.assertNotIn('Traceback', keystone.log)
