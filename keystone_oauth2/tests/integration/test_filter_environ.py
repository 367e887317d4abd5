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

"""The environment of a service behind our filter, compared with auth_token's.

Every key is compared, for tokens that both validate.
"""

import json

from keystone_oauth2.middleware import request as requests
from keystone_oauth2.tests.integration import filters

MISSING = 'missing'
KEYS = requests.AuthTokenRequest.identity_keys()


def identity(environ):
    """Return all that a filter tells a service in a comparable form."""
    found = {
        key: environ[key]
        for key in (*KEYS, 'HTTP_X_AUTH_TOKEN', 'HTTP_X_SERVICE_TOKEN')
        if key in environ
    }
    for key in environ:
        if key.startswith('keystone.'):
            found[key] = environ[key]
    # Keystone returns roles in any order.
    for key in ('HTTP_X_ROLES', 'HTTP_X_ROLE', 'HTTP_X_SERVICE_ROLES'):
        if found.get(key):
            found[key] = sorted(found[key].split(','))
    plugin = found.pop('keystone.token_auth')
    found['type'] = type(plugin)
    found['has its own credentials'] = (plugin._auth, plugin._session) != (
        None,
        None,
    )
    for name in ('user', 'service'):
        found.update(described(name, getattr(plugin, name)))
    found.update(parts('info', found.pop('keystone.token_info', None)))
    return found


def described(name, access):
    """Return what a service can read about a token in ``token_auth``."""
    if access is None:
        return {name: None}
    return {
        f'{name} auth_token': access.auth_token,
        f'{name} role_ids': sorted(access.role_ids),
        f'{name} role_names': sorted(access.role_names),
        **parts(name, access._data),
    }


def parts(name, token):
    """Return the members of a token; Keystone returns roles in any order."""
    if token is None:
        return {name: None}
    copied = json.loads(json.dumps(token))
    copied['token'].get('roles', []).sort(key=lambda role: role['name'])
    return {f'{name} {key}': value for key, value in copied['token'].items()}


def difference(expected, found):
    """Return where two environments differ, by key."""
    one, other = identity(expected), identity(found)
    return {
        key: (one.get(key, MISSING), other.get(key, MISSING))
        for key in one.keys() | other.keys()
        if one.get(key, MISSING) != other.get(key, MISSING)
    }


class EnvironTest(filters.FilterTestCase):
    """I06: key by key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service_client = cls.identity.create_application_credential(
            cls.service_user
        )

    def assert_equal_environ(self, headers, environ=None, **options):
        """Assert that a service sees the same behind both filters.

        :param environ: further WSGI variables.
        """
        asked = {'headers': headers, 'environ': environ}
        expected = self.unmodified(**options).environ_for(**asked)
        self.assertIsNotNone(expected)
        ours = self.ours(**options)
        for turn in ('first', 'second', 'third'):
            with self.variant((options, turn)):
                found = ours.environ_for(**asked)
                self.assertIsNotNone(found, ours.answer.text)
                self.assertEqual({}, difference(expected, found))
        # It would go on asking Keystone, each second.
        ours.close()

    def assert_equal_environs(self, headers, environ=None):
        """The same, with each combination of two options."""
        for catalog in (False, True):
            for delay in (False, True):
                self.assert_equal_environ(
                    headers,
                    environ,
                    include_service_catalog=catalog,
                    delay_auth_decision=delay,
                )

    def password_token(self, scope):
        """Return an opaque token of the administrator."""
        user = {
            'name': 'admin',
            'domain': {'id': 'default'},
            'password': self.keystone.deployment.admin_password,
        }
        method = {'methods': ['password'], 'password': {'user': user}}
        answer = self.https().request(
            'POST',
            '/v3/auth/tokens',
            json={'auth': {'identity': method, 'scope': scope}},
        )
        self.assertEqual(201, answer.status, answer.text)
        return answer.headers['X-Subject-Token']

    def admin_id(self):
        """Return the id of the administrator."""
        answer = self.identity.as_admin('GET', '/v3/users?name=admin')
        return answer.json['users'][0]['id']

    def test_token_of_a_client(self):
        self.assert_equal_environs({'X-Auth-Token': self.issue()})

    def test_token_with_further_delegations(self):
        """Of an unrestricted credential, with one of two roles."""
        # Keystone 27 accepts only roles that are assigned themselves.
        user = self.identity.create_user(self.project, ['member', 'reader'])
        client = self.identity.create_application_credential(
            user, ['reader'], unrestricted=True
        )
        self.assert_equal_environs({'X-Auth-Token': self.issue(client)})

    def test_token_with_access_rules(self):
        client = self.identity.create_application_credential(
            self.user,
            access_rules=[
                {
                    'path': '/resource',
                    'method': 'GET',
                    'service': filters.SERVICE_TYPE,
                }
            ],
        )
        self.identity.as_admin(
            'POST',
            '/v3/services',
            json={'service': {'type': filters.SERVICE_TYPE, 'name': 'x'}},
        )
        self.assert_equal_environ({'X-Auth-Token': self.issue(client)})

    def test_token_bound_to_a_certificate(self):
        with open(self.files[0]) as file:
            environ = {
                'SSL_CLIENT_CERT': file.read(),
                'SSL_CLIENT_VERIFY': 'SUCCESS',
            }
        self.assert_equal_environs(
            {'X-Auth-Token': self.issue(files=self.files)}, environ
        )

    def test_service_token(self):
        """Of both formats, for tokens of users of both formats."""
        tokens = (self.issue(), self.identity.token_for(self.user))
        service_tokens = (
            self.issue(self.service_client),
            self.identity.token_for(self.service_user),
        )
        for token in tokens:
            for service_token in service_tokens:
                self.assert_equal_environs(
                    {'X-Auth-Token': token, 'X-Service-Token': service_token}
                )

    def test_service_token_without_the_role(self):
        token = self.issue()
        self.assert_equal_environ(
            {'X-Auth-Token': token, 'X-Service-Token': token},
            delay_auth_decision=True,
        )
        self.assert_equal_environ(
            {'X-Auth-Token': token, 'X-Service-Token': token},
            service_token_roles_required=False,
        )

    def test_opaque_tokens_of_every_scope(self):
        self.identity.as_admin(
            'PUT',
            f'/v3/domains/default/users/{self.admin_id()}'
            f'/roles/{self.identity.role_id("admin")}',
        )
        for scope in (
            {'project': {'name': 'admin', 'domain': {'id': 'default'}}},
            {'domain': {'id': 'default'}},
            {'system': {'all': True}},
            'unscoped',
        ):
            with self.variant(scope):
                self.assert_equal_environs(
                    {'X-Auth-Token': self.password_token(scope)}
                )

    def test_no_valid_token(self):
        """I04: a service that decides itself is told nothing of the client."""
        token = self.issue()
        for headers in (
            {},
            {'X-Auth-Token': token[:-4] + 'AAAA'},
            {'X-Auth-Token': 'unknown'},
            {'X-Auth-Token': 'unknown', 'X-Service-Token': token},
            {'X-Service-Token': self.issue(self.service_client)},
        ):
            with self.variant(headers):
                self.assert_equal_environ(headers, delay_auth_decision=True)
