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
"""The recipes for Python in the user guide, each behind the same interface.

``call`` returns the status of a response, and ``token`` the token that the
recipe has now. ``call_at_once`` calls URLs at the same time.
"""

import asyncio
from concurrent import futures

import authlib
from authlib.integrations import base_client
import httpx2
from oauthlib import oauth2

from keystone_oauth2.tests.integration import recipes


class RequestsOAuthlib:
    refusals = oauth2.OAuth2Error
    status_if_revoked = 200
    reads_secret_again = True

    def __init__(self, issuer, client_id, secret_file, **_):
        recipe = recipes.load('recipe_requests_oauthlib')
        self.session = recipe.Session(issuer, client_id, secret_file)

    def close(self):
        """Close its connections."""
        self.session.close()

    def call(self, url):
        """Return the status of a response."""
        return self.session.call('GET', url).status_code

    def token(self):
        """Return its token."""
        return self.session.token['access_token']

    def pass_time(self):
        """Make the token almost as old as it can be."""
        self.session.token['expires_at'] -= recipes.SECONDS


class HTTPX2:
    refusals = httpx2.HTTPStatusError
    status_if_revoked = 200
    reads_secret_again = True

    def __init__(self, issuer, client_id, secret_file, **_):
        self.auth = recipes.load('recipe_httpx2').ClientCredentials(
            issuer, client_id, secret_file
        )
        self.session = httpx2.Client(auth=self.auth, timeout=recipes.TIMEOUT)

    def close(self):
        """Close its connections."""
        self.session.close()

    def call(self, url):
        """Return the status of a response."""
        return self.session.get(url).status_code

    def call_at_once(self, urls):
        """Return the statuses of responses to threads."""
        with futures.ThreadPoolExecutor(len(urls)) as pool:
            return list(pool.map(self.call, urls))

    def token(self):
        """Return its token."""
        return self.auth.token

    def pass_time(self):
        """Make the token almost as old as it can be."""
        self.auth.renew_at -= recipes.SECONDS


class Authlib:
    refusals = base_client.OAuthError
    status_if_revoked = 401
    reads_secret_again = False

    def __init__(self, issuer, client_id, key_file, **_):
        self.arguments = issuer, client_id, key_file
        self.session = None

    def close(self):
        """Close its connections."""
        if self.session is not None:
            self.session.close()

    def call(self, url):
        """Return the status of a response."""
        if self.session is None:
            connect = recipes.load('recipe_authlib').session
            self.session = connect(*self.arguments)
        return self.session.get(url).status_code

    def token(self):
        """Return its token."""
        return self.session.token['access_token']

    def pass_time(self):
        """Make the token almost as old as it can be."""
        self.session.token['expires_at'] -= recipes.SECONDS


class AsyncAuthlib(Authlib):
    def __init__(self, issuer, client_id, secret_file, **_):
        super().__init__(issuer, client_id, secret_file)
        self.loop = asyncio.new_event_loop()

    def close(self):
        """Close its connections."""
        if self.session is not None:
            self.loop.run_until_complete(self.session.aclose())
        self.loop.close()

    def call(self, url):
        """Return the status of a response."""
        return self.call_at_once([url])[0]

    def call_at_once(self, urls):
        """Return the statuses of responses to coroutines."""
        return self.loop.run_until_complete(self.gather(urls))

    async def gather(self, urls):
        """Return the statuses of responses."""
        if self.session is None:
            connect = recipes.load('recipe_authlib_async').client
            self.session = await connect(*self.arguments)
        answers = await asyncio.gather(*map(self.session.get, urls))
        return [answer.status_code for answer in answers]


#: Older ones know neither HTTPX2 nor the keys of joserfc.
NEW_AUTHLIB = tuple(map(int, authlib.__version__.split('.')[:2])) >= (1, 8)
AUTHLIB = (Authlib, AsyncAuthlib) if NEW_AUTHLIB else ()
RECIPES = (RequestsOAuthlib, HTTPX2, *AUTHLIB)
