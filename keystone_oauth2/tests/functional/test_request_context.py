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


"""What a worker remembers of a request that is over: nothing."""

import threading

from keystone_oauth2.tests.functional import base

INTROSPECT = '/v3/OS-OAUTH2/introspect'
REVOKE = '/v3/OS-OAUTH2/revoke'


class RequestContextTest(base.KeystoneTestCase):
    """Threads share a cache, as workers share memcached."""

    options = {'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'}}

    def test_revoked_elsewhere_after_introspection(self):
        """The very next request is refused, whatever came before it."""
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
