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

"""Missing requirements skip a test, or fail it if skipping is not allowed."""

import fixtures

from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import requirement


class RequirementTest(base.TestCase):
    def set_variable(self, value):
        self.useFixture(
            fixtures.EnvironmentVariable(requirement.VARIABLE, value)
        )

    def need(self, name):
        requirement.programs(self, 'sh', name)

    def test_missing_program_skips(self):
        for value in (None, ''):
            self.set_variable(value)
            with self.variant(value):
                error = self.assertRaises(
                    self.skipException, self.need, 'no-such-program'
                )
                self.assertEqual('Not installed: no-such-program.', str(error))

    def test_missing_program_fails_if_skipping_is_not_allowed(self):
        self.set_variable('1')
        error = self.assertRaises(
            self.failureException, self.need, 'no-such-program'
        )
        self.assertIn('Not installed: no-such-program.', str(error))
        self.assertIn(requirement.VARIABLE, str(error))

    def test_installed_program_is_sufficient(self):
        for value in (None, '1'):
            self.set_variable(value)
            with self.variant(value):
                self.need('sh')
