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

"""The plugin where users name it: in clouds.yaml, in options, in OS_*."""

import os
import subprocess

import keyring
from keyring import backend
from openstack import config
from openstack import connection
from oslo_serialization import jsonutils

from keystone_oauth2.tests.integration import test_openstack
from keystone_oauth2.tests.integration.plugin import base

TYPE = 'v3oauth2client'


class Keyring(backend.KeyringBackend):
    """Keeps passwords in memory."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.passwords = {}

    def get_password(self, service, username):
        return self.passwords.get((service, username))

    def set_password(self, service, username, password):
        self.passwords[service, username] = password

    def delete_password(self, service, username):
        del self.passwords[service, username]


class OpenStackTest(base.PluginTestCase):
    def setUp(self):
        super().setUp()
        self.secret_file = self.file('secret', f'{self.client.secret}\n')
        self.auth = {
            'auth_url': self.gateway.url,
            'oauth2_client_id': self.client.id,
            'oauth2_client_secret_file': str(self.secret_file),
        }

    def clouds(self, **members):
        """Write clouds.yaml with one cloud, and return its path."""
        cloud = {
            'auth_type': TYPE,
            'auth': self.auth,
            'cacert': str(self.keystone.ca_file),
            'region_name': 'RegionOne',
        }
        content = {'clouds': {'mine': cloud}, **members}
        return str(self.file('clouds.yaml', jsonutils.dumps(content)))

    def connect(self, **members):
        """Return a connection of openstacksdk."""
        found = config.OpenStackConfig(
            config_files=[self.clouds(**members)], load_envvars=False
        ).get_one('mine')
        return connection.Connection(config=found)

    def run_openstack(self, *arguments, **variables):
        """Run the command with some variables, and return what it shows.

        In a process of its own: it keeps clients for the whole process.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        done = subprocess.run(
            [*test_openstack.COMMAND, *arguments],
            env={**kept, 'NO_PROXY': '127.0.0.1', **variables},
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout, done.stderr

    def assert_own_project(self, shown):
        """Assert that a command has shown the client's project."""
        (project,) = jsonutils.loads(shown)
        self.assertEqual(self.project.id, project['ID'])

    def test_sdk(self):
        connected = self.connect()
        self.addCleanup(connected.close)
        for _ in range(2):
            project = connected.identity.get_project(self.project.id)
            self.assertEqual(self.project.name, project.name)
        self.assertEqual(1, self.token_requests)

    def test_cached_token(self):
        """The key of the cache has no secret, and no token is requested."""
        found = Keyring()
        self.addCleanup(keyring.set_keyring, keyring.get_keyring())
        keyring.set_keyring(found)
        for _ in range(3):
            connected = self.connect(cache={'auth': True})
            self.assertEqual(self.project.id, connected.current_project_id)
            connected.config.set_auth_cache()
            connected.close()
        self.assertEqual(1, self.token_requests)
        (key,) = found.passwords
        auth = connected.config.get_auth()
        self.assertEqual(('openstacksdk', auth.get_cache_id()), key)
        self.assertNotIn(self.client.secret, str(auth.get_cache_id_elements()))
        self.assertNotIn(self.client.secret, str(found.passwords))
        # A refused token is not kept.
        self.revoke(auth.get_token(connected.session))
        connected = self.connect(cache={'auth': True})
        self.addCleanup(connected.close)
        self.assertEqual(
            self.project.name,
            connected.identity.get_project(self.project.id).name,
        )
        self.assertEqual(2, self.token_requests)

    def test_command_with_a_cloud(self):
        shown, _ = self.run_openstack(
            '--os-cloud',
            'mine',
            'project',
            'list',
            '--my-projects',
            '-f',
            'json',
            OS_CLIENT_CONFIG_FILE=self.clouds(),
        )
        self.assert_own_project(shown)
        self.assertEqual(1, self.token_requests)

    def test_command_with_options(self):
        options = [
            argument
            for name, value in self.auth.items()
            for argument in (f'--os-{name.replace("_", "-")}', value)
        ]
        shown, _ = self.run_openstack(
            '--os-auth-type',
            TYPE,
            *options,
            '--os-cacert',
            str(self.keystone.ca_file),
            'project',
            'list',
            '--my-projects',
            '-f',
            'json',
        )
        self.assert_own_project(shown)

    def test_command_with_variables(self):
        variables = {
            f'OS_{name.upper()}': value for name, value in self.auth.items()
        }
        shown, _ = self.run_openstack(
            'project',
            'list',
            '--my-projects',
            '-f',
            'json',
            OS_AUTH_TYPE=TYPE,
            OS_CACERT=str(self.keystone.ca_file),
            **variables,
        )
        self.assert_own_project(shown)

    def test_token_of_the_command(self):
        """With the highest detail in the log, and no secret in it."""
        del self.auth['oauth2_client_secret_file']
        self.auth['oauth2_client_secret'] = self.client.secret
        shown, log = self.run_openstack(
            '--debug',
            '--os-cloud',
            'mine',
            'token',
            'issue',
            '-f',
            'json',
            OS_CLIENT_CONFIG_FILE=self.clouds(),
        )
        token = jsonutils.loads(shown)
        self.assertEqual(self.user.id, token['user_id'])
        self.assert_valid(token['id'])
        self.assertIn('auth_type', log)
        self.assertNotIn(token['id'], log)
        self.assertNotIn(self.client.secret, log)
        self.assertEqual(1, self.token_requests)
