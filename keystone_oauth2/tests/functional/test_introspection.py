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

"""Introspection of each kind of token."""

from keystone_oauth2.tests.support import tokens

DEFAULT = {'id': 'default', 'name': 'Default'}


def user_members(user, domain=None):
    """Return the members that describe the user of a token."""
    domain = domain or DEFAULT
    return {
        'sub': user.id,
        'username': user.name,
        'user': {'id': user.id, 'name': user.name, 'domain': domain},
    }


def role_members(*roles):
    """Return the members that describe its roles."""
    return {'scope': ' '.join(roles), 'roles': ','.join(roles)}


def project_members(project, domain=None):
    """Return the member that names its project."""
    domain = domain or DEFAULT
    return {
        'project': {'id': project.id, 'name': project.name, 'domain': domain}
    }


class DescribingTestCase(tokens.TokensTestCase):
    def describe(self, token, *members, **further):
        """Assert that introspection returns exactly these members."""
        expected = dict(further)
        for group in members:
            expected.update(group)
        self.assert_described(expected, token, self.introspect(token))


class ClientTokenTest(DescribingTestCase):
    def test_token_of_a_client_with_a_secret_is_described(self):
        """G04: client_id is that of the application credential."""
        self.describe(
            self.issue(),
            user_members(self.user),
            project_members(self.project),
            role_members('member', 'reader'),
            client_id=self.client.id,
        )

    def test_token_with_fewer_roles_has_the_narrower_scope(self):
        """G04: scope lists the roles of the token."""
        client = self.identity.create_application_credential(
            self.user, ['reader']
        )
        self.describe(
            self.issue(client),
            user_members(self.user),
            project_members(self.project),
            role_members('reader'),
            client_id=client.id,
        )

    def test_certificate_bound_token_is_described_with_its_thumbprint(self):
        """D06: cnf has the form of RFC 8705, unlike in Keystone's token."""
        thumbprint = self.certificate.thumbprint
        self.assertNotEqual(self.certificate.keystone_thumbprint, thumbprint)
        self.describe(
            self.issue_with(self.certificate),
            user_members(self.user),
            project_members(self.project),
            role_members('member', 'reader'),
            client_id=self.user.id,
            cnf={'x5t#S256': thumbprint},
        )

    def test_token_for_a_password_and_a_project_is_described(self):
        """G04: it was issued to no client, so there is no client_id."""
        self.describe(
            self.identity.token_for(self.user),
            user_members(self.user),
            project_members(self.project),
            role_members('member', 'reader'),
        )


class SignedClientTokenTest(ClientTokenTest):
    """The same with Keystone's JWS tokens."""

    options = {
        'oauth2': {'issuer': tokens.ISSUER},
        'token': {'provider': 'jws'},
    }


class KeystoneTokenTest(DescribingTestCase):
    def test_user_and_project_may_be_in_different_domains(self):
        """G04: each member names its own domain."""
        ours = self.identity.create_domain()
        theirs = self.identity.create_domain()
        project = self.identity.create_project(domain=theirs)
        user = self.identity.create_user(project, ['reader'], domain=ours)
        client = self.identity.create_application_credential(user)
        self.describe(
            self.issue(client),
            user_members(user, {'id': ours.id, 'name': ours.name}),
            project_members(project, {'id': theirs.id, 'name': theirs.name}),
            role_members('reader'),
            client_id=client.id,
        )

    def test_token_for_a_domain_is_described(self):
        """G04: it takes the place of the project's domain."""
        domain = self.identity.create_domain()
        user = self.identity.create_user()
        self.identity.as_admin(
            'PUT',
            f'/v3/domains/{domain.id}/users/{user.id}'
            f'/roles/{self.identity.role_id("manager")}',
        )
        token = self.token_by_password(user, {'domain': {'id': domain.id}})
        named = {'id': domain.id, 'name': domain.name}
        self.describe(
            token,
            user_members(user),
            role_members('manager', 'member', 'reader'),
            domain=named,
            project={'domain': named},
        )

    def test_token_for_the_system_is_described(self):
        """G04: system_scope is true, and there is no project."""
        user = self.identity.create_user()
        self.identity.as_admin(
            'PUT',
            f'/v3/system/users/{user.id}'
            f'/roles/{self.identity.role_id("reader")}',
        )
        self.describe(
            self.token_by_password(user, {'system': {'all': True}}),
            user_members(user),
            role_members('reader'),
            system_scope=True,
        )

    def test_unscoped_token_is_described_without_roles(self):
        """G04: members that do not apply are omitted."""
        self.describe(
            self.token_by_password(self.user), user_members(self.user)
        )

    def test_token_of_a_trust_belongs_to_the_user_with_the_roles(self):
        """G04: with impersonation the trustor, without it the trustee."""
        trustee = self.identity.create_user()
        for impersonation, user in ((True, self.user), (False, trustee)):
            with self.variant(impersonation):
                token, _ = self.token_by_trust(
                    self.user, trustee, impersonation
                )
                self.describe(
                    token,
                    user_members(user),
                    project_members(self.project),
                    role_members('member', 'reader'),
                )

    def test_derived_token_is_described_with_its_own_audit_id(self):
        """G04: jti identifies this token."""
        token = self.token_by_password(self.user)
        self.describe(
            self.token_by_token(token, {'project': {'id': self.project.id}}),
            user_members(self.user),
            project_members(self.project),
            role_members('member', 'reader'),
        )

    def test_role_that_no_scope_can_contain_is_only_in_the_roles(self):
        """G04: a client would read it as three scopes."""
        user, client = self.new_client('heat stack owner')
        self.describe(
            self.issue(client),
            user_members(user),
            {'project': self.introspect(self.issue(client)).json['project']},
            client_id=client.id,
            roles='heat stack owner',
        )

    def test_role_with_a_comma_is_omitted_from_the_roles(self):
        """G04: or it would be read as two, one of them admin."""
        _, client = self.new_client('reader', 'evil,admin')
        answer = self.introspect(self.issue(client))
        self.assertEqual('reader', answer.json['roles'])
        self.assertEqual('evil,admin reader', answer.json['scope'])

    def test_access_rules_are_returned_to_a_caller_that_enforces_them(self):
        """G03: for other callers the token is inactive."""
        rule = {'path': '/v2.1/servers', 'method': 'GET', 'service': 'compute'}
        client = self.identity.create_application_credential(
            self.user, access_rules=[rule]
        )
        token = self.issue(client)
        self.assertThat(self.introspect(token), tokens.INACTIVE)
        answer = self.introspect(
            token, headers={'OpenStack-Identity-Access-Rules': '1.0'}
        )
        rule['id'] = answer.json['access_rules'][0]['id']
        self.assert_described(
            {
                **user_members(self.user),
                **project_members(self.project),
                **role_members('member', 'reader'),
                'client_id': client.id,
                'access_rules': [rule],
            },
            token,
            answer,
        )


class AdminProjectTest(tokens.TokensTestCase):
    options = {
        'resource': {
            'admin_project_domain_name': 'Default',
            'admin_project_name': 'admin',
        }
    }

    def test_admin_project_is_marked(self):
        """G04: if one is configured in Keystone."""
        project = {'name': 'admin', 'domain': {'id': 'default'}}
        token = self.admin_token({'project': project})
        body = self.introspect(token).json
        self.assertIs(True, body['is_admin_project'])
        body = self.introspect(self.issue()).json
        self.assertIs(False, body['is_admin_project'])

    def test_without_issuer_there_is_no_iss(self):
        """H02: none is derived from the Host field."""
        body = self.introspect(
            self.issue(), headers={'Host': 'evil.example.com'}
        ).json
        self.assertIs(True, body['active'])
        self.assertNotIn('iss', body)


class FederationTest(tokens.TokensTestCase):
    @classmethod
    def create(cls):
        super().create()
        group = cls.put('/v3/groups', 'group', name='people')
        cls.put(
            f'/v3/projects/{cls.project.id}/groups/{group["id"]}'
            f'/roles/{cls.identity.role_id("reader")}'
        )
        cls.identity.create_mapping(
            'federation',
            [
                {
                    'local': [
                        {'user': {'name': '{0}'}, 'group': {'id': group['id']}}
                    ],
                    'remote': [{'type': 'REMOTE_USER'}],
                }
            ],
        )
        provider = '/v3/OS-FEDERATION/identity_providers/provider'
        cls.put(
            provider, 'identity_provider', enabled=True, remote_ids=['remote']
        )
        cls.put(
            f'{provider}/protocols/mapped',
            'protocol',
            mapping_id='federation',
            remote_id_attribute='REMOTE_PROVIDER',
        )
        cls.login = f'{provider}/protocols/mapped/auth'

    @classmethod
    def put(cls, path, key=None, **attributes):
        """Create a resource with Keystone's API."""
        method = 'POST' if path == '/v3/groups' else 'PUT'
        body = {key: attributes} if key else None
        answer = cls.identity.as_admin(method, path, json=body)
        assert answer.status in (201, 204), answer.text
        return answer.json[key] if key else None

    def test_token_of_a_federated_user_is_described(self):
        """G04: unscoped, and scoped to a project of a group."""
        answer = self.keystone.request(
            'POST',
            self.login,
            environ={'REMOTE_USER': 'alice', 'REMOTE_PROVIDER': 'remote'},
        )
        self.assertEqual(201, answer.status, answer.text)
        user = answer.json['token']['user']
        members = {
            'sub': user['id'],
            'username': 'alice',
            'user': {
                'id': user['id'],
                'name': 'alice',
                'domain': user['domain'],
            },
        }
        token = answer.headers['X-Subject-Token']
        self.assert_described(members, token, self.introspect(token))
        token = self.token_by_token(
            token, {'project': {'id': self.project.id}}
        )
        self.assert_described(
            {
                **members,
                **project_members(self.project),
                **role_members('reader'),
            },
            token,
            self.introspect(token),
        )
