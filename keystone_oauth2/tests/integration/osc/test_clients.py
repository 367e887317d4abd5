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

"""``openstack oauth2 client show`` and ``set``."""

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration.osc import base


class ClientTest(base.CommandTestCase):
    def test_table_has_the_fields_of_a_client(self):
        out = self.succeed('oauth2 client show', self.own.id)
        for text in (self.user.name, self.project.name):
            self.assertIn(text, out)
        # Keystone returns roles in any order.
        self.assertRegex(out, 'member, reader|reader, member')
        row = next(line for line in out.splitlines() if '| secrets' in line)
        self.assertEqual(['secrets', self.own.id], row.split()[1:4:2])

    def test_json_has_all_details(self):
        shown = self.shown('oauth2 client show', self.own.id)
        self.assertEqual(
            {
                'id': self.own.id,
                'description': None,
                'expires_at': None,
                'user_id': self.user.id,
                'user_name': self.user.name,
                'project_id': self.project.id,
                'project_name': self.project.name,
                'authentication_methods': authorization_server.METHODS,
                'keys': [],
                'certificates': [],
                'federated_identities': [],
            },
            {
                name: value
                for name, value in shown.items()
                if name not in ('name', 'roles', 'secrets')
            },
        )
        self.assertEqual(
            ['member', 'reader'],
            sorted(role['name'] for role in shown['roles']),
        )
        (secret,) = shown['secrets']
        self.assertEqual(self.own.id, secret['id'])
        self.assertFalse(secret['expires_soon'])

    def test_methods_are_chosen(self):
        secret = {'client_secret': self.own.secret}
        self.assertEqual(200, self.get_token(self.own, **secret).status)
        methods = ('private_key_jwt', 'client_secret_basic')
        out = self.succeed(
            'oauth2 client set',
            *(f'--authentication-method {method}' for method in methods),
            self.own.id,
        )
        self.assertEqual('', out)
        self.assertEqual(401, self.get_token(self.own, **secret).status)
        shown = self.shown('oauth2 client show', self.own.id)
        self.assertEqual(sorted(methods), shown['authentication_methods'])
        self.succeed(
            'oauth2 client set --all-authentication-methods', self.own.id
        )
        self.assertEqual(200, self.get_token(self.own, **secret).status)

    def test_methods_without_an_authenticator_are_refused(self):
        self.fail_with(
            'The client could no longer authenticate: first register another '
            'authenticator for a method that it may use, or delete the '
            'application credential. (HTTP 409)',
            'oauth2 client set --authentication-method private_key_jwt',
            self.own.id,
        )

    def test_methods_must_be_given(self):
        self.refuse(
            'one of the arguments --authentication-method '
            '--all-authentication-methods is required',
            'oauth2 client set',
            self.own.id,
        )

    def test_unknown_client(self):
        self.fail_with(
            'Could not find: unknown. (HTTP 404)',
            'oauth2 client show unknown',
            cloud='admin',
        )

    def test_client_of_another_user(self):
        self.fail_with(
            'You are not authorized to perform the requested action: '
            'identity:get_oauth2_client. (HTTP 403)',
            'oauth2 client show',
            self.own.id,
            cloud='service',
        )

    def test_other_urls_are_no_clients(self):
        for text in ('..', 'a/b', '%2e', '?x'):
            with self.variant(text):
                self.refuse(
                    f"argument <client>: '{text}' is not an ID",
                    'oauth2 client show',
                    text,
                )
