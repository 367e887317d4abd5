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
"""What the tests of the recipes in the user guide share."""

import importlib.util
import pathlib

import fixtures

from keystone_oauth2 import fixture
from keystone_oauth2.tests.integration import authorization_server

SAMPLES = pathlib.Path('doc/source/user/samples').absolute()
#: In Keystone's log, once for each token request.
REQUEST = 'PATH_INFO: `/v3/OS-OAUTH2/token`'
#: Almost the lifetime of a token.
SECONDS = 3595
#: Behind auth_token, which reads X-Auth-Token, and behind oauth2_token, which
#: reads Authorization.
MOUNTS = ('token', 'secret')
TIMEOUT = 60
WRONG = 'a-wrong-secret'


def load(name):
    """Return a recipe as a module."""
    specification = importlib.util.spec_from_file_location(
        name, SAMPLES / f'{name}.py'
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class RecipeTestCase(authorization_server.AuthorizationServerTestCase):
    """The variables and files of a client, and a service to call."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.use(fixture.ServiceServer(cls.keystone))

    def setUp(self):
        super().setUp()
        for name in (
            'CURL_CA_BUNDLE',
            'NODE_EXTRA_CA_CERTS',
            'REQUESTS_CA_BUNDLE',
            'SSL_CERT_FILE',
        ):
            self.set_variable(name, f'{self.keystone.ca_file}')
        self.set_variable('no_proxy', '127.0.0.1')
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.secret_file = self.home / 'secret'
        self.write_secret(self.client.secret)
        self.before = self.requests()
        self.urls = [f'{self.service.url}/{name}' for name in MOUNTS]

    def set_variable(self, name, value):
        """Set an environment variable for this test."""
        self.useFixture(fixtures.EnvironmentVariable(name, value))

    def write_secret(self, secret):
        """Replace the file with the secret."""
        self.secret_file.write_text(f'{secret}\n')

    def requests(self):
        """Return how many token requests Keystone has had."""
        return self.keystone.log.count(REQUEST)

    def assert_requests(self, number):
        """Assert how many token requests the test has made."""
        self.assertEqual(number, self.requests() - self.before)
