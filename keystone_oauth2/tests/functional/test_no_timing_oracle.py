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

"""The time of a refusal does not reveal its reason."""

from keystone_oauth2.tests.functional import timing
from keystone_oauth2.tests.support import matchers


class NoTimingOracleTest(timing.TimingTestCase):
    def test_unknown_client_costs_as_much_as_a_wrong_secret(self):
        """B07: about the same time."""
        self.assert_same_time(self.client)

    def test_unknown_client_costs_as_much_after_a_first_token(self):
        """B07: the client's digest makes no difference."""
        used = self.identity.create_application_credential(self.user)
        self.assertThat(self.post_as(used), matchers.IsAccessToken())
        self.assert_same_time(used)
