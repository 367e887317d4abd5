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
"""The recipes for Python in the user guide, with a real Keystone."""

import asyncio
from concurrent import futures
import unittest

import authlib
from authlib.integrations import base_client
import fixtures
import httpx2
from oauthlib import oauth2

from keystone_oauth2.tests.integration import recipes

#: Older ones do not know HTTPX2, and keys of joserfc.
AUTHLIB = tuple(map(int, authlib.__version__.split('.')[:2])) >= (1, 8)
NEW_AUTHLIB = unittest.skipUnless(AUTHLIB, 'The recipe needs Authlib 1.8.')
THREADS = 10


class RequestsOAuthlibTest(
    recipes.Scenarios, recipes.SecretFile, recipes.Recipe
):
    def setUp(self):
        super().setUp()
        self.session = recipes.load('recipe_requests_oauthlib').Session(
            self.issuer, self.client.id, self.secret_file
        )
        self.addCleanup(self.session.close)

    def call(self, url):
        return self.session.call('GET', url).status_code

    def refusal(self):
        return str(
            self.assertRaises(oauth2.OAuth2Error, self.call, self.urls[0])
        )

    def token(self):
        return self.session.token['access_token']


class HTTPX2Test(recipes.Scenarios, recipes.SecretFile, recipes.Recipe):
    def setUp(self):
        super().setUp()
        self.auth = recipes.load('recipe_httpx2').ClientCredentials(
            self.issuer, self.client.id, self.secret_file
        )
        self.session = httpx2.Client(auth=self.auth)
        self.addCleanup(self.session.close)

    def call(self, url):
        return self.session.get(url).status_code

    def refusal(self):
        return str(
            self.assertRaises(httpx2.HTTPStatusError, self.call, self.urls[0])
        )

    def token(self):
        return self.auth.token

    def test_threads_share_a_token(self):
        with futures.ThreadPoolExecutor(THREADS) as pool:
            statuses = list(pool.map(self.call, THREADS * self.urls))
        self.assertEqual({200}, set(statuses))
        self.assert_requests(1)

    def test_threads_renew_a_revoked_token_once(self):
        self.assertEqual(200, self.call(self.urls[0]))
        self.revoke(self.token())
        with futures.ThreadPoolExecutor(THREADS) as pool:
            statuses = list(pool.map(self.call, THREADS * self.urls))
        self.assertEqual({200}, set(statuses))
        self.assert_requests(2)


@NEW_AUTHLIB
class AuthlibTest(recipes.Scenarios, recipes.Recipe):
    """The recipe with a key."""

    status_if_revoked = 401

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer = cls.register_key(cls.user, cls.client)

    def setUp(self):
        super().setUp()
        self.connect = recipes.load('recipe_authlib').session
        self.session = None
        self.key_file = self.folder / 'client.key'
        self.key_file.write_text(self.signer.pem)

    def call(self, url):
        if self.session is None:
            self.session = self.connect(
                self.issuer, self.client.id, self.key_file
            )
            self.addCleanup(self.session.close)
        return self.session.get(url).status_code

    def pass_time(self):
        # With another clock, the client would sign in the future.
        self.session.token['expires_at'] -= recipes.SECONDS

    def refusal(self):
        stranger = self.register_key(
            self.user, self.identity.create_application_credential(self.user)
        )
        self.key_file.write_text(stranger.pem)
        return str(
            self.assertRaises(
                base_client.OAuthError, self.call, self.urls[0]
            )
        )

    def token(self):
        return self.session.token['access_token']


@NEW_AUTHLIB
class AsyncAuthlibTest(recipes.Scenarios, recipes.Recipe):
    status_if_revoked = 401

    def setUp(self):
        super().setUp()
        self.connect = recipes.load('recipe_authlib_async').client
        self.runner = self.useFixture(EventLoop())
        self.session = None

    def call(self, url):
        return self.runner.run(self.call_all([url]))[0]

    async def call_all(self, urls):
        """Return the statuses of simultaneous calls."""
        if self.session is None:
            self.session = await self.connect(
                self.issuer, self.client.id, self.secret_file
            )
            self.addCleanup(self.close)
        answers = await asyncio.gather(*map(self.session.get, urls))
        return [answer.status_code for answer in answers]

    def close(self):
        self.runner.run(self.session.aclose())

    def refusal(self):
        return str(
            self.assertRaises(
                base_client.OAuthError, self.call, self.urls[0]
            )
        )

    def token(self):
        return self.session.token['access_token']

    def test_simultaneous_calls_share_a_token(self):
        self.assertEqual(200, self.call(self.urls[0]))
        self.pass_time()
        statuses = self.runner.run(self.call_all(THREADS * self.urls))
        self.assertEqual({200}, set(statuses))
        self.assertNotEqual(0, self.requests() - self.before)


class EventLoop(fixtures.Fixture):
    """An event loop for one test."""

    def _setUp(self):
        self._loop = asyncio.new_event_loop()
        self.addCleanup(self._loop.close)

    def run(self, coroutine):
        """Return the result of a coroutine."""
        return self._loop.run_until_complete(coroutine)
