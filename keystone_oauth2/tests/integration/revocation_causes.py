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

"""Each change that revokes tokens."""

import uuid

from keystone_oauth2.tests.support import clients


class Causes:
    """A test for each change.

    The class that uses it has Keystone, and says what a change must lead to,
    in ``assert_revoked_by``.
    """

    def setUp(self):
        super().setUp()
        self.domain = self.identity.create_domain()
        self.home = self.identity.create_project(domain=self.domain)
        self.owner = self.identity.create_user(self.home, ['reader'])
        self.use_client()

    def use_client(self):
        """Create a client of the owner, and get a token."""
        self.owner_files = None
        self.own = self.identity.create_application_credential(self.owner)
        self.token = self.issue(self.own)

    def use_certificate(self, *roles):
        """Make another owner a client itself, and get a token."""
        self.owner = self.identity.create_user(self.home, roles)
        self.owner_files = self.certificate_files(self.owner, 'owner')
        answer = self.https(self.owner_files).request(
            'POST',
            '/v3/OS-OAUTH2/token',
            form={
                'grant_type': 'client_credentials',
                'client_id': self.owner.id,
            },
        )
        self.assertEqual(200, answer.status, answer.text)
        self.token = answer.json['access_token']

    def assert_revoked_by(self, change, *ids, spares_others=True):
        """Assert what follows from a change.

        :param change: makes it.
        :param ids: names of those in the new event.
        :param spares_others: whether the event concerns no token of another
            user.
        """
        raise NotImplementedError

    def as_admin(self, method, path, **arguments):
        answer = self.identity.as_admin(method, path, **arguments)
        self.assertIn(answer.status, (201, 204), answer.text)
        return answer

    def test_credential_deleted(self):
        self.assert_revoked_by(
            lambda: self.identity.delete_application_credential(
                self.owner, self.own.id
            ),
            'client_id',
            'user_id',
        )

    def test_user_disabled(self):
        self.assert_revoked_by(
            lambda: self.identity.disable(self.owner), 'user_id'
        )

    def test_user_deleted(self):
        """The user is a client itself."""
        self.use_certificate('reader')
        self.assert_revoked_by(
            lambda: self.identity.delete(self.owner), 'user_id'
        )

    def test_project_disabled(self):
        self.assert_revoked_by(
            lambda: self.identity.disable(self.home), 'project_id'
        )

    def test_project_deleted(self):
        self.assert_revoked_by(
            lambda: self.identity.delete(self.home), 'project_id'
        )

    def test_domain_disabled(self):
        self.assert_revoked_by(
            lambda: self.identity.disable(self.domain), 'domain_id'
        )

    def test_domain_of_the_user_disabled(self):
        """It need not be that of the project."""
        domain = self.identity.create_domain()
        self.owner = self.identity.create_user(
            self.home, ['reader'], domain=domain
        )
        self.use_client()
        self.assert_revoked_by(
            lambda: self.identity.disable(domain), 'domain_id'
        )

    def test_role_taken_away(self):
        self.assert_revoked_by(
            lambda: self.identity.unassign(self.owner, 'reader'), 'user_id'
        )

    def with_group(self):
        """Give the owner the role by a group only; return its path."""
        answer = self.as_admin(
            'POST',
            '/v3/groups',
            json={'group': {'name': uuid.uuid4().hex}},
        )
        path = f'/v3/groups/{answer.json["group"]["id"]}'
        self.owner = self.identity.create_user(
            domain=self.domain, default_project_id=self.home.id
        )
        self.as_admin('PUT', self.role_of(path))
        self.as_admin('PUT', f'{path}/users/{self.owner.id}')
        self.use_client()
        return path

    def role_of(self, group):
        """Return the path of the role that a group has on the project."""
        role_id = self.identity.role_id('reader')
        return (
            f'/v3/projects/{self.home.id}{group.removeprefix("/v3")}'
            f'/roles/{role_id}'
        )

    def test_group_left(self):
        path = self.with_group()
        self.assert_revoked_by(
            lambda: self.as_admin('DELETE', f'{path}/users/{self.owner.id}'),
            'user_id',
        )

    def test_role_of_a_group_taken_away(self):
        path = self.with_group()
        self.assert_revoked_by(
            lambda: self.as_admin('DELETE', self.role_of(path)), 'project_id'
        )

    def test_group_deleted(self):
        """Keystone does not know all federated users of a group."""
        path = self.with_group()
        self.assert_revoked_by(
            lambda: self.as_admin('DELETE', path), 'project_id'
        )

    def test_inherited_role_of_a_group_taken_away(self):
        """It concerns the projects below."""
        path = self.with_group()
        role = self.role_of(path)
        inherited = role.replace('/v3/', '/v3/OS-INHERIT/')
        self.home_below = self.identity.create_project(
            domain=self.domain, parent_id=self.home.id
        )
        self.as_admin('PUT', f'{inherited}/inherited_to_projects')
        self.own = self.identity.create_application_credential(
            self.owner, project=self.home_below
        )
        self.token = self.issue(self.own)
        self.assert_revoked_by(
            lambda: self.as_admin(
                'DELETE', f'{inherited}/inherited_to_projects'
            ),
            'domain_id',
        )

    def test_role_deleted(self):
        """The token has names of roles only, so it is all tokens."""
        role = uuid.uuid4().hex
        self.owner = self.identity.create_user(self.home, [role])
        self.use_client()
        role_id = self.identity.role_id(role)
        self.assert_revoked_by(
            lambda: self.as_admin('DELETE', f'/v3/roles/{role_id}'),
            spares_others=False,
        )

    def test_password_changed(self):
        self.assert_revoked_by(
            lambda: self.identity.update(
                self.owner, password=uuid.uuid4().hex
            ),
            'user_id',
        )

    def test_revoked_by_its_client(self):
        """G09: by RFC 7009."""
        self.assert_revoked_by(
            lambda: self.revoke(self.token, self.own), 'audit_id', 'user_id'
        )

    def test_revoked_at_keystone(self):
        self.assert_revoked_by(
            lambda: self.as_admin(
                'DELETE',
                '/v3/auth/tokens',
                headers={'X-Subject-Token': self.token},
            ),
            'audit_id',
            'user_id',
        )

    def test_authenticator_removed_with_its_tokens(self):
        """The client has another one, by which it gets new tokens."""
        token = self.identity.token_for(self.owner)
        second = clients.register(
            self.https().request, token, self.own, 'secret'
        )
        path = clients.path_of(self.own, f'/secrets/{self.own.id}')

        def remove():
            answer = self.https().request(
                'DELETE', f'{path}?revoke_tokens=true', token=token
            )
            self.assertEqual(204, answer.status, answer.text)

        self.assert_revoked_by(remove, 'client_id', 'user_id')
        self.own = type(self.own)(self.own.id, second['secret'])
        self.assertTrue(self.issue(self.own))
