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

"""Clients that use the plugin ``v3oauth2client`` against a real Keystone."""

import pathlib
import threading

from keystoneauth1 import loading
from keystoneauth1 import session

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration import misbehaving

TOKEN = '/v3/OS-OAUTH2/token'
AUTH_TOKENS = misbehaving.TOKENS
METADATA = '/.well-known/oauth-authorization-server/v3'
_SECONDS = 120


class PluginTestCase(authorization_server.AuthorizationServerTestCase):
    """Keystone issues JWTs; between it and the plugin, requests are counted.

    Sessions call Keystone itself, so that these calls are not counted.
    """

    provider = 'oauth2_fernet'
    options = {'oauth2_tokens': {'format': 'jwt'}}

    def setUp(self):
        super().setUp()
        self.gateway = self.useFixture(misbehaving.Gateway(self.keystone))

    @property
    def token_requests(self):
        """How many token requests came."""
        return self.gateway.count(TOKEN, 'POST')

    def load(self, **options):
        """Return a session with the plugin.

        :param options: by default, the client and its secret.
        """
        if 'oauth2_client_id' not in options:
            options['oauth2_client_id'] = self.client.id
            options['oauth2_client_secret'] = self.client.secret
        loader = loading.get_plugin_loader('v3oauth2client')
        given = {'auth_url': self.gateway.url, **options}
        return session.Session(
            auth=loader.load_from_options(**given),
            verify=str(self.keystone.ca_file),
            timeout=_SECONDS,
        )

    def load_with_key(self, client, path, **options):
        """Return a session of a client with a key file.

        An assertion is for the issuer, which has another URL.
        """
        return self.load(
            oauth2_authorization_server=self.issuer,
            oauth2_endpoint=self.gateway.url + TOKEN,
            oauth2_client_id=client.id,
            oauth2_key_file=str(path),
            **options,
        )

    def call(self, client):
        """Return the status of a call that needs a token."""
        url = f'{self.keystone.url}/v3/auth/projects'
        return client.get(url, raise_exc=False).status_code

    def assert_calls(self, client):
        """Assert that Keystone accepts a call of a session."""
        self.assertEqual(200, self.call(client))

    def file(self, name, content):
        """Write a file, and return its path."""
        path = pathlib.Path(self.keystone.folder, name)
        path.write_text(content)
        return path

    def at_once(self, count, function):
        """Call a function in several threads, and return the results."""
        results = []
        barrier = threading.Barrier(count, timeout=_SECONDS)

        def run():
            barrier.wait()
            try:
                results.append(function())
            except Exception as error:  # noqa: BLE001
                results.append(error)

        threads = [threading.Thread(target=run) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_SECONDS)
        self.assertEqual(count, len(results))
        return results
