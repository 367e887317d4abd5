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

"""The user that a certificate maps to."""

from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

REFUSED = mutual_tls.REFUSED
AUTHORITY = mutual_tls.AUTHORITY


class UserBehindCertificateTest(mutual_tls.MutualTLSTestCase):
    """D11: enabled, in an enabled domain, with roles on an enabled project."""

    def refuse(self, user, certificate):
        """Return a refusal, which must equal all other refusals."""
        answer = self.post_with(certificate, user)
        self.assertThat(answer, REFUSED)
        unknown = self.post_with(certificate, 'nobody')
        self.assertEqual(unknown.body, answer.body)
        return answer

    def test_user_who_meets_all_conditions_gets_a_token(self):
        _, user, certificate = self.new_user()
        answer = self.post_with(certificate, user)
        self.assertThat(answer, matchers.IsAccessToken())

    def test_disabled_user_gets_none(self):
        """D11, B07: the in-tree API issues one."""
        _, user, certificate = self.new_user()
        self.identity.disable(user)
        self.refuse(user, certificate)

    def test_user_in_a_disabled_domain_gets_none(self):
        """D11, B07: whatever the name of the domain."""
        domain = self.identity.create_domain()
        self.map_differently(
            mutual_tls.one_rule(
                {'name': '{0}', 'domain': {'id': domain.id}}, 'SUBJECT_DN_CN'
            )
        )
        _, user, certificate = self.new_user(domain)
        self.assertEqual(200, self.post_with(certificate, user).status)
        self.identity.disable(domain)
        self.refuse(user, certificate)

    def test_user_with_a_disabled_project_gets_none(self):
        """D11, B07: even if user and domain are enabled."""
        project, user, certificate = self.new_user()
        self.identity.disable(project)
        self.refuse(user, certificate)

    def test_user_with_a_project_in_a_disabled_domain_gets_none(self):
        """D11, B07: even if user, its domain and the project are enabled."""
        domain = self.identity.create_domain()
        project = self.identity.create_project(domain=domain)
        user = self.identity.create_user(project, ['member'])
        certificate = AUTHORITY.client([('CN', user.name)])
        self.assertEqual(200, self.post_with(certificate, user).status)
        self.identity.disable(domain)
        self.refuse(user, certificate)
        self.identity.enable(domain)
        self.assertEqual(200, self.post_with(certificate, user).status)

    def test_user_without_role_or_project_gets_none(self):
        """D11, B07: there is nothing to delegate."""
        _, user, certificate = self.new_user()
        self.identity.unassign(user, 'member')
        self.refuse(user, certificate)
        user = self.identity.create_user()
        self.refuse(user, AUTHORITY.client([('CN', user.name)]))
