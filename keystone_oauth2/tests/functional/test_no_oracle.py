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

"""Refusals do not reveal why a client was refused."""

import datetime

from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base

NO_LIMITS = {'client_failures': '', 'address_failures': ''}
REFUSED = matchers.IsOAuthError(401, 'invalid_client')


class NoOracleTest(base.KeystoneTestCase):
    options = {
        'oauth2_limits': NO_LIMITS,
        'security_compliance': {'disable_user_account_days_inactive': 3},
    }

    def new_client(self, domain='default', **attributes):
        """Return a new domain, project, user and client."""
        project = self.identity.create_project(domain=domain)
        user = self.identity.create_user(project, ['member'], domain=domain)
        client = self.identity.create_application_credential(
            user, **attributes
        )
        self.assertEqual(200, self.post_as(client).status)
        return project, user, client

    def assert_refused(self, client, reason):
        """Assert that only the log has the reason, and return the refusal.

        :param reason: a regular expression.
        """
        self.new_log()
        answer = self.post_as(client)
        self.assertThat(answer, REFUSED)
        self.assertRegex(self.new_log(), f'(?i)invalid_client: .*{reason}')
        self.assertNotIn('access_token', answer.text)
        return answer

    def same(self, answer):
        """Return the parts that all refusals have in common."""
        headers = [
            (name, value)
            for name, value in answer.headers
            if name.lower() != 'x-openstack-request-id'
        ]
        return answer.status, headers, answer.body

    def assert_same_as_wrong_secret(self, answer):
        wrong = self.post_as((self.client.id, 'wrong'))
        self.assertEqual(self.same(wrong), self.same(answer))

    def test_unknown_client(self):
        """B07: ids cannot be probed."""
        for client_id in ('unknown', self.user.id, self.client.id + 'x', ''):
            with self.variant(client_id):
                answer = self.assert_refused(
                    (client_id, self.client.secret), 'unknown client'
                )
                self.assert_same_as_wrong_secret(answer)

    def test_id_that_a_database_considers_equal(self):
        """B07: neither case nor trailing spaces are ignored."""
        for client_id in (self.client.id.upper(), self.client.id + ' '):
            with self.variant(client_id):
                answer = self.assert_refused(
                    (client_id, self.client.secret), 'unknown client'
                )
                self.assert_same_as_wrong_secret(answer)

    def test_secret_of_another_client(self):
        """B07: right, but for another client."""
        *_, other = self.new_client()
        answer = self.assert_refused(
            (self.client.id, other.secret), 'wrong secret'
        )
        self.assert_same_as_wrong_secret(answer)

    def test_malformed_credentials(self):
        """B07: unreadable credentials get the same answer as wrong ones."""
        answer = self.post(authorization='Basic x')
        self.assertThat(answer, REFUSED)
        self.assert_same_as_wrong_secret(answer)

    def test_expired_credential(self):
        """B07: it was valid before."""
        clock = self.useFixture(time_fixture.TimeFixture())
        end = timeutils.utcnow().replace(tzinfo=datetime.timezone.utc)
        end += datetime.timedelta(seconds=60)
        *_, client = self.new_client(expires_at=end)
        clock.advance_time_seconds(61)
        answer = self.assert_refused(client, 'expired')
        self.assert_same_as_wrong_secret(answer)

    def test_deleted_credential(self):
        """B07: refused at the next request."""
        _, user, client = self.new_client()
        self.identity.delete_application_credential(user, client.id)
        answer = self.assert_refused(client, 'unknown client')
        self.assert_same_as_wrong_secret(answer)

    def test_disabled_user(self):
        """B07, D11: the user may not authenticate either."""
        _, user, client = self.new_client()
        self.identity.disable(user)
        answer = self.assert_refused(client, 'user .*disabled')
        self.assert_same_as_wrong_secret(answer)

    def test_user_who_was_inactive_for_too_long(self):
        """B07, D11: disabled by an option, while the credential exists."""
        *_, client = self.new_client()
        clock = self.useFixture(time_fixture.TimeFixture())
        clock.advance_time_delta(datetime.timedelta(days=5))
        answer = self.assert_refused(client, 'user .*disabled')
        self.assert_same_as_wrong_secret(answer)

    def test_disabled_project(self):
        """B07, D11: no token is issued for a disabled project."""
        project, _, client = self.new_client()
        self.identity.disable(project)
        answer = self.assert_refused(client, 'project .*disabled')
        self.assert_same_as_wrong_secret(answer)

    def test_disabled_domain(self):
        """B07, D11: the domain of user and project."""
        domain = self.identity.create_domain()
        *_, client = self.new_client(domain)
        self.identity.disable(domain)
        answer = self.assert_refused(client, 'domain .*disabled')
        self.assert_same_as_wrong_secret(answer)

    def test_disabled_domain_of_the_project_only(self):
        """B07, D11: the project's domain counts, too."""
        domain = self.identity.create_domain()
        project = self.identity.create_project(domain=domain)
        user = self.identity.create_user(project, ['member'])
        client = self.identity.create_application_credential(user)
        self.assertThat(self.post_as(client), matchers.IsAccessToken())
        self.identity.disable(domain)
        answer = self.assert_refused(client, 'domain .*disabled')
        self.assert_same_as_wrong_secret(answer)

    def test_user_without_a_role(self):
        """B07: no role is left to delegate."""
        _, user, client = self.new_client()
        self.identity.unassign(user, 'member')
        answer = self.assert_refused(client, client.id)
        self.assert_same_as_wrong_secret(answer)

    def test_user_who_must_use_two_factors(self):
        """B07: the rules require more than one method."""
        _, user, client = self.new_client()
        self.identity.update(
            user,
            options={
                'multi_factor_auth_enabled': True,
                'multi_factor_auth_rules': [['password', 'totp']],
            },
        )
        answer = self.assert_refused(client, 'multi-factor')
        self.assert_same_as_wrong_secret(answer)


class InTreeOracleTest(base.KeystoneTestCase):
    """What the in-tree API does instead."""

    enable = False

    def test_unknown_client_differs_from_a_wrong_secret(self):
        """B07, A13: another status, and a code that no RFC defines."""
        unknown = self.post_as(('unknown', 'wrong'))
        wrong = self.post_as((self.client.id, 'wrong'))
        self.assertEqual((404, 401), (unknown.status, wrong.status))
        self.assertEqual('other_error', unknown.json['error'])
