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

"""The openstack command and openstacksdk with services of OpenStack."""

import os
import subprocess
import time

from openstack import config
from openstack import connection
from openstack import exceptions
from oslo_serialization import jsonutils

from functional import base
from functional import openstack_services as services
from functional import programs
from functional import workers
from keystone_oauth2.fixture import _process
from keystone_oauth2.tests.support import forgeries

COMMAND_SECONDS = 300


class ServiceTests:
    """A client requests JWT access tokens, and uses them with a service.

    There are three ways to use them: a token that the client has requested
    itself, and keystoneauth's plugins for certificates and for secrets.
    """

    front_end = 'uwsgi'
    processes = 2
    cache = 'memcached'
    provider = 'oauth2_fernet'
    options = {'oauth2_tokens': {'format': 'jwt'}}
    #: The fixture of the service.
    kind = None
    #: The path of its API,
    version = None
    #: and of a collection below it.
    collection = None

    @classmethod
    def _missing(cls):
        return super()._missing() or services.missing()

    @classmethod
    def _options(cls):
        cls.port = programs.free_port()
        cls.issuer = f'https://localhost:{cls.port}/v3'
        options = super()._options()
        options['oauth2'] = {
            **options.get('oauth2', {}),
            'issuer': cls.issuer,
        }
        return options

    @classmethod
    def create(cls):
        super().create()
        cls.service = cls.use(
            cls.kind(cls.deployment, cls.identity, cls.stack.url, cls.ca_file)
        )
        cls.clouds_file = cls.folder / 'clouds.yaml'

    @classmethod
    def secrets(cls):
        yield from super().secrets()
        yield cls.service.user.password

    def create_client(self, *roles):
        """Return a new client with some of the user's roles."""
        return self.identity.create_application_credential(self.user, roles)

    def write_clouds(self, client):
        """Write ``clouds.yaml`` with each way to use tokens."""
        token = self.issue(client=client)
        self.assertEqual('at+jwt', forgeries.media_type(token))
        endpoint = f'{self.stack.url}{base.TOKEN}'
        certificate, key = self.files
        clouds = {
            'token': self.cloud(
                'admin_token',
                # This plugin does not discover the version.
                endpoint=self.service.url + self.version,
                token=token,
            ),
            'certificate': {
                **self.cloud(
                    'v3oauth2mtlsclientcredential',
                    auth_url=self.issuer,
                    oauth2_endpoint=endpoint,
                    oauth2_client_id=self.user.id,
                ),
                'cert': str(certificate),
                'key': str(key),
            },
            'secret': self.cloud(
                'v3oauth2clientcredential',
                auth_url=self.issuer,
                oauth2_endpoint=endpoint,
                oauth2_client_id=client.id,
                oauth2_client_secret=client.secret,
            ),
        }
        # JSON is also YAML.
        self.clouds_file.write_text(jsonutils.dumps({'clouds': clouds}))
        return clouds

    def cloud(self, plugin, **auth):
        """Return the configuration of a cloud."""
        return {
            'auth_type': plugin,
            'auth': auth,
            'cacert': str(self.ca_file),
            'region_name': 'RegionOne',
        }

    def connect(self, cloud):
        """Return a connection of openstacksdk."""
        region = config.OpenStackConfig(
            config_files=[str(self.clouds_file)], load_envvars=False
        ).get_one(cloud)
        connected = connection.Connection(config=region)
        self.addCleanup(connected.close)
        return connected

    def run_openstack(self, cloud, *arguments):
        """Run the command, and return the completed process."""
        return subprocess.run(
            [services.PREFIX / 'bin/openstack', '--os-cloud', cloud]
            + list(arguments),
            env={
                **os.environ,
                **_process.LOCAL,
                'OS_CLIENT_CONFIG_FILE': str(self.clouds_file),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )

    def shown(self, cloud, *arguments):
        """Return what the command shows."""
        done = self.run_openstack(cloud, *arguments, '-f', 'json')
        self.assertEqual(0, done.returncode, done.stderr)
        return jsonutils.loads(done.stdout)

    def ask(self, token=None):
        """Return the service's response to a GET of the collection."""
        return self.https(url=self.service.url).request(
            'GET', self.version + self.collection, token=token
        )

    def write(self, cloud):
        """Create a resource with openstacksdk, and return its name.

        :param cloud: a connection.
        """
        raise NotImplementedError

    def read(self, cloud):
        """Return the names of all resources with openstacksdk.

        :param cloud: a connection.
        """
        raise NotImplementedError

    def test_sdk(self):
        """Resources are created in the project of the client."""
        for name in self.write_clouds(self.client):
            with self.variant(name):
                cloud = self.connect(name)
                created = self.write(cloud)
                self.assertIn(created, self.read(cloud))

    def test_roles_of_the_token_decide(self):
        """The client has fewer roles than its user."""
        self.write_clouds(self.create_client('reader'))
        for name in ('token', 'secret'):
            with self.variant(name):
                cloud = self.connect(name)
                self.assertRaises(
                    exceptions.ForbiddenException, self.write, cloud
                )

    def test_token_of_a_deleted_client_is_refused(self):
        client = self.create_client()
        token = self.issue(client=client)
        self.assertEqual({200}, self.statuses(token))
        self.identity.delete_application_credential(self.user, client.id)
        end = time.monotonic() + services.REFUSED_WITHIN
        while (statuses := self.statuses(token)) != {401}:
            self.assertLess(time.monotonic(), end, statuses)
            time.sleep(0.5)

    def statuses(self, token):
        """Return the statuses of requests to all processes."""
        return {
            answer.status
            for answer in workers.ask_all(
                self.service.program, lambda: self.ask(token)
            )
        }

    def test_forged_tokens_are_refused(self):
        forged = forgeries.forged(self.folder, self.issue(), self.issue())
        for name, token in {'no token': None, **forged}.items():
            with self.variant(name):
                answer = self.ask(token)
                # The filter looks for an unknown key.
                while answer.status == 503:
                    self.assertEqual('kid', name)
                    answer = self.ask(token)
                self.assertEqual(401, answer.status, answer.text)
                self.assertIn('WWW-Authenticate', answer.headers)


class GlanceTest(ServiceTests, base.StackTestCase):
    kind = services.Glance
    version = '/v2'
    collection = '/images'

    def write(self, cloud):
        image = cloud.image.create_image(
            name=self.getUniqueString(),
            data=b'content',
            container_format='bare',
            disk_format='raw',
            wait=True,
        )
        self.assertEqual(b'content', cloud.image.download_image(image).content)
        self.assertEqual(self.project.id, image.owner)
        return image.name

    def read(self, cloud):
        return [image.name for image in cloud.image.images()]

    def test_command(self):
        path = self.folder / 'image'
        path.write_bytes(b'content')
        for name in self.write_clouds(self.client):
            with self.variant(name):
                created = self.shown(
                    name,
                    *('image', 'create', '--file', str(path), name),
                )
                self.assertEqual('active', created['status'])
                self.assertEqual(self.project.id, created['owner'])
                listed = self.shown(name, 'image', 'list')
                self.assertIn(created['id'], [image['ID'] for image in listed])


class BarbicanTest(ServiceTests, base.StackTestCase):
    kind = services.Barbican
    version = '/v1'
    collection = '/secrets'

    def write(self, cloud):
        secret = cloud.key_manager.create_secret(
            name=self.getUniqueString(),
            payload='content',
            payload_content_type='text/plain',
        )
        stored = cloud.key_manager.get_secret(secret.secret_id)
        self.assertEqual('content', stored.payload)
        return stored.name

    def read(self, cloud):
        return [secret.name for secret in cloud.key_manager.secrets()]

    def test_command(self):
        for name in self.write_clouds(self.client):
            with self.variant(name):
                created = self.shown(
                    name, *('secret', 'store', '--payload', 'content')
                )
                stored = self.shown(
                    name,
                    *('secret', 'get', '--payload', created['Secret href']),
                )
                self.assertEqual('content', stored['Payload'])
                listed = self.shown(name, 'secret', 'list')
                self.assertIn(
                    created['Secret href'],
                    [secret['Secret href'] for secret in listed],
                )
