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

"""Services of OpenStack whose users have keys in place of passwords."""

import configparser
import os
import pathlib
import shutil
import time

from functional import base
from functional import openstack_services as services
from functional import programs
from functional import workers
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

SAMPLES = pathlib.Path(__file__).parents[1] / 'doc/source/admin/samples'
IMAGE = {'container_format': 'bare', 'disk_format': 'raw'}
DEFAULT_LIMITS = {
    'image_count_total': 1,
    'image_count_uploading': 10,
    'image_size_total': 1000,
    'image_stage_total': 1000,
}
PROJECT_LIMIT = 2


class WithKey:
    """The client of the service's user has a key, and no other method."""

    def credentials(self):
        """Return the options of the plugin."""
        self.key_file = self.folder / 'oauth2.key'
        self.client = self._identity.create_application_credential(self.user)
        self.key = self.register_key()
        methods = {'authentication_methods': ['private_key_jwt']}
        self.manage('PATCH', '', {'client': methods})
        without = dict.fromkeys(
            (
                *('username', 'password', 'project_name'),
                *('user_domain_id', 'project_domain_id'),
            )
        )
        return {**without, **self.guide('keystone_authtoken')}

    def guide(self, section):
        """Return a section of the configuration in the guide."""
        parser = configparser.ConfigParser(default_section='')
        parser.read(SAMPLES / 'service-user.conf')
        own = {
            'auth_url': self._keystone_url,
            'cafile': str(self._ca_file),
            'endpoint_id': self.endpoint['id'],
            'oauth2_client_id': self.client.id,
            'oauth2_key_file': str(self.key_file),
        }
        return {
            name: own.get(name, value) for name, value in parser.items(section)
        }

    def register_key(self):
        """Register a new key, replace the file, and return the id."""
        signer = assertions.Signer(self.client.id, f'{self._keystone_url}/v3')
        registered = clients.register(
            self._identity._request,
            self._identity.token_for(self.user),
            self.client,
            'key',
            jwk=signer.jwk,
        )
        new = self.key_file.with_suffix('.new')
        new.touch(mode=0o600)
        new.write_text(signer.pem)
        if self.key_file.exists():
            owner = self.key_file.owner()
            shutil.chown(new, owner, self.key_file.group())
        os.replace(new, self.key_file)
        return registered['id']

    def manage(self, method, rest, body=None):
        """Send a request about the client as its owner."""
        answer = self._identity._request(
            method,
            clients.path_of(self.client, rest),
            json=body,
            token=self._identity.token_for(self.user),
        )
        assert answer.status in (200, 204), answer.text
        return answer


class Glance(WithKey, services.Glance):
    """It asks Keystone for limits, with the same client."""

    UNAVAILABLE = 401

    def options(self):
        options = super().options()
        options['oslo_limit'] = self.guide('oslo_limit')
        options['DEFAULT'] |= self.guide('DEFAULT')
        return options


class Barbican(WithKey, services.Barbican):
    """It has the filter of keystonemiddleware."""

    filter = services.INSTALLED_FILTER
    UNAVAILABLE = 503


class ServiceUserTest(base.StackTestCase):
    front_end = 'uwsgi'
    processes = 2
    cache = 'memcached'
    provider = 'oauth2_fernet'
    options = {'oauth2_tokens': {'format': 'jwt'}}

    @classmethod
    def _missing(cls):
        return super()._missing() or services.missing()

    @classmethod
    def _options(cls):
        cls.port = programs.free_port()
        options = super()._options()
        options['oauth2'] = {
            **options.get('oauth2', {}),
            'issuer': f'https://localhost:{cls.port}/v3',
            'oauth2_authn_methods': 'client_secret_basic,private_key_jwt',
        }
        return options

    @classmethod
    def before_start(cls):
        shutil.copy(
            SAMPLES / 'service-user-policy.yaml', cls.folder / 'policy.yaml'
        )

    @classmethod
    def create(cls):
        super().create()
        cls.glance, cls.barbican = (
            cls.use(
                kind(cls.deployment, cls.identity, cls.stack.url, cls.ca_file)
            )
            for kind in (Glance, Barbican)
        )

    @classmethod
    def secrets(cls):
        yield from super().secrets()
        for service in (cls.glance, cls.barbican):
            yield service.user.password
            yield service.client.secret
            yield service.key_file.read_text().splitlines()[1]

    def ask(self, service, path):
        """Return the status of a GET with a new token of the user.

        It is opaque, so that any filter asks Keystone about it.
        """
        return (
            self.https(url=service.url)
            .request('GET', path, token=self.identity.token_for(self.user))
            .status
        )

    def wait_for(self, service, path):
        """Wait until each process of a service accepts the user."""
        end = time.monotonic() + services.REFUSED_WITHIN
        while True:
            statuses = set(
                workers.ask_all(
                    service.program, lambda: self.ask(service, path)
                )
            )
            if statuses == {200}:
                return
            # With ``delay_auth_decision``, as in Glance, auth_token itself
            # calls an opaque token invalid while it cannot ask Keystone.
            self.assertLessEqual(statuses, {200, service.UNAVAILABLE})
            self.assertLess(time.monotonic(), end, statuses)

    def assert_no_password(self, service):
        """Assert that no file of a service has the password of its user."""
        for path in service.folder.rglob('*'):
            if path.is_file():
                self.assertNotIn(
                    service.user.password.encode(), path.read_bytes()
                )

    def create_image(self, token):
        """Create an image, and return the response."""
        return self.https(url=self.glance.url).request(
            'POST', '/v2/images', json=IMAGE, token=token
        )

    def set_limits(self):
        """Set the limits of all projects, and one of the user's project."""
        common = {
            'service_id': self.glance.endpoint['service_id'],
            'region_id': _deployment.REGION,
        }
        defaults = [
            {**common, 'resource_name': name, 'default_limit': limit}
            for name, limit in DEFAULT_LIMITS.items()
        ]
        own = {
            **common,
            'resource_name': 'image_count_total',
            'resource_limit': PROJECT_LIMIT,
            'project_id': self.project.id,
        }
        for name, limits in (
            ('registered_limits', defaults),
            ('limits', [own]),
        ):
            answer = self.identity.as_admin(
                'POST', f'/v3/{name}', json={name: limits}
            )
            self.assertEqual(201, answer.status, answer.text)

    def test_section_of_oslo_limit(self):
        """Glance sees the limits of other projects than its own."""
        self.set_limits()
        token = self.issue()
        for number in range(PROJECT_LIMIT):
            with self.variant(number):
                answer = self.create_image(token)
                self.assertEqual(201, answer.status, answer.text)
        answer = self.create_image(token)
        self.assertEqual(413, answer.status, answer.text)
        self.assertIn('image_count_total', answer.text)

    def test_auth_token(self):
        """The filter of keystonemiddleware validates both kinds of tokens."""
        self.wait_for(self.barbican, '/v1/secrets')
        answer = self.https(url=self.barbican.url).request(
            'GET', '/v1/secrets', token=self.issue()
        )
        self.assertEqual(200, answer.status, answer.text)
        self.assert_no_password(self.barbican)

    def test_rotation(self):
        """The old key and its tokens are revoked while Glance runs."""
        self.wait_for(self.glance, '/v2/images')
        self.assert_no_password(self.glance)
        old = self.glance.key
        self.glance.key = self.glance.register_key()
        self.glance.manage('DELETE', f'/keys/{old}?revoke_tokens=true')
        self.wait_for(self.glance, '/v2/images')
        answer = self.glance.manage('GET', f'/keys/{self.glance.key}')
        self.assertIsNotNone(answer.json['key']['last_used_at'])

    def test_without_any_password(self):
        """The administrator removes the password; Keystone revokes tokens."""
        self.wait_for(self.barbican, '/v1/secrets')
        self.identity.update(self.barbican.user, password=None)
        self.wait_for(self.barbican, '/v1/secrets')
