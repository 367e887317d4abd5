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

"""The rights of a token limit what it may register for a client."""

import datetime

from oslo_utils import timeutils

from keystone_oauth2 import policies
from keystone_oauth2.tests.functional import test_client_policy
from keystone_oauth2.tests.support import clients

ALL, READ = test_client_policy.ALL, test_client_policy.READ
OWNER_READ = test_client_policy.OWNER_READ
REMOVE = test_client_policy.REMOVE
DAY = datetime.timedelta(days=1)
SECRETS = {
    'service': 'identity',
    'method': 'POST',
    'path': '/v3/OS-OAUTH2/clients/*/secrets',
}
OTHER = {'service': 'compute', 'method': 'GET', 'path': '/v2.1/servers'}


class AuthorityTestCase(test_client_policy.PolicyTestCase):
    """Clients of one owner, and tokens with different rights."""

    def setUp(self):
        super().setUp()
        self.create = self.identity.create_application_credential

    def unrestricted(self, *args, **kwargs):
        """Return a token of a new, unrestricted application credential."""
        return self.keystones(
            self.create(self.user, *args, unrestricted=True, **kwargs)
        )

    def new_tokens(self):
        return {}


class RolesTest(AuthorityTestCase):
    def test_roles_of_the_token_limit_it(self):
        """K01: an authenticator grants all roles of its client."""
        token = self.unrestricted(['reader'])
        for client, expected in (
            (self.create(self.user, ['reader']), ALL),
            (self.create(self.user, ['member']), OWNER_READ),
            (self.create(self.user, ['reader', 'member']), OWNER_READ),
        ):
            self.assertEqual(expected, self.permitted_to(token, client))

    def test_project_of_the_token_limits_it(self):
        """K01: even if the roles are the same."""
        elsewhere = self.create(
            self.user, ['member'], project=self.other_project
        )
        for token in (self.unrestricted(['member']), self.owner_token):
            self.assertEqual(OWNER_READ, self.permitted_to(token, elsewhere))
        token = self.identity.token_for(self.user, self.other_project)
        self.assertEqual(ALL, self.permitted_to(token, elsewhere))

    def test_system_token_of_the_owner_changes_nothing(self):
        """K01: a reader on the system who is admin in a project."""
        owner = self.identity.create_user(self.project, ['admin'])
        client = self.create(owner)
        path = f'/v3/system/users/{owner.id}/roles/'
        path += self.identity.role_id('reader')
        self.assertEqual(204, self.identity.as_admin('PUT', path).status)
        token = self.token_by_password(owner, {'system': {'all': True}})
        self.assertEqual(READ, self.permitted_to(token, client))
        answer = self.manage('POST', '/secrets', {'secret': {}}, client, token)
        self.assertThat(answer, clients.IsKeystoneError(403))
        answer = self.manage(
            'DELETE', f'/secrets/{client.id}', None, client, token
        )
        self.assertThat(answer, clients.IsKeystoneError(403))

    def test_unrestricted_application_credential_manages_itself(self):
        """It rotates its own secret, for example from cron."""
        own = self.create(self.user, unrestricted=True)
        secret = self.register_secret(own)['secret']
        answer = self.get_token(**clients.by_secret(own, secret))
        token = answer.json['access_token']
        self.remove('secret', own.id, client=own, token=token)
        self.assertEqual(ALL, self.permitted_to(token, own))

    def test_administrator_removes_with_an_application_credential(self):
        """It must be unrestricted, as in Keystone."""
        admin = self.identity.create_user(self.project, ['admin'])
        for unrestricted, expected in ((True, READ | REMOVE), (False, READ)):
            with self.variant(unrestricted):
                token = self.keystones(
                    self.create(admin, unrestricted=unrestricted)
                )
                self.assertEqual(expected, self.permitted_to(token))


class AccessRulesTest(AuthorityTestCase):
    def test_access_rules_limit_what_may_be_registered(self):
        """K02."""
        token = self.unrestricted(access_rules=[SECRETS, OTHER])
        for rules_of_client, status in (
            (None, 403),
            ([SECRETS], 201),
            ([OTHER, SECRETS], 201),
            ([{**OTHER, 'path': '/v2.1/**'}], 403),
            ([{**OTHER, 'method': 'DELETE'}], 403),
            ([{**OTHER, 'service': 'image'}], 403),
        ):
            with self.variant(rules_of_client):
                client = self.create(self.user, access_rules=rules_of_client)
                answer = self.manage(
                    'POST', '/secrets', {'secret': {}}, client, token
                )
                self.assertEqual(status, answer.status, answer.text)

    def test_credential_with_access_rules_registers_for_itself(self):
        own = self.create(self.user, unrestricted=True, access_rules=[SECRETS])
        self.register('secret', own, self.keystones(own))


class EndTest(AuthorityTestCase):
    def setUp(self):
        super().setUp()
        self.end = timeutils.utcnow().replace(microsecond=0) + DAY
        self.token = self.unrestricted(expires_at=self.end.isoformat() + 'Z')

    def test_expiry_limits_what_may_be_registered(self):
        """K02: an earlier expiry is kept, a later one is reduced."""
        for asked, expected in (
            (None, self.end),
            (self.end + DAY, self.end),
            (self.end - DAY / 2, self.end - DAY / 2),
        ):
            with self.variant(asked):
                wanted = (
                    {'expires_at': asked.isoformat() + 'Z'} if asked else {}
                )
                shown = self.register('secret', None, self.token, **wanted)
                self.assertEqual(
                    expected.isoformat() + 'Z', shown['expires_at']
                )

    def test_unrestricted_client_without_expiry_gets_no_authenticator(self):
        """K02: that client could register authenticators without expiry."""
        later = self.end + DAY
        for expires_at, status in (
            (None, 403),
            (later.isoformat() + 'Z', 403),
            (self.end.isoformat() + 'Z', 201),
        ):
            with self.variant(expires_at):
                client = self.create(
                    self.user, unrestricted=True, expires_at=expires_at
                )
                answer = self.manage(
                    'POST', '/secrets', {'secret': {}}, client, self.token
                )
                self.assertEqual(status, answer.status, answer.text)

    def test_methods_are_not_chosen_for_a_client_that_lives_longer(self):
        """K02."""
        later = self.create(
            self.user, expires_at=(self.end + DAY).isoformat() + 'Z'
        )
        sooner = self.create(
            self.user, expires_at=(self.end - DAY / 2).isoformat() + 'Z'
        )
        wanted = {'client': {'authentication_methods': None}}
        for client, status in ((self.own, 403), (later, 403), (sooner, 200)):
            answer = self.manage('PATCH', '', wanted, client, self.token)
            self.assertEqual(status, answer.status, answer.text)

    def test_credential_with_an_expiry_registers_for_itself(self):
        own = self.create(
            self.user,
            unrestricted=True,
            expires_at=self.end.isoformat() + 'Z',
        )
        shown = self.register('secret', own, self.keystones(own))
        self.assertIsNone(shown['expires_at'])


class RuleScopesTest(AuthorityTestCase):
    def test_rules_define_which_scopes_they_accept(self):
        """K01."""
        found = [x for x in policies.list_rules() if x.name in ALL]
        self.assertEqual(len(ALL), len(found))
        for rule in found:
            with self.variant(rule.name):
                expected = ['system', 'domain', 'project']
                if rule.name in ALL - READ - REMOVE:
                    expected = ['project']
                self.assertEqual(expected, rule.scope_types)
