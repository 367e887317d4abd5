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

"""The time of a refusal does not reveal that a secret is retired."""

from keystone_oauth2.tests.functional import clients
from keystone_oauth2.tests.functional import timing


class RetiredSecretTest(clients.Clients, timing.TimingTestCase):
    """Without digests, each wrong secret costs a slow hash."""

    options = {
        'identity': timing.SLOW_HASH,
        'oauth2_limits': timing.NO_LIMITS,
        'oauth2_secrets': {'digests': False},
    }

    @classmethod
    def create(cls):
        super().create()
        cls.owner_token = cls.identity.token_for(cls.user)

    def test_it_costs_as_much_as_an_unknown_client(self):
        """B07: whatever secret is used."""
        self.register_secret()
        self.retire_secret()
        for secret in ('wrong', self.own.secret):
            with self.variant(secret):
                self.assert_same_time(self.own, secret)


class RetiredSecretWithDigestsTest(RetiredSecretTest):
    """With digests, no wrong secret costs a slow hash."""

    options = timing.TimingTestCase.options
