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

"""Tokens that Keystone's cache still accepts after another worker's change."""

import datetime
import uuid

from oslo_utils import timeutils

from keystone_oauth2.tests.functional import clients

# Microseconds since 1970.
LONG_AGO = 0


class StaleTokenTest(clients.ClientsTestCase):
    """Keystone caches everything that it looks up for a token."""

    options = {
        'cache': {'backend': 'oslo_cache.dict'},
        **clients.OPTIONS,
    }

    def setUp(self):
        super().setUp()
        self.domain = self.identity.create_domain()
        self.home = self.identity.create_project(domain=self.domain)
        self.users_domain = self.identity.create_domain()
        self.owner = self.new_owner(['member'])

    def new_owner(self, roles):
        user = self.identity.create_user(domain=self.users_domain)
        for role in roles:
            self.identity.assign(user, role, self.home)
        return user

    def as_another_worker(self, statement, **parameters):
        """Change a row without Keystone's cache noticing."""
        self.execute(statement, **parameters)

    def set_enabled(self, table, resource, enabled):
        self.as_another_worker(
            f'UPDATE "{table}" SET enabled = :enabled WHERE id = :id',
            enabled=enabled,
            id=resource.id,
        )

    def operations(self):
        """Return all operations that change a client."""
        return (
            ('POST', '/secrets', {'secret': {}}),
            ('PATCH', '', {'client': {'authentication_methods': None}}),
            ('DELETE', f'/secrets/{self.own.id}', None),
            ('DELETE', f'/secrets/{self.secret["id"]}', None),
        )

    def assert_changes_nothing(self, token, *operation):
        """Assert that a token accepted by Keystone changes nothing."""
        before = self.rows()
        answer = self.keystone.request('GET', '/v3/auth/catalog', token=token)
        self.assertEqual(200, answer.status, 'Keystone has noticed')
        answer = self.manage(*operation, token=token)
        self.assertThat(answer, clients.IsKeystoneError(401))
        self.assertEqual(before, self.rows())

    def rows(self):
        return [
            self.execute(
                f'SELECT * FROM {table} WHERE client_id = :id', id=self.own.id
            )
            for table in ('oauth2_client', clients.AUTHENTICATORS)
        ]

    def with_secret(self):
        """Create a client with a secret, and fill Keystone's cache."""
        self.own = self.identity.create_application_credential(
            self.owner, project=self.home
        )
        self.token = self.identity.token_for(self.owner, self.home)
        self.secret = self.register('secret', token=self.token)
        self.manage('GET', token=self.token)
        self.keystone.request('GET', '/v3/auth/catalog', token=self.token)

    def test_disabled_owner_changes_nothing(self):
        """K03: nor does a secret appear once the owner is enabled again."""
        self.with_secret()
        for table, resource in (
            ('user', self.owner),
            ('project', self.users_domain),
            ('project', self.home),
            ('project', self.domain),
        ):
            for operation in self.operations():
                with self.variant((table, resource, operation)):
                    self.set_enabled(table, resource, False)
                    self.assert_changes_nothing(self.token, *operation)
                    self.set_enabled(table, resource, True)
                    self.identity.update(resource, description='known again')
                    self.with_secret()

    def test_owner_removed_from_a_group_changes_nothing(self):
        """K03: the current roles of the owner apply."""
        group = self.identity.as_admin(
            'POST',
            '/v3/groups',
            json={
                'group': {
                    'name': uuid.uuid4().hex,
                    'domain_id': self.users_domain.id,
                }
            },
        ).json['group']
        self.owner = self.new_owner([])
        role_id = self.identity.role_id('member')
        for path in (
            f'/v3/groups/{group["id"]}/users/{self.owner.id}',
            f'/v3/projects/{self.home.id}/groups/{group["id"]}/roles/{role_id}',
        ):
            self.assertEqual(204, self.identity.as_admin('PUT', path).status)
        self.with_secret()
        self.as_another_worker(
            'DELETE FROM user_group_membership WHERE user_id = :id',
            id=self.owner.id,
        )
        before = self.rows()
        for operation in self.operations():
            with self.variant(operation):
                answer = self.manage(*operation, token=self.token)
                self.assertThat(answer, clients.IsKeystoneError(403))
        self.assertEqual(before, self.rows())

    def test_revoked_token_changes_nothing(self):
        """K03: for example, all tokens of a user with a new password."""
        self.with_secret()
        now = timeutils.utcnow() + datetime.timedelta(seconds=1)
        self.as_another_worker(
            'INSERT INTO revocation_event (user_id, issued_before, revoked_at)'
            ' VALUES (:user, :now, :now)',
            user=self.owner.id,
            now=now.replace(microsecond=0),
        )
        for operation in self.operations():
            with self.variant(operation):
                self.assert_changes_nothing(self.token, *operation)

    def test_deleted_application_credential_changes_nothing(self):
        """K03: the token is that of another client of the same owner."""
        for statement, parameters in (
            (
                'UPDATE application_credential SET expires_at = :end '
                'WHERE id = :id',
                {'end': LONG_AGO},
            ),
            # After DELETE, SQLite would pass its roles on to the next row.
            (
                'UPDATE application_credential SET id = :gone WHERE id = :id',
                {'gone': uuid.uuid4().hex},
            ),
        ):
            with self.variant(statement):
                self.with_secret()
                other = self.identity.create_application_credential(
                    self.owner, project=self.home, unrestricted=True
                )
                token = self.token_of_keystone(**other._asdict()).headers[
                    'X-Subject-Token'
                ]
                self.register('secret', token=token)
                self.as_another_worker(statement, id=other.id, **parameters)
                for operation in self.operations():
                    self.assert_changes_nothing(token, *operation)

    def test_disabled_administrator_removes_nothing(self):
        """K03: this holds for every caller."""
        self.with_secret()
        admin = self.new_owner(['admin'])
        token = self.identity.token_for(admin, self.home)
        rest = f'/secrets/{self.secret["id"]}'
        answer = self.manage('GET', rest, token=token)
        self.assertEqual(200, answer.status, answer.text)
        self.set_enabled('user', admin, False)
        answer = self.manage('DELETE', rest, token=token)
        self.assertThat(answer, clients.IsKeystoneError(401))
        self.set_enabled('user', admin, True)
        self.identity.update(admin, description='known again')
        # Keystone 30 has revoked the old one.
        token = self.identity.token_for(admin, self.home)
        self.remove('secret', self.secret, token=token)

    def test_administrator_removes_authenticators_of_a_disabled_owner(self):
        """K01: the first step in an incident."""
        self.with_secret()
        self.identity.disable(self.owner)
        token = self.identity.admin_token()
        self.remove('secret', self.secret, token=token)
