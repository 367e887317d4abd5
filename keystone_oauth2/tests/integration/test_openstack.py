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

"""The openstack command and openstacksdk with JWT access tokens, over TLS."""

import os
import subprocess
import sys

from openstack import config
from openstack import connection
from oslo_serialization import jsonutils

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration import two_formats
from keystone_oauth2.tests.support import forgeries

#: Is ``openstack``, whatever PATH is.
COMMAND = (sys.executable, '-m', 'openstackclient.shell')


class OpenStackTest(
    two_formats.TwoFormats, authorization_server.AuthorizationServerTestCase
):
    """Each cloud of ``clouds.yaml`` is another way to use a token."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clouds_file = cls.keystone.folder / 'clouds.yaml'

    def setUp(self):
        super().setUp()
        self.token, self.opaque = self.issue_both()
        certificate, key = self.files
        clouds = {
            'secret': self.cloud(
                'v3oauth2clientcredential',
                oauth2_endpoint=self.token_url,
                oauth2_client_id=self.client.id,
                oauth2_client_secret=self.client.secret,
            ),
            'certificate': {
                **self.cloud(
                    'v3oauth2mtlsclientcredential',
                    oauth2_endpoint=self.token_url,
                    oauth2_client_id=self.user.id,
                ),
                'cert': certificate,
                'key': key,
            },
            'given': self.cloud(
                'admin_token', endpoint=self.issuer, token=self.token
            ),
            'exchanged': self.cloud('v3token', token=self.token),
            'exchanged opaque': self.cloud('v3token', token=self.opaque),
        }
        # JSON is also YAML.
        self.clouds_file.write_text(jsonutils.dumps({'clouds': clouds}))

    def cloud(self, plugin, **auth):
        """Return the configuration of a cloud."""
        if plugin != 'admin_token':
            auth['auth_url'] = self.issuer
        return {
            'auth_type': plugin,
            'auth': auth,
            'cacert': str(self.keystone.ca_file),
            'identity_api_version': '3',
            'region_name': 'RegionOne',
        }

    def run_openstack(self, cloud, *arguments):
        """Run the command, and return the completed process."""
        return subprocess.run(
            [*COMMAND, '--os-cloud', cloud, *arguments],
            env={
                **os.environ,
                'NO_PROXY': '127.0.0.1',
                'OS_CLIENT_CONFIG_FILE': str(self.clouds_file),
            },
            capture_output=True,
            text=True,
            timeout=300,
        )

    def shown(self, cloud, *arguments):
        """Return what the command shows."""
        done = self.run_openstack(cloud, *arguments, '-f', 'json')
        self.assertEqual(0, done.returncode, done.stderr)
        return jsonutils.loads(done.stdout)

    def connect(self, cloud):
        """Return a connection of openstacksdk."""
        region = config.OpenStackConfig(
            config_files=[str(self.clouds_file)], load_envvars=False
        ).get_one(cloud)
        connected = connection.Connection(config=region)
        self.addCleanup(connected.close)
        return connected

    def test_sdk_with_a_secret(self):
        """Each way to use a token."""
        for cloud in ('secret', 'certificate', 'given'):
            with self.variant(cloud):
                identity = self.connect(cloud).identity
                project = identity.get_project(self.project.id)
                self.assertEqual(self.project.name, project.name)

    def test_sdk_with_a_certificate(self):
        """D07: the plugin sends the JWT in X-Auth-Token."""
        session = self.connect('certificate').session
        self.assertEqual('at+jwt', forgeries.media_type(session.get_token()))
        self.assertEqual(self.project.id, session.get_project_id())

    def test_command_with_a_secret(self):
        """The plugin sends a token of Keystone in X-Auth-Token."""
        (project,) = self.shown('secret', 'project', 'list', '--my-projects')
        self.assertEqual(self.project.id, project['ID'])

    def test_command_with_a_certificate(self):
        """D07: the plugin sends the JWT in X-Auth-Token."""
        token = self.shown('certificate', 'token', 'issue')
        self.assertEqual('at+jwt', forgeries.media_type(token['id']))
        self.assertEqual(self.project.id, token['project_id'])
        self.assertEqual(self.user.id, token['user_id'])
        (project,) = self.shown(
            'certificate', 'project', 'list', '--my-projects'
        )
        self.assertEqual(self.project.id, project['ID'])

    def test_command_with_a_token(self):
        project = self.shown('given', 'project', 'show', self.project.id)
        self.assertEqual(self.project.name, project['name'])

    def test_command_that_exchanges_a_token(self):
        """Keystone refuses it, as for opaque tokens."""
        outcomes = [
            self.outcome(self.run_openstack(cloud, 'token', 'issue'))
            for cloud in ('exchanged', 'exchanged opaque')
        ]
        self.assertEqual(*outcomes)
        self.assertIn('HTTP 403', outcomes[0][1])

    def outcome(self, done):
        """Return how a command ended, without the id of its request."""
        return done.returncode, done.stderr.partition('Request-ID')[0]
