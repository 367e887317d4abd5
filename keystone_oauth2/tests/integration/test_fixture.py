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

"""The fixture as other projects use it, by its documentation."""

from concurrent import futures
import importlib.util
import pathlib
import time
import unittest
import uuid

import fixtures

from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _http
from keystone_oauth2.tests import base

PAGE = pathlib.Path('doc/source/user/testing.rst')
SAMPLES = pathlib.Path('doc/source/user/samples')
#: In Keystone's log, once for each request for revocation events.
EVENTS = 'PATH_INFO: `/v3/OS-OAUTH2/revocation_events`'
PATIENCE = 60
REPEATED = 20
OPTIONS = {
    'oauth2': {'issuer': 'https://keystone.example.com/v3'},
    'oauth2_tokens': {'format': 'jwt'},
    'token': {'provider': 'oauth2_fernet'},
}


class FixtureTest(base.TestCase):
    def test_public_names_are_documented(self):
        page = PAGE.read_text()
        for name in fixture.__all__:
            with self.variant(name):
                self.assertRegex(page, rf'``{name}\b')
                self.assertEqual(name, getattr(fixture, name).__name__)

    def test_public_modules(self):
        folder = pathlib.Path(fixture.__file__).parent
        self.assertEqual(
            {'certificates', 'keystone', 'server', 'service'},
            {
                path.stem
                for path in folder.glob('*.py')
                if not path.stem.startswith('_')
            },
        )

    def test_samples_pass(self):
        for path in sorted(SAMPLES.glob('test_*.py')):
            with self.variant(path.name):
                specification = importlib.util.spec_from_file_location(
                    'sample', path
                )
                sample = importlib.util.module_from_spec(specification)
                specification.loader.exec_module(sample)
                suite = unittest.defaultTestLoader.loadTestsFromModule(sample)
                result = unittest.TestResult()
                suite.run(result)
                self.assertEqual(1, result.testsRun)
                self.assertEqual([], result.errors + result.failures)


class KeystoneServerTest(base.TestCase):
    """Keystone as a server."""

    def test_no_request_is_served_with_the_token_of_another_one(self):
        keystone = self.useFixture(fixture.KeystoneServer())
        project = keystone.client.create_project()
        clients = {
            role: self.application_credentials(keystone, project, role)
            for role in ('one-role', 'other-role')
        }
        with futures.ThreadPoolExecutor() as pool:
            created = [
                pool.submit(create, role)
                for _ in range(REPEATED)
                for role, create in clients.items()
            ]
        for result in created:
            answer = result.result()
            self.assertEqual(201, answer.status, answer.text)

    def application_credentials(self, keystone, project, role):
        """Return a function that creates one as a new user with a role."""
        user = keystone.client.create_user(project, [role])
        token = keystone.client.token_for(user)

        def create(role):
            client = _http.HTTPSClient(keystone.url, keystone.ca_file)
            return client.request(
                'POST',
                f'/v3/users/{user.id}/application_credentials',
                token=token,
                json={
                    'application_credential': {
                        'name': uuid.uuid4().hex,
                        'roles': [{'name': role}],
                    }
                },
            )

        return create


class ServiceTest(base.TestCase):
    """A service with a Keystone that issues JWTs."""

    def test_token_is_verified_at_local_only(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        with fixture.KeystoneServer(OPTIONS) as keystone:
            # Its own folder is removed with it.
            keystone.ca_file = keystone.authority.write(folder)
            service = self.useFixture(fixture.ServiceServer(keystone))
            request = _http.HTTPSClient(service.url, keystone.ca_file).request
            token = self.issue(keystone)
            self.assertEqual(200, request('GET', '/token', token=token).status)
            # The first request starts the filter, also without a token.
            self.assertEqual(401, request('GET', '/local').status)
            self.wait_for_second_request_for_events(keystone)
        self.assertEqual(200, request('GET', '/local', token=token).status)
        self.assertEqual(503, request('GET', '/token', token=token).status)

    def issue(self, keystone):
        """Return an access token of a new client."""
        project = keystone.client.create_project()
        user = keystone.client.create_user(project, ['member'])
        client = keystone.client.create_application_credential(user)
        answer = _http.HTTPSClient(keystone.url, keystone.ca_file).request(
            'POST',
            '/v3/OS-OAUTH2/token',
            form={
                'grant_type': 'client_credentials',
                'client_id': client.id,
                'client_secret': client.secret,
            },
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def wait_for_second_request_for_events(self, keystone):
        """Wait until the service has the keys and the events."""
        end = time.monotonic() + PATIENCE
        while keystone.log.count(EVENTS) < 2:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
