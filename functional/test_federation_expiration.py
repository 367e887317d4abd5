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

"""Memberships of federated users expire, as do Keystone's caches."""

import datetime
import time

from functional import federation
from functional.federation import ALL
from functional.federation import NONE
from keystone_oauth2.fixture import _identity

#: Seconds that Keystone's caches keep anything.
CACHE = 10
#: Seconds before the end of a membership from which requests are sent.
LEAD = 3


class ExpirationTests:
    """A membership expires a minute after the login."""

    authorization_ttl = 1
    #: Seconds until the roles in the cache have expired, and tokens with them.
    roles_in_cache = 0
    tokens_in_cache = 0

    def test_membership_expires(self):
        """Another login renews it; the client works as before."""
        end = self.end_of_membership()
        time.sleep(max(0, end - LEAD - time.time()))
        accepted = ALL
        while accepted:
            started = time.time()
            accepted = self.accepted()
            if time.time() < end:
                self.assertEqual(ALL, accepted)
            if started > end + self.roles_in_cache:
                self.assertEqual(NONE, accepted - federation.WITH_TOKEN)
            if started > end + self.roles_in_cache + self.tokens_in_cache:
                self.assertEqual(NONE, accepted)
        self.assertGreater(self.login_renews_membership(), end)

    def login_renews_membership(self):
        """Log in, wait for the roles in the cache, and return the end."""
        self.log_in()
        renewed = time.time()
        accepted = NONE
        while accepted != ALL:
            started = time.time()
            accepted = self.accepted()
            if started > renewed + self.roles_in_cache:
                self.assertEqual(ALL, accepted)
        return self.end_of_membership()

    def end_of_membership(self):
        """Return when Keystone says that the membership expires."""
        path = f'/v3/users/{self.user.id}/groups'
        (group,) = self.ask('GET', path, 200)['groups']
        text = group['membership_expires_at'].rstrip('Z')
        end = datetime.datetime.fromisoformat(text)
        return end.replace(tzinfo=datetime.timezone.utc).timestamp()


class NoCacheTest(ExpirationTests, federation.FederationTestCase):
    """Without a cache, the first request after the end is refused."""

    def test_memberships_not_recorded(self):
        """The user then needs a role without the group."""
        change = {'authorization_ttl': 0}
        self.ask('PATCH', self.provider_path, 200, identity_provider=change)
        self.assert_accepted(NONE)
        token = self.log_in(self.project).auth_token
        self.assertRaises(
            _identity.UnexpectedAnswer,
            self.identity.create_application_credential,
            self.user,
            token=token,
        )
        self.assert_accepted(NONE)
        self.identity.assign(self.user, 'member', self.project)
        self.assert_accepted(ALL)


class MemcachedTest(ExpirationTests, federation.FederationTestCase):
    """With a cache, it takes until the roles in it have expired."""

    database = 'postgresql'
    cache = 'memcached'
    options = {
        **federation.FederationTestCase.options,
        'cache': {'expiration_time': f'{CACHE}'},
        'identity': {'password_hash_rounds': '4', 'cache_time': f'{CACHE}'},
        'revoke': {'cache_time': f'{CACHE}'},
    }
    roles_in_cache = CACHE
    tokens_in_cache = CACHE

    def test_identity_provider_deleted(self):
        """Keystone accepts its users until they have left the cache."""
        self.ask('DELETE', self.provider_path, 204)
        deleted = time.time()
        names = ALL - federation.GRANTS
        while self.accepted(names):
            self.assertLess(time.time(), deleted + 2 * CACHE + LEAD)
        self.assertEqual(NONE, self.accepted())
