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

"""Clients of federated users lose access when their users do.

A test asks Keystone first, then the extension, which has no better memory than
Keystone's caches, and consults the database for the user.
"""

from keystoneauth1 import exceptions

from functional import federation
from functional.federation import ALL
from functional.federation import NONE


class FederationTests:
    """What happens to users, and to what makes them."""

    def test_whole_life(self):
        """Tokens work as for other users."""
        self.assert_whole_life(client=self.client)

    def test_mapping_changes(self):
        """It applies from the next login of the user on."""
        local = [{'user': {'name': '{0}'}, 'group': {'id': self.guests['id']}}]
        self.identity.update_mapping(
            self.mapping,
            [{'local': local, 'remote': [{'type': 'HTTP_OIDC_SUB'}]}],
        )
        self.assert_accepted(ALL)
        self.log_in()
        self.assert_accepted(NONE)

    def test_group_left_at_the_provider(self):
        """It applies from the next login of the user on.

        A user who returns to the group has the client again.
        """
        self.provider.change_groups(self.account, self.guests['name'])
        self.assert_accepted(ALL)
        self.log_in()
        self.assert_accepted(NONE)
        self.provider.change_groups(self.account, self.group['name'])
        self.log_in()
        # Keystone may have revoked the tokens meanwhile.
        self.assertEqual(
            ALL - federation.WITH_TOKEN,
            self.accepted() - federation.WITH_TOKEN,
        )

    def test_identity_provider_disabled(self):
        """No user can log in; clients work as long as memberships last."""
        change = {'enabled': False}
        self.ask('PATCH', self.provider_path, 200, identity_provider=change)
        self.assertRaises(exceptions.Forbidden, self.log_in)
        self.assert_accepted(ALL)

    def test_identity_provider_deleted(self):
        """Keystone deletes its users."""
        self.ask('DELETE', self.provider_path, 204)
        self.assert_users_deleted()

    def test_protocol_deleted(self):
        """Keystone deletes its users."""
        self.ask('DELETE', f'{self.provider_path}/protocols/openid', 204)
        self.assert_users_deleted()

    def test_user_disabled(self):
        self.identity.disable(self.user)
        self.assert_accepted(NONE)

    def test_user_deleted(self):
        self.identity.delete(self.user)
        self.assert_accepted(NONE)

    def test_domain_of_the_identity_provider_disabled(self):
        found = self.ask('GET', self.provider_path, 200)
        path = f'/v3/domains/{found["identity_provider"]["domain_id"]}'
        self.ask('PATCH', path, 200, domain={'enabled': False})
        self.assert_accepted(NONE)

    def test_role_of_the_group_removed(self):
        """The application credential remains, and works with a new role."""
        self.ask('DELETE', self.role_path, 204)
        self.assert_accepted(NONE)
        self.ask('PUT', self.role_path, 204)
        self.assert_accepted(ALL)

    def test_group_deleted(self):
        self.ask('DELETE', f'/v3/groups/{self.group["id"]}', 204)
        self.assert_accepted(NONE)

    def assert_users_deleted(self):
        """Assert that no request is accepted once a grant was refused.

        The cache may still have the user until then.
        """
        self.assertEqual(NONE, self.accepted() & federation.GRANTS)
        self.assert_accepted(NONE)


class PostgreSQLTest(FederationTests, federation.FederationTestCase):
    database = 'postgresql'

    def assert_users_deleted(self):
        """Without a cache, nothing is accepted."""
        self.assert_accepted(NONE)


class MariaDBMemcachedTest(FederationTests, federation.FederationTestCase):
    database = 'mysql'
    cache = 'memcached'
