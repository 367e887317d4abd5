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

import statistics
import time

from keystone_oauth2.identity import application_credentials
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base

NO_LIMITS = {'client_failure_limit': '', 'address_failure_limit': ''}
REFUSED = matchers.IsOAuthError(401, 'invalid_client')


class NoTimingOracleTest(base.KeystoneTestCase):
    """With a hash that costs some thirty times the rest of a request."""

    options = {
        'identity': {'password_hash_rounds': 10},
        'oauth2': NO_LIMITS,
    }

    @classmethod
    def setUpClass(cls):
        # Made once a process, where another Keystone may have run before.
        application_credentials._nobodys_hash.cache_clear()
        cls.addClassCleanup(application_credentials._nobodys_hash.cache_clear)
        super().setUpClass()

    def seconds(self, client):
        """Answer the processor time that a refusal takes."""
        spent = []
        for _ in range(5):
            start = time.process_time()
            self.assertThat(self.post_as(client), REFUSED)
            spent.append(time.process_time() - start)
        return statistics.median(spent)

    def test_unknown_client_costs_what_a_wrong_secret_costs(self):
        """B07: about the same time."""
        self.seconds(('unknown', 'wrong'))
        unknown = self.seconds(('unknown', 'wrong'))
        wrong = self.seconds((self.client.id, 'wrong'))
        self.assertGreater(unknown, wrong / 2)
        self.assertLess(unknown, wrong * 2)

    def test_that_does_not_change_once_the_client_has_had_a_token(self):
        """B07: nor after the first success."""
        used = self.identity.create_application_credential(self.user)
        self.assertThat(self.post_as(used), matchers.IsAccessToken())
        self.seconds(('unknown', 'wrong'))
        unknown = self.seconds(('unknown', 'wrong'))
        wrong = self.seconds((used.id, 'wrong'))
        self.assertGreater(unknown, wrong / 2)
        self.assertLess(unknown, wrong * 2)
