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

"""Roles that are changed at one worker: all others see it at once."""

import uuid

from functional import base
from functional import test_workers

# In Keystone, member implies reader.
_OF_MEMBERS = frozenset({'member', 'reader'})


class RoleTest(test_workers.WorkersTestCase):
    """All workers see a change of roles at the next token.

    What Keystone computes of them is in the cache that the workers share.
    """

    database = 'mysql'
    cache = 'memcached'

    def setUp(self):
        super().setUp()
        self.project = self.identity.create_project()
        self.user = self.identity.create_user(self.project, ['member'])

    def ask(self, method, path, **body):
        """Change something as the administrator, and return the response."""
        answer = self.identity.as_admin(method, path, **body)
        self.assertIn(answer.status, (201, 204), answer.text)
        return answer

    def create_role(self):
        """Create a role, and return its name and id."""
        name = f'role-{uuid.uuid4().hex}'
        answer = self.ask('POST', '/v3/roles', json={'role': {'name': name}})
        return name, answer.json['role']['id']

    def assert_lost_after(self, change, name):
        """Assert that a new client has a role until a change."""
        client = self.identity.create_application_credential(self.user)
        self.assert_scope({*_OF_MEMBERS, name}, client)
        change()
        self.assert_scope(_OF_MEMBERS, client)

    def assert_scope(self, expected, client):
        answers = self.ask_all(
            lambda: self.post(base.TOKEN, base.GRANT, client=client)
        )
        self.assertEqual(
            {frozenset(expected)},
            {frozenset(answer.json['scope'].split()) for answer in answers},
        )

    def test_group_left(self):
        name, role_id = self.create_role()
        group = self.ask(
            'POST', '/v3/groups', json={'group': {'name': name}}
        ).json['group']
        self.ask(
            'PUT',
            f'/v3/projects/{self.project.id}/groups/{group["id"]}/roles/'
            f'{role_id}',
        )
        membership = f'/v3/groups/{group["id"]}/users/{self.user.id}'
        self.ask('PUT', membership)
        self.assert_lost_after(lambda: self.ask('DELETE', membership), name)

    def test_implied_role_removed(self):
        name, role_id = self.create_role()
        member = self.identity.role_id('member')
        implication = f'/v3/roles/{member}/implies/{role_id}'
        self.ask('PUT', implication)
        self.assert_lost_after(lambda: self.ask('DELETE', implication), name)

    def test_role_deleted(self):
        name, role_id = self.create_role()
        member = self.identity.role_id('member')
        self.ask('PUT', f'/v3/roles/{member}/implies/{role_id}')
        self.assert_lost_after(
            lambda: self.ask('DELETE', f'/v3/roles/{role_id}'), name
        )

    def test_role_taken_away(self):
        """Keystone deletes the application credentials as well."""
        client = self.identity.create_application_credential(self.user)
        self.assert_scope(_OF_MEMBERS, client)
        self.identity.unassign(self.user, 'member', self.project)
        statuses = self.ask_all(lambda: self.status_of_grant(client=client))
        self.assertEqual({401}, set(statuses))
