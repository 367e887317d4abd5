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

"""The operator's policy on who may get a token."""

import time

from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

RULE = 'identity:create_oauth2_access_token'
DENIED = matchers.IsOAuthError(
    400, 'unauthorized_client', description='not allowed to use this grant'
)
ALLOWED = matchers.IsAccessToken()


class DefaultPolicyTest(mutual_tls.MutualTLSTestCase):
    def test_every_authenticated_client_is_allowed(self):
        """A12: by default."""
        self.assertThat(self.post_as(self.client), ALLOWED)
        self.assertThat(self.post_with(self.certificate), ALLOWED)

    def test_unauthenticated_client_is_refused(self):
        """A12: authentication comes first."""
        answer = self.post_as((self.client.id, 'wrong'))
        self.assertThat(answer, matchers.IsOAuthError(401, 'invalid_client'))


class DenyingPolicyTest(mutual_tls.MutualTLSTestCase):
    policy = {RULE: '!'}

    def test_denied_client_gets_no_token(self):
        """A12: it gets unauthorized_client without a reason."""
        for answer in (
            self.post_as(self.client),
            self.post_with(self.certificate),
        ):
            self.assertThat(answer, DENIED)
        self.assertIn('unauthorized_client: policy denies client', self.log)

    def test_wrong_secret_is_refused_before_the_policy_check(self):
        """B07: a client without the secret learns nothing of the policy."""
        answer = self.post_as((self.client.id, 'wrong'))
        self.assertThat(answer, matchers.IsOAuthError(401, 'invalid_client'))

    def test_policy_denies_nothing_else_in_keystone(self):
        self.assertTrue(self.identity.token_for(self.user))


class PolicyExamplesTest(mutual_tls.MutualTLSTestCase):
    """Rules that operators may write, and the clients they allow."""

    policy = {}

    @classmethod
    def create(cls):
        super().create()
        cls.reader = cls.identity.create_application_credential(
            cls.user, ['reader']
        )

    def assert_allowed(self, expected, rule):
        self.override_all({RULE: rule})
        answers = {
            'reader': self.post_as(self.reader),
            'member': self.post_as(self.client),
            'certificate': self.post_with(self.certificate),
        }
        for answer in answers.values():
            if answer.status != 200:
                self.assertThat(answer, DENIED)
        found = {name for name in answers if answers[name].status == 200}
        self.assertEqual(set(expected.split()), found)

    def test_changed_file_counts_within_a_second(self):
        """A12: for each rule; the file is not looked at for each token."""
        self.assert_allowed('reader member certificate', '@')
        self.write_policy({RULE: '!'})
        changed = asked = time.monotonic()
        while self.post_as(self.client).status == 200:
            self.assertLess(asked - changed, 1)
            asked = time.monotonic()

    def assert_all_allowed(self, rows):
        for expected, rule in rows:
            with self.variant(rule):
                self.assert_allowed(expected, rule)

    def test_by_client_authentication_method(self):
        """A12: for example, only over Mutual-TLS."""
        name = 'client_authentication_method'
        self.assert_all_allowed(
            (
                ('certificate', f'{name}:tls_client_auth'),
                ('reader member', f'{name}:client_secret_basic'),
                ('', f'{name}:client_secret_post'),
                (
                    'certificate',
                    '"tls_client_auth":'
                    '%(target.client.authentication_method)s',
                ),
            )
        )

    def test_by_client(self):
        client_id = self.reader.id
        self.assert_all_allowed(
            (
                ('reader', f'client_id:{client_id}'),
                ('reader', f'"{client_id}":%(target.client.id)s'),
                ('certificate', f'client_id:{self.user.id}'),
                ('member certificate', f'not client_id:{client_id}'),
                ('reader', f'application_credential_id:{client_id}'),
                (
                    'reader',
                    f'"{client_id}":'
                    '%(target.client.application_credential_id)s',
                ),
            )
        )

    def test_by_user_and_project(self):
        all_three = 'reader member certificate'
        self.assert_all_allowed(
            (
                (all_three, f'user_id:{self.user.id}'),
                (all_three, f'"{self.user.id}":%(target.user.id)s'),
                (all_three, f'"{self.user.name}":%(target.user.name)s'),
                (all_three, f'project_id:{self.project.id}'),
                (all_three, f'"{self.project.id}":%(target.project.id)s'),
                ('', 'user_id:another'),
                ('', 'project_id:another'),
            )
        )

    def test_by_domain(self):
        all_three = 'reader member certificate'
        self.assert_all_allowed(
            (
                (all_three, 'user_domain_id:default'),
                (all_three, '"default":%(target.user.domain.id)s'),
                (all_three, '"Default":%(target.user.domain.name)s'),
                (all_three, 'project_domain_id:default'),
                (all_three, '"default":%(target.project.domain.id)s'),
                ('', 'user_domain_id:another'),
                ('', 'project_domain_id:another'),
            )
        )

    def test_by_role(self):
        self.assert_all_allowed(
            (
                ('member certificate', 'role:member'),
                ('reader', 'not role:member'),
                ('reader member certificate', 'role:reader'),
                ('', 'role:admin'),
                ('', 'rule:admin_required'),
            )
        )

    def test_by_grant(self):
        all_three = 'reader member certificate'
        self.assert_all_allowed(
            (
                (all_three, 'grant_type:client_credentials'),
                (all_three, '"client_credentials":%(target.grant_type)s'),
                ('', 'grant_type:token_exchange'),
            )
        )

    def test_only_over_mutual_tls_in_one_domain(self):
        """A12: the example of the documentation."""
        for domain, expected in (
            ('default', 'certificate'),
            ('another', 'reader member certificate'),
        ):
            with self.variant(domain):
                self.assert_allowed(
                    expected,
                    f'not user_domain_id:{domain} or '
                    'client_authentication_method:tls_client_auth',
                )
