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

from keystone_oauth2.tests.support import base

INTROSPECT = '/v3/OS-OAUTH2/introspect'
REVOKE = '/v3/OS-OAUTH2/revoke'


class RequestContextTest(base.KeystoneTestCase):
    """Threads share a cache, as workers share memcached."""

    options = {'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'}}

    def test_token_revoked_elsewhere_after_introspection_is_refused(self):
        """At the next request, whatever this thread has cached."""
        answer = self.post_as(self.client)
        token = answer.json['access_token']
        form = f'token={token}'
        answer = self.post_as(self.client, form, path=INTROSPECT)
        self.assertIs(True, answer.json['active'])
        elsewhere = threading.Thread(
            target=self.post_as,
            args=(self.client, form),
            kwargs={'path': REVOKE},
        )
        elsewhere.start()
        elsewhere.join()
        answer = self.keystone.request('GET', '/v3/auth/projects', token=token)
        self.assertEqual(401, answer.status)

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
