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

"""The policy on introspection."""

from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

RULE = 'identity:introspect_oauth2_token'
ALL = 'own sibling foreign password'


class IntrospectionPolicyTestCase(tokens.TokensTestCase):
    """Tokens of several owners, and callers."""

    @classmethod
    def create(cls):
        super().create()
        cls.sibling = cls.identity.create_application_credential(cls.user)
        cls.other_user, cls.other = cls.new_client('member')

    def setUp(self):
        super().setUp()
        self.tokens = {
            'own': self.issue(self.client),
            'sibling': self.issue(self.sibling),
            'foreign': self.issue(self.other),
            'password': self.identity.token_for(self.user),
        }

    def seen_by(self, client=None, **arguments):
        """Return the tokens that a caller sees; the others are inactive."""
        seen = []
        for name in self.tokens:
            answer = self.ask(
                tokens.INTROSPECT, self.tokens[name], client, **arguments
            )
            self.assertEqual(200, answer.status, answer.text)
            if answer.json['active']:
                seen.append(name)
            else:
                self.assertThat(answer, tokens.INACTIVE)
        return ' '.join(seen)


class DefaultPolicyTest(IntrospectionPolicyTestCase):
    def test_client_sees_only_its_own_tokens(self):
        """G02: other tokens are inactive for this caller."""
        self.assertEqual('own', self.seen_by(self.client))
        self.assertEqual('sibling', self.seen_by(self.sibling))

    def test_role_of_the_client_decides(self):
        """G01: service and admin see all tokens, other roles do not."""
        for role, expected in (
            ('service', ALL),
            ('admin', ALL),
            ('manager', ''),
            ('reader', ''),
            ('SERVICE', ALL),
        ):
            with self.variant(role):
                _, caller = self.new_client(role)
                self.assertEqual(expected, self.seen_by(caller))

    def test_client_with_fewer_roles_than_its_user_sees_less(self):
        """G01: the roles of the credential count, not those of the user."""
        project = self.identity.create_project()
        user = self.identity.create_user(project, ['admin', 'reader'])
        for roles, expected in ((['reader'], ''), (['admin'], ALL)):
            with self.variant(roles):
                caller = self.identity.create_application_credential(
                    user, roles
                )
                self.assertEqual(expected, self.seen_by(caller))

    def test_access_rules_of_the_caller_are_enforced(self):
        """G01: a credential for one request permits no other."""
        rules = [{'path': '/x', 'method': 'GET', 'service': 'compute'}]
        _, caller = self.new_client('admin', access_rules=rules)
        self.tokens['callers'] = self.issue(caller)
        self.assertEqual('', self.seen_by(caller))
        headers = {'OpenStack-Identity-Access-Rules': '1.0'}
        self.assertEqual('callers', self.seen_by(caller, headers=headers))
        answer = self.ask(
            tokens.INTROSPECT, self.issue(), token=self.tokens['callers']
        )
        self.assertEqual(401, answer.status)

    def test_holder_of_a_token_sees_what_its_roles_permit(self):
        """G01: whatever the scope of the token."""
        unscoped = self.token_by_password(self.service_user)
        for name, token, expected in (
            ('service', self.identity.token_for(self.service_user), ALL),
            ('member', self.identity.token_for(self.user), ''),
            ('unscoped', unscoped, ''),
            ('admin', self.identity.admin_token(), ALL),
            ('system', self.admin_token({'system': {'all': True}}), ALL),
            ('domain admin', self.domain_token('admin'), ALL),
            ('domain reader', self.domain_token('reader'), ''),
        ):
            with self.variant(name):
                self.assertEqual(expected, self.seen_by(token=token))

    def domain_token(self, role):
        """Return a token of a new user with a role on the default domain."""
        user = self.identity.create_user()
        answer = self.identity.as_admin(
            'PUT',
            f'/v3/domains/default/users/{user.id}'
            f'/roles/{self.identity.role_id(role)}',
        )
        self.assertEqual(204, answer.status)
        return self.token_by_password(user, {'domain': {'id': 'default'}})

    def test_holder_of_a_clients_token_is_that_client(self):
        """G01: it may introspect its own token and the client's others."""
        token = self.tokens['own']
        self.assertEqual('own', self.seen_by(token=token))
        self.tokens['own'] = self.issue(self.client)
        self.assertEqual('own', self.seen_by(token=token))

    def test_certificate_shows_the_tokens_issued_for_it(self):
        """B12: not those that the user got with a password."""
        self.tokens['certificate'] = self.issue_with(self.certificate)
        seen = []
        for name, token in self.tokens.items():
            answer = self.ask(
                tokens.INTROSPECT,
                token,
                form={'client_id': self.user.id},
                environ=mutual_tls.verified(self.certificate),
            )
            if answer.json['active']:
                seen.append(name)
        self.assertEqual(['certificate'], seen)


class OverriddenPolicyTest(IntrospectionPolicyTestCase):
    policy = {}

    def test_operators_rule_decides(self):
        """G01: by any member of the target and of the caller."""
        domain = self.identity.create_domain()
        _, self.elsewhere = self.new_client('member', domain=domain)
        self.tokens['elsewhere'] = self.issue(self.elsewhere)
        everything = f'{ALL} elsewhere'
        ours = 'own sibling password'
        token = '%(target.token.'
        for rule, expected in (
            ('@', everything),
            ('!', ''),
            ('role:member', everything),
            (f'client_id:{token}client_id)s', 'own'),
            (f'user_id:{token}user_id)s', ours),
            (f'project_id:{token}project_id)s', ours),
            (f'user_domain_id:{token}user_domain_id)s', ALL),
            (f'"{domain.id}":{token}project_domain_id)s', 'elsewhere'),
            (f'"{self.other.id}":{token}client_id)s', 'foreign'),
            ('client_authentication_method:client_secret_basic', everything),
            ('client_authentication_method:tls_client_auth', ''),
            (f'client_id:{self.client.id} and role:member', everything),
        ):
            with self.variant(rule):
                self.override(RULE, rule)
                self.assertEqual(expected, self.seen_by(self.client))

    def test_operators_rule_decides_for_holders_of_tokens(self):
        """G01: the same rules, with X-Auth-Token."""
        system = self.admin_token({'system': {'all': True}})
        for rule, token, expected in (
            ('system_scope:all', system, ALL),
            ('system_scope:all', self.identity.admin_token(), ''),
            (
                'user_id:%(target.token.user_id)s',
                self.identity.token_for(self.other_user),
                'foreign',
            ),
            ('client_id:%(target.token.client_id)s', system, ''),
        ):
            with self.variant((rule, expected)):
                self.override(RULE, rule)
                self.assertEqual(expected, self.seen_by(token=token))
