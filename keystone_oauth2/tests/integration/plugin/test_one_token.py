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

"""How many tokens the plugin requests."""

import time

from keystoneauth1 import exceptions

from keystone_oauth2.tests.integration import misbehaving
from keystone_oauth2.tests.integration.plugin import base

THREADS = 20
CALLS = 1000
#: Seconds.
LIFETIME = 20


class OneTokenTest(base.PluginTestCase):
    def test_a_thousand_calls_of_twenty_threads(self):
        client = self.load()

        def call():
            url = f'{self.keystone.url}/v3'
            return {
                client.get(url).status_code for _ in range(CALLS // THREADS)
            }

        self.assertEqual([{200}] * THREADS, self.at_once(THREADS, call))
        self.assertEqual(1, self.token_requests)
        self.assertEqual(0, self.gateway.count(base.AUTH_TOKENS))

    def test_what_the_token_is_is_asked_once(self):
        client = self.load()
        for _ in range(2):
            self.assertEqual(self.project.id, client.get_project_id())
            self.assertEqual(self.user.id, client.get_user_id())
            url = client.get_endpoint(service_type='identity')
            self.assertTrue(url.startswith(self.gateway.url), url)
        self.assertEqual(1, self.token_requests)
        self.assertEqual(1, self.gateway.count(base.AUTH_TOKENS))

    def test_refused_token_is_replaced_once(self):
        """By one of the threads that meet the refusal."""
        client = self.load()
        first = client.get_token()
        self.assert_calls(client)
        self.revoke(first)
        results = self.at_once(THREADS, lambda: self.call(client))
        self.assertEqual([200] * THREADS, results)
        self.assertEqual(2, self.token_requests)
        self.assertNotEqual(first, client.get_token())

    def test_revoked_before_it_is_known(self):
        client = self.load()
        self.revoke(client.get_token())
        self.assertEqual(self.project.id, client.get_project_id())
        self.assertEqual(2, self.token_requests)

    def test_service_that_refuses_each_token(self):
        client = self.load()
        path = '/refuses'
        self.gateway.misbehave(misbehaving.status(401), path)
        self.assertRaises(
            exceptions.Unauthorized, client.get, self.gateway.url + path
        )
        self.assertEqual(2, self.gateway.count(path))
        self.assertEqual(2, self.token_requests)

    def test_invalidated_by_hand(self):
        client = self.load()
        first = client.get_token()
        self.assertTrue(client.invalidate())
        self.assertFalse(client.invalidate())
        self.assertNotEqual(first, client.get_token())

    def test_new_access_is_a_new_token(self):
        """As the command openstack wants; the session uses it."""
        client = self.load()
        first = client.auth.get_auth_ref(client).auth_token
        self.assertEqual(first, client.get_token())
        second = client.auth.get_auth_ref(client).auth_token
        self.assertNotEqual(first, second)
        self.assertEqual(2, self.token_requests)


class RenewalTest(base.PluginTestCase):
    """Tokens live for some seconds only."""

    options = {
        'oauth2_tokens': {'format': 'jwt'},
        'token': {'expiration': LIFETIME},
    }

    def test_before_the_end(self):
        client = self.load()
        first = client.auth.get_access(client)
        time.sleep(LIFETIME * 3 / 4)
        (token,) = set(self.at_once(THREADS, client.get_token))
        self.assertNotEqual(first.auth_token, token)
        self.assertEqual(2, self.token_requests)
        self.assert_valid(first.auth_token)
        second = client.auth.get_access(client)
        self.assertEqual(token, second.auth_token)
        self.assertGreater(second.expires, first.expires)
