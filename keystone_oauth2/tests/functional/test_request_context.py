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


"""What a worker keeps of a finished request: only what its log needs."""

import contextlib
import threading

from oslo_context import context
from werkzeug import exceptions

from keystone_oauth2.tests.support import digests

INTROSPECT = '/v3/OS-OAUTH2/introspect'
REVOKE = '/v3/OS-OAUTH2/revoke'


class RequestContextTest(digests.DigestTestCase):
    """Threads share a cache, as workers share memcached."""

    options = {'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'}}

    def test_token_revoked_elsewhere_is_refused(self):
        """At the next request, whatever this thread has cached."""
        for name, request in (
            ('introspection', self.introspect),
            ('validation', self.identity.validate),
            ('use', self.use),
            (
                'enforced use',
                lambda token: self.keystone.request(
                    'GET', f'/v3/users/{self.user.id}', token=token
                ),
            ),
        ):
            with self.variant(name):
                token = self.post_as(self.client).json['access_token']
                self.assertEqual(200, self.use(token).status)
                self.assertEqual(200, request(token).status)
                self.elsewhere(self.revoke, token)
                self.assertEqual(401, self.use(token).status)

    def introspect(self, token):
        return self.post_as(self.client, f'token={token}', path=INTROSPECT)

    def revoke(self, token):
        return self.post_as(self.client, f'token={token}', path=REVOKE)

    def use(self, token):
        return self.keystone.request('GET', '/v3/auth/projects', token=token)

    def test_only_the_context_for_the_log_is_kept(self):
        """Caller and request id; no token, nothing from the cache.

        Also if Keystone does not handle an exception: uWSGI logs it after the
        end of the request. Keystone fails if werkzeug redirects.
        """
        token = self.identity.token_for(self.user)
        for path in ('/v3/auth/projects', '/v3/users//x'):
            with contextlib.suppress(exceptions.HTTPException):
                self.keystone.request('PUT', path, token=token)
            left = context.get_current()
            with self.variant(path):
                self.assertEqual(self.user.id, left.user_id)
                self.assertEqual(self.project.id, left.project_id)
                self.assertIn(left.request_id, self.new_log())
                self.assertIsNone(left.auth_token)
                self.assertFalse(
                    [name for name in vars(left) if 'cache' in name]
                )

    def test_credential_deleted_elsewhere_is_refused(self):
        user, client = self.new_client()
        token = self.post_as(client).json['access_token']
        self.assertEqual(200, self.identity.validate(token).status)
        self.elsewhere(
            self.identity.delete_application_credential, user, client.id
        )
        self.assertIn(self.use(token).status, (401, 404))

    def test_role_removed_elsewhere_counts(self):
        """Keystone would even cache the token with the role for others."""
        user = self.identity.create_user(self.project, ['member'])
        token = self.identity.token_for(user)
        self.assertEqual(200, self.identity.validate(token).status)
        self.assertEqual(200, self.use(token).status)
        self.elsewhere(self.identity.unassign, user, 'member', self.project)
        for _ in range(2):
            self.assertEqual(401, self.use(token).status)

    def elsewhere(self, function, *arguments):
        """Call a function as if another worker did."""
        thread = threading.Thread(target=function, args=arguments)
        thread.start()
        thread.join()
