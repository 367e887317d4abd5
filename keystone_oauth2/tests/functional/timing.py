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

"""Tests that compare the processor time of refusals."""

import statistics
import time

from keystone_oauth2.identity import application_credentials
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base

NO_LIMITS = {'client_failures': '', 'address_failures': ''}
REFUSED = matchers.IsOAuthError(401, 'invalid_client')
#: Makes a slow hash cost about thirty times the rest of a request.
SLOW_HASH = {'password_hash_rounds': 10}


class TimingTestCase(base.KeystoneTestCase):
    """A Keystone whose slow hash is visible in the time of a refusal."""

    options = {'identity': SLOW_HASH, 'oauth2_limits': NO_LIMITS}

    @classmethod
    def setUpClass(cls):
        # Created once per process, where an earlier Keystone may have run.
        application_credentials._dummy_hash.cache_clear()
        cls.addClassCleanup(application_credentials._dummy_hash.cache_clear)
        super().setUpClass()

    def seconds(self, client):
        """Return the processor time of a refusal."""
        spent = []
        for _ in range(5):
            start = time.process_time()
            self.assertThat(self.post_as(client), REFUSED)
            spent.append(time.process_time() - start)
        return statistics.median(spent)

    def assert_same_time(self, client, secret='wrong'):
        """Assert that a client and an unknown id take about as long."""
        self.seconds(('unknown', secret))
        unknown = self.seconds(('unknown', secret))
        known = self.seconds((client.id, secret))
        self.assertGreater(unknown, known / 2)
        self.assertLess(unknown, known * 2)
