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

"""Disabled and deleted clients are refused at the next request.

The tests change the database directly, as other workers and nodes do.
"""

import datetime

from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from keystone_oauth2.tests.support import digests


class RefusalTests:
    """A client that has its digest and has just got a token."""

    def setUp(self):
        super().setUp()
        self.domain, self.project_domain = (
            self.identity.create_domain() for _ in range(2)
        )
        self.new_project = self.identity.create_project(
            domain=self.project_domain
        )
        self.new_user = self.identity.create_user(
            self.new_project, ['member'], domain=self.domain
        )
        self.new_credential()

    def new_credential(self, **attributes):
        self.own = self.identity.create_application_credential(
            self.new_user, **attributes
        )
        self.assertEqual(200, self.post_as(self.own).status)

    def assert_refused_at_once(self, reason):
        self.new_log()
        self.assertThat(self.post_as(self.own), digests.REFUSED)
        self.assertIn(reason, self.new_log())

    def assert_refused_while_disabled(self, table, key, reason):
        self.switch(table, key, enabled=False)
        self.assert_refused_at_once(reason)
        self.switch(table, key, enabled=True)
        self.assertThat(self.post_as(self.own), digests.ISSUED)

    def test_disabled_user(self):
        """D11: no cache delays the refusal."""
        self.assert_refused_while_disabled(
            'user', self.new_user.id, 'the user is disabled'
        )

    def test_disabled_domain_of_the_user(self):
        """D11: as for the user itself."""
        self.assert_refused_while_disabled(
            'project', self.domain.id, 'the domain of the user is disabled'
        )

    def test_disabled_project(self):
        """D11: as for the user."""
        self.assert_refused_while_disabled(
            'project', self.new_project.id, 'the project is disabled'
        )

    def test_disabled_domain_of_the_project(self):
        """D11: as for the project itself."""
        self.assert_refused_while_disabled(
            'project',
            self.project_domain.id,
            'the domain of the project is disabled',
        )

    def test_deleted_credential(self):
        self.delete_credential(self.own)
        self.assert_refused_at_once('unknown client')

    def test_expired_credential(self):
        clock = self.useFixture(time_fixture.TimeFixture())
        end = timeutils.utcnow().replace(tzinfo=datetime.timezone.utc)
        self.new_credential(expires_at=end + datetime.timedelta(seconds=60))
        clock.advance_time_seconds(50)
        self.assertEqual(200, self.post_as(self.own).status)
        clock.advance_time_seconds(11)
        self.assert_refused_at_once('the credential has expired')

    def test_wrong_secret_is_refused_as_such_first(self):
        self.switch('user', self.new_user.id, enabled=False)
        self.addCleanup(self.switch, 'user', self.new_user.id, True)
        answer = self.post_as((self.own.id, 'wrong'))
        self.assertThat(answer, digests.REFUSED)


class RefusalTest(RefusalTests, digests.DigestTestCase):
    """With Keystone's defaults."""


class CachedRefusalTest(RefusalTests, digests.DigestTestCase):
    """With a cache in this worker that other workers cannot invalidate."""

    options = {'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'}}

    def test_keystone_itself_still_accepts_it(self):
        """The cache is in use, so the tests above can fail."""
        authenticate = {
            'identity': {
                'methods': ['application_credential'],
                'application_credential': {
                    'id': self.own.id,
                    'secret': self.own.secret,
                },
            }
        }
        for _ in range(2):
            answer = self.keystone.request(
                'POST', '/v3/auth/tokens', json={'auth': authenticate}
            )
            self.assertEqual(201, answer.status, answer.text)
            self.switch('user', self.new_user.id, enabled=False)
        self.assert_refused_at_once('the user is disabled')
