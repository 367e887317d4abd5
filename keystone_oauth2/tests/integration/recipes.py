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
import os
import pathlib
import time

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
WRONG = 'a-wrong-secret'


def load(name):
    """Return a recipe as a module."""
    specification = importlib.util.spec_from_file_location(
        name, SAMPLES / f'{name}.py'
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Recipe(authorization_server.AuthorizationServerTestCase):
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
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.secret_file = self.folder / 'secret'
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


class Scenarios:
    """What each recipe does.

    Its ``call`` returns the status of a response, its ``refusal`` the text of
    an error, and its ``token`` the token that it has.
    """

    #: The status of a call with a revoked token.
    status_if_revoked = 200

    def pass_time(self):
        """Let the token come near its end for the client."""
        now = time.time
        self.useFixture(
            fixtures.MonkeyPatch('time.time', lambda: now() + SECONDS)
        )

    def test_many_calls_need_one_token_request(self):
        for url in 3 * self.urls:
            self.assertEqual(200, self.call(url))
        self.assert_requests(1)

    def test_token_is_renewed_before_its_end(self):
        self.assertEqual(200, self.call(self.urls[0]))
        old = self.token()
        self.pass_time()
        self.assertEqual(200, self.call(self.urls[0]))
        self.assertNotEqual(old, self.token())

    def test_revoked_token(self):
        self.assertEqual(200, self.call(self.urls[0]))
        self.revoke(self.token())
        self.assertEqual(self.status_if_revoked, self.call(self.urls[0]))

    def test_refusal_is_what_the_server_said(self):
        self.write_secret(WRONG)
        error = self.refusal()
        self.assertIn('invalid_client', error)
        self.assertIn('Client authentication failed', error)
        self.assertNotIn(WRONG, error)


class SecretFile:
    """What the recipes do that read the secret for each token."""

    def test_rotated_secret_is_used(self):
        self.assertEqual(200, self.call(self.urls[0]))
        rotated = self.register(self.user, self.client, 'secret')
        self.write_secret(WRONG)
        self.pass_time()
        self.assertIn('invalid_client', self.refusal())
        self.write_secret(rotated['secret'])
        self.assertEqual(200, self.call(self.urls[0]))
