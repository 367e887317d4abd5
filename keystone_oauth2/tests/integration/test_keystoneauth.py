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

"""Tests with the plugins of keystoneauth, over TLS."""

from keystoneauth1 import exceptions
from keystoneauth1 import loading
from keystoneauth1 import session

from keystone_oauth2.tests.integration import base


class KeystoneauthTest(base.ServiceTestCase):
    def load(self, plugin, files=None, **options):
        """Return a session with the plugin of a name."""
        loader = loading.get_plugin_loader(plugin)
        return session.Session(
            auth=loader.load_from_options(
                auth_url=f'{self.keystone.url}/v3',
                oauth2_endpoint=self.keystone.url + base.TOKEN,
                **options,
            ),
            verify=str(self.keystone.ca_file),
            cert=tuple(map(str, files)) if files else None,
        )

    def assert_whoami(self, user, method):
        """Assert that the service and Keystone accept the session."""
        path = '/certificate' if method == 'oauth2_credential' else '/secret'
        answer = user.get(self.service.url + path).json()
        self.assertEqual(self.user.name, answer['user'])
        self.assertEqual([method], answer['methods'])
        projects = user.get(f'{self.keystone.url}/v3/auth/projects').json()
        self.assertEqual(
            [self.project.id],
            [project['id'] for project in projects['projects']],
        )

    def test_secret_plugin_reaches_the_service(self):
        user = self.load(
            'v3oauth2clientcredential',
            oauth2_client_id=self.client.id,
            oauth2_client_secret=self.client.secret,
        )
        self.assert_whoami(user, 'application_credential')

    def test_certificate_plugin_reaches_the_service(self):
        user = self.load(
            'v3oauth2mtlsclientcredential',
            self.files,
            oauth2_client_id=self.user.id,
        )
        self.assert_whoami(user, 'oauth2_credential')

    def test_secret_plugin_shows_the_error(self):
        """A13: the user sees the error_description."""
        user = self.load(
            'v3oauth2clientcredential',
            oauth2_client_id=self.client.id,
            oauth2_client_secret=self.client.secret,
        )
        user.auth.oauth2_client_secret = 'wrong'
        error = self.assertRaises(
            exceptions.ClientException, user.get, self.service.url + '/secret'
        )
        self.assertEqual('Client authentication failed.', str(error))

    def test_certificate_plugin_shows_the_error(self):
        """A13: the user sees the same error_description."""
        user = self.load(
            'v3oauth2mtlsclientcredential',
            oauth2_client_id=self.user.id,
        )
        error = self.assertRaises(
            exceptions.ClientException,
            user.get,
            self.service.url + '/certificate',
        )
        self.assertEqual('Client authentication failed.', str(error))
