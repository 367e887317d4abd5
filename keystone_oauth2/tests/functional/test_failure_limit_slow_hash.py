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

"""If a slow hash decides, the limit of the client is the hard limit."""

import shutil

from keystone_oauth2.tests.functional import digests
from keystone_oauth2.tests.functional import limited

LIMITS = {'client_failures': '3/hour', 'address_failures': '6/hour'}


class NoDigestTest(limited.LimitedTestCase, digests.DigestTestCase):
    """The digest of one client is missing, or that of all."""

    options = {'oauth2_limits': LIMITS}

    def assert_hard(self, client_id, client):
        """Assert that the limit of a client is a hard one."""
        self.fail(self.attacker, client_id, times=3)
        answer = self.post_from(self.attacker, client)
        self.assertThat(answer, limited.LIMITED)

    def test_client_without_a_digest_is_blocked(self):
        """B09, K06: a client without a digest does not count as cheap."""
        self.remove_digest(self.own)
        self.assert_hard(self.own.id, self.own)
        self.assert_passes(self.owner)

    def test_first_success_makes_the_limit_soft(self):
        """B09: afterwards the digest decides."""
        self.remove_digest(self.own)
        self.assert_passes(self.attacker)
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker)
        self.assert_passes(self.attacker)


class NoKeysTest(limited.LimitedTestCase):
    """B09, K06: without keys no digest decides, whatever the option is."""

    options = {'oauth2_limits': LIMITS}

    @classmethod
    def create(cls):
        super().create()
        shutil.rmtree(cls.keystone.folder / 'credential-keys')

    def test_client_is_blocked(self):
        self.fail(self.attacker, times=3)
        self.assert_limited(self.attacker)
        self.assert_passes(self.owner)

    def test_unknown_client_is_blocked_likewise(self):
        """B07: it costs the same hash."""
        self.fail(self.attacker, 'unknown', times=3)
        answer = self.post_from(self.attacker, ('unknown', 'wrong'))
        self.assertThat(answer, limited.LIMITED)


class DigestsOffTest(limited.LimitedTestCase):
    """B09: without digests each guess would cost a slow hash."""

    options = {'oauth2_limits': LIMITS, 'oauth2_secrets': {'digests': False}}

    def test_client_is_blocked_from_this_address_only(self):
        self.fail(self.attacker, times=3)
        self.assert_limited(self.attacker)
        self.assert_passes(self.owner)
