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

"""Tests with services behind external_oauth2_token, which uses RFC 7662.

The filter is that of an unmodified keystonemiddleware. Its configuration is
the sample in the documentation.
"""

import configparser
import datetime
import pathlib
import time

from keystone_oauth2 import tests
from keystone_oauth2.fixture import _process
from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration import external_service

SAMPLE = 'doc/source/user/samples/external_oauth2_token.ini'
SECTION = 'ext_oauth2_auth'
#: Options that the sample has only in comments.
OPTIONAL = ('jwt_algorithm', 'jwt_bearer_time_out', 'jwt_key_file')


class ExternalTokenTestCase(authorization_server.AuthorizationServerTestCase):
    """A service that is mounted once for each configuration."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service_user = cls.identity.create_user(
            cls.identity.create_project(), ['service']
        )
        folder = cls.keystone.folder / 'services'
        folder.mkdir()
        cls.write_configurations(folder)
        cls.service = cls.use(
            _process.Server(
                f'{external_service.__name__}:'
                f'{external_service.application.__name__}',
                folder,
                cls.keystone.authority,
            )
        )

    @classmethod
    def write_configurations(cls, folder):
        """Write a configuration for each mount, based on the sample."""
        client = cls.identity.create_application_credential(cls.service_user)
        secret = {'client_id': client.id, 'client_secret': client.secret}
        certificate, key = cls.certificate_files(cls.service_user, 'service')
        signing_key = cls.register_key_file(client, folder / 'service.pem')
        for name, options in {
            'basic': {**secret, 'auth_method': 'client_secret_basic'},
            'post': {**secret, 'auth_method': 'client_secret_post'},
            'tls': {
                'auth_method': 'tls_client_auth',
                'client_id': cls.service_user.id,
                'client_secret': '',
                'certfile': certificate,
                'keyfile': key,
            },
            'signed': {
                'auth_method': 'private_key_jwt',
                'audience': cls.issuer,
                'client_id': client.id,
                'client_secret': '',
                'jwt_algorithm': 'ES256',
                'jwt_bearer_time_out': '3600',
                'jwt_key_file': signing_key,
            },
            'bound': {**secret, 'thumbprint_verify': 'true'},
            'wrong': {**secret, 'client_secret': 'wrong'},
            'cached': {**secret, 'token_cache_time': '300'},
        }.items():
            cls.write_configuration(
                folder / f'{name}.conf',
                introspect_endpoint=cls.introspection_url,
                cafile=str(cls.keystone.ca_file),
                **{
                    'audience': cls.token_url,
                    'token_cache_time': '-1',
                    **options,
                },
            )

    @classmethod
    def register_key_file(cls, client, path):
        """Register a key for a client, and return the private key file."""
        signer = cls.register_key(cls.service_user, client)
        path.write_text(signer.pem)
        return str(path)

    @classmethod
    def write_configuration(cls, path, **options):
        """Write the sample with other values for some of its options."""
        root = pathlib.Path(tests.__path__[0]).parents[1]
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string((root / SAMPLE).read_text())
        for option, value in options.items():
            assert parser.has_option(SECTION, option) or option in OPTIONAL
            parser[SECTION][option] = value
        with path.open('w') as file:
            parser.write(file)

    def call(self, mount, token, files=None, **headers):
        """Call the service with a token."""
        if token is not None:
            headers['Authorization'] = f'Bearer {token}'
        return self.https(files, self.service.url).request(
            'GET', f'/{mount}', headers=headers
        )

    def assert_served(self, expected, mount, token, files=None, **headers):
        """Assert that the service gets exactly these identity headers."""
        answer = self.call(mount, token, files, **headers)
        self.assertEqual(200, answer.status, answer.text)
        found = answer.json
        found['X-Roles'] = ','.join(sorted(found['X-Roles'].split(',')))
        self.assertEqual({'X-Identity-Status': 'Confirmed', **expected}, found)

    def assert_refused(self, mount, token, files=None):
        """Assert that the filter returns 401."""
        answer = self.call(mount, token, files)
        self.assertEqual(401, answer.status, answer.text)
        self.assertNotIn('Confirmed', answer.text)

    def identity_headers(self, user, *roles, domain='Default'):
        """Return the headers that identify the user and its roles."""
        return {
            'X-User-Id': user.id,
            'X-User-Name': user.name,
            'X-User-Domain-Id': user.domain_id,
            'X-User-Domain-Name': domain,
            'X-Roles': ','.join(roles),
        }

    def project_headers(self, project):
        """Return the headers that identify the project."""
        return {
            'X-Project-Id': project.id,
            'X-Project-Name': project.name,
            'X-Project-Domain-Id': 'default',
            'X-Project-Domain-Name': 'Default',
        }


class IdentityTest(ExternalTokenTestCase):
    """The service gets the identity, whatever the scope of the token."""

    def token(self, user, scope):
        """Return a token of a user."""
        named = {'id': user.id, 'password': user.password}
        answer = self.https().request(
            'POST',
            '/v3/auth/tokens',
            json={
                'auth': {
                    'identity': {
                        'methods': ['password'],
                        'password': {'user': named},
                    },
                    'scope': scope,
                }
            },
        )
        self.assertEqual(201, answer.status, answer.text)
        return answer.headers['X-Subject-Token']

    def test_each_method_of_the_service_gives_the_same_identity(self):
        """G01, C01: the filter sends times as strings."""
        expected = {
            **self.identity_headers(self.user, 'member', 'reader'),
            **self.project_headers(self.project),
        }
        for mount in ('basic', 'post', 'signed', 'tls'):
            for files in (None, self.files):
                with self.variant((mount, files)):
                    self.assert_served(
                        expected, mount, self.issue(files=files)
                    )

    def test_token_for_a_domain_is_understood(self):
        """G04: with the members that the sample maps."""
        domain = self.identity.create_domain()
        user = self.identity.create_user(domain=domain)
        self.identity.as_admin(
            'PUT',
            f'/v3/domains/{domain.id}/users/{user.id}'
            f'/roles/{self.identity.role_id("reader")}',
        )
        self.assert_served(
            {
                **self.identity_headers(user, 'reader', domain=domain.name),
                'X-Domain-Id': domain.id,
                'X-Domain-Name': domain.name,
            },
            'basic',
            self.token(user, {'domain': {'id': domain.id}}),
        )

    def test_token_for_the_system_is_understood(self):
        """G04: the filter requires a boolean."""
        user = self.identity.create_user()
        self.identity.as_admin(
            'PUT',
            f'/v3/system/users/{user.id}'
            f'/roles/{self.identity.role_id("admin")}',
        )
        self.assert_served(
            {
                **self.identity_headers(
                    user, 'admin', 'manager', 'member', 'reader'
                ),
                'OpenStack-System-Scope': 'all',
                # The filter sets it for every token with the role admin.
                'X-Is-Admin-Project': 'true',
            },
            'basic',
            self.token(user, {'system': {'all': True}}),
        )

    def test_token_for_a_project_is_understood_however_it_was_issued(self):
        """G04: here, for a password."""
        self.assert_served(
            {
                **self.identity_headers(self.user, 'member', 'reader'),
                **self.project_headers(self.project),
            },
            'basic',
            self.identity.token_for(self.user),
            **{'X-User-Id': 'forged', 'X-Roles': 'admin'},
        )

    def test_unscoped_token_is_refused(self):
        """G04: the filter requires roles, and returns 403."""
        answer = self.call('basic', self.token(self.user, 'unscoped'))
        self.assertEqual(403, answer.status)


class RefusalTest(ExternalTokenTestCase):
    """The service refuses tokens that are not valid."""

    def test_invalid_token_is_refused(self):
        """G02: whether invented, altered or missing."""
        token = self.issue()
        for mount in ('basic', 'post', 'tls'):
            for wrong in (None, 'x', token[:-4] + 'AAAA'):
                with self.variant((mount, wrong)):
                    self.assert_refused(mount, wrong)

    def test_revoked_token_is_refused(self):
        """G07, G09: at once, if the service has no cache."""
        token = self.issue()
        self.assertEqual(200, self.call('basic', token).status)
        self.revoke(token)
        for mount in ('basic', 'post', 'tls'):
            self.assert_refused(mount, token)

    def test_token_of_a_deleted_credential_is_refused(self):
        """G03: from the next request on."""
        client = self.identity.create_application_credential(self.user)
        token = self.issue(client)
        self.assertEqual(200, self.call('basic', token).status)
        self.identity.delete_application_credential(self.user, client.id)
        self.assert_refused('basic', token)

    def test_cached_response_is_not_used_after_the_token_has_expired(self):
        """G05: because of exp, which the sample maps."""
        end = datetime.datetime.now(datetime.timezone.utc)
        end += datetime.timedelta(seconds=4)
        client = self.identity.create_application_credential(
            self.user, expires_at=end
        )
        token = self.issue(client)
        asked = self.keystone.log.count('/v3/OS-OAUTH2/introspect')
        # The clock of another process cannot be set.
        deadline = time.monotonic() + 30
        while self.call('cached', token).status == 200:
            self.assertLess(time.monotonic(), deadline)
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertGreaterEqual(now, end - datetime.timedelta(seconds=1))
        # It was introspected once; the other calls used the cache.
        asked = self.keystone.log.count('/v3/OS-OAUTH2/introspect') - asked
        self.assertIn(asked, (1, 2))
        self.assert_refused('cached', token)

    def test_token_with_access_rules_is_refused(self):
        """G03: the filter does not enforce them."""
        client = self.identity.create_application_credential(
            self.user,
            access_rules=[
                {'path': '/basic', 'method': 'GET', 'service': 'example'}
            ],
        )
        self.assert_refused('basic', self.issue(client))

    def test_service_that_cannot_authenticate_serves_no_request(self):
        """G01: the error does not reveal whose token it is."""
        answer = self.call('wrong', self.issue())
        self.assertEqual(500, answer.status)
        self.assertNotIn(self.user.id, answer.text)


class BindingTest(ExternalTokenTestCase):
    """Tests of a service that accepts only bound tokens."""

    def test_bound_token_is_accepted_with_its_certificate(self):
        """D06: cnf has the same thumbprint that the filter computes."""
        self.assert_served(
            {
                **self.identity_headers(self.user, 'member', 'reader'),
                **self.project_headers(self.project),
            },
            'bound',
            self.issue(files=self.files),
            self.files,
        )

    def test_bound_token_is_refused_without_its_certificate(self):
        """D07: even another one of the same user does not help."""
        token = self.issue(files=self.files)
        self.assert_refused('bound', token)
        other = self.certificate_files(self.user, 'other')
        self.assert_refused('bound', token, other)
        bound_to_other = self.issue(files=other)
        self.assertEqual(200, self.call('bound', bound_to_other, other).status)

    def test_unbound_token_is_refused(self):
        """D07: the token must name its certificate."""
        self.assert_refused('bound', self.issue(), self.files)
