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

"""Nobody learns from the time that a refusal takes."""

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import timing


class NoTimingOracleTest(timing.TimingTestCase):
    def test_unknown_client_costs_what_a_wrong_secret_costs(self):
        """B07: about the same time."""
        self.assert_same_time(self.client)

    def test_that_does_not_change_once_the_client_has_had_a_token(self):
        """B07: nor after the first success."""
        used = self.identity.create_application_credential(self.user)
        self.assertThat(self.post_as(used), matchers.IsAccessToken())
        self.assert_same_time(used)
