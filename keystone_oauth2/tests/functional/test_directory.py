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

"""Users in a directory, such as LDAP, and what caches contain of them."""

import uuid

from keystone import exception
from keystone.common import provider_api
from keystone.identity.backends import sql

from keystone_oauth2.fixture import _resources
from keystone_oauth2.identity import application_credentials
from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import matchers

PROVIDERS = provider_api.ProviderAPIs
CACHE = {'enabled': True, 'backend': 'dogpile.cache.memory'}


class Directory(sql.Identity):
    """A driver with its own users, beside those of the tests.

    :ivar users: current attributes by id.
    :ivar is_away: whether it cannot be reached.
    """

    is_sql = False

    def __init__(self):
        super().__init__()
        self.users = {}
        self.is_away = False

    def get_user(self, user_id):
        if self.is_away and user_id in self.users:
            raise exception.LDAPServerConnectionError(url='ldap://away')
        try:
            return dict(self.users[user_id])
        except KeyError:
            return super().get_user(user_id)


class DirectoryTest(digests.DigestTestCase):
    """Users from a directory, such as LDAP."""

    options = {'cache': CACHE}

    @classmethod
    def create(cls):
        PROVIDERS.identity_api.driver = Directory()
        super().create()

    def setUp(self):
        super().setUp()
        self.owner = _resources.User(
            uuid.uuid4().hex, 'alice', 'default', None, None, 'x'
        )
        self.change_user(enabled=True)
        self.identity.assign(self.owner, 'member', self.project)
        self.own = self.new_credential()
        self.assertThat(self.post_as(self.own), digests.ISSUED)

    def change_user(self, enabled):
        """Enable or disable the user only in the directory."""
        PROVIDERS.identity_api.driver.users[self.owner.id] = {
            'id': self.owner.id,
            'name': self.owner.name,
            'domain_id': 'default',
            'enabled': enabled,
            'password_expires_at': None,
            'options': {},
        }

    def remove_user(self):
        """Remove the user only from the directory."""
        del PROVIDERS.identity_api.driver.users[self.owner.id]

    def new_credential(self):
        roles = PROVIDERS.role_api.list_roles()
        credential = {
            'id': uuid.uuid4().hex,
            'name': uuid.uuid4().hex,
            'secret': uuid.uuid4().hex,
            'user_id': self.owner.id,
            'project_id': self.project.id,
            'unrestricted': False,
            'roles': [
                role for role in roles if role['name'] in ('member', 'reader')
            ],
        }
        api = PROVIDERS.application_credential_api
        api.create_application_credential(dict(credential))
        return _resources.ApplicationCredential(
            credential['id'], credential['secret']
        )

    def assert_refused(self):
        self.assertThat(self.post_as(self.own), digests.REFUSED)
        # Keystone itself uses its cache; the secret is unchanged.
        self.assertIs(True, application_credentials.check(*self.own))

    def test_user_disabled_in_the_directory_is_refused_at_once(self):
        """K06: the database has no row for that."""
        self.change_user(enabled=False)
        self.assert_refused()
        self.change_user(enabled=True)
        self.assertThat(self.post_as(self.own), digests.ISSUED)

    def test_user_deleted_from_the_directory_is_refused_at_once(self):
        """K06: even if Keystone's cache has the user."""
        self.remove_user()
        self.assert_refused()

    def test_row_of_an_earlier_login_is_ignored(self):
        """K06: it does not follow the directory."""
        self.execute(
            'INSERT INTO "user" (id, domain_id, enabled)'
            " VALUES (:id, 'default', :enabled)",
            id=self.owner.id,
            enabled=True,
        )
        self.assertThat(self.post_as(self.own), digests.ISSUED)
        self.change_user(enabled=False)
        self.assert_refused()

    def test_directory_that_is_away(self):
        """K06: neither a refusal nor a success, also not for its tokens."""
        token = self.post_as(self.own).json['access_token']
        away = matchers.IsOAuthError(503, 'temporarily_unavailable')
        away.headers['Retry-After'] = ['5']
        self.addCleanup(self.set_away, False)
        self.set_away(True)
        self.assertThat(self.post_as(self.own), away)
        self.assertIn('LDAPServerConnectionError', self.new_log())
        for path in ('introspect', 'revoke'):
            answer = self.identity.as_admin(
                'POST', f'/v3/OS-OAUTH2/{path}', form={'token': token}
            )
            self.assertThat(answer, away)
        self.set_away(False)
        self.assertThat(self.post_as(self.own), digests.ISSUED)

    def set_away(self, is_away):
        """Make the directory unavailable, or available."""
        PROVIDERS.identity_api.driver.is_away = is_away
