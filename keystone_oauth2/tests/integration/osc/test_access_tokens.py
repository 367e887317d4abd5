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

"""``openstack oauth2 access token ...``."""

import importlib.metadata
import pathlib
import unittest

from keystone_oauth2.tests.integration.osc import base

INTROSPECT = 'oauth2 access token introspect'
REVOKE = 'oauth2 access token revoke'
INACTIVE = {'active': False}
HAS_PLUGIN = bool(
    importlib.metadata.entry_points(
        group='keystoneauth1.plugin', name='v3oauth2client'
    )
)


class AccessTokenTest(base.CommandTestCase):
    def setUp(self):
        super().setUp()
        self.token = self.get_token(
            self.own, client_secret=self.own.secret
        ).json['access_token']
        self.file = pathlib.Path(self.folder, 'token')
        self.file.write_text(f'{self.token}\n')

    def clouds(self):
        """Return those of a client as well."""
        url = f'{self.keystone.url}/v3'
        client = {
            **self.cloud(self.user),
            'auth_type': 'v3oauth2clientcredential',
            'auth': {
                'auth_url': url,
                'oauth2_endpoint': f'{url}/OS-OAUTH2/token',
                'oauth2_client_id': self.own.id,
                'oauth2_client_secret': self.own.secret,
            },
        }
        return {
            **super().clouds(),
            'client': client,
            'our plugin': {**client, 'auth_type': 'v3oauth2client'},
        }

    def test_service_introspects_a_token(self):
        shown = self.shown(f'{INTROSPECT} {self.token}', cloud='service')
        self.assertEqual(
            [True, self.own.id, self.user.id],
            [shown['active'], shown['client_id'], shown['user']['id']],
        )
        for argument in ('-', f'--token-file {self.file}'):
            with self.variant(argument):
                self.assertEqual(
                    shown,
                    self.shown(
                        INTROSPECT,
                        argument,
                        cloud='service',
                        stdin=f'{self.token}\n',
                    ),
                )
        out = self.succeed(INTROSPECT, '-', cloud='service', stdin=self.token)
        self.assertIn(f"name='{self.user.name}'", out)

    def test_owner_introspects_nothing(self):
        shown = self.shown(INTROSPECT, '-', stdin=self.token)
        self.assertEqual(INACTIVE, shown)

    def test_client_introspects_and_revokes_its_own_token(self):
        for name in ('client', 'our plugin')[: 1 + HAS_PLUGIN]:
            with self.variant(name):
                self.check_own(name)

    def check_own(self, cloud):
        """Introspect, revoke and introspect again."""
        token = self.get_token(self.own, client_secret=self.own.secret).json[
            'access_token'
        ]
        shown = self.shown(INTROSPECT, '-', cloud=cloud, stdin=token)
        self.assertTrue(shown['active'])
        out = self.succeed(REVOKE, '-', cloud=cloud, stdin=token)
        self.assertEqual('', out)
        shown = self.shown(INTROSPECT, '-', cloud='service', stdin=token)
        self.assertEqual(INACTIVE, shown)

    def test_administrator_revokes_a_token(self):
        self.succeed(f'{REVOKE} --token-file {self.file}', cloud='admin')
        shown = self.shown(INTROSPECT, '-', cloud='admin', stdin=self.token)
        self.assertEqual(INACTIVE, shown)

    def test_token_does_not_get_into_the_log(self):
        for words in (
            f'{INTROSPECT} -',
            f'{INTROSPECT} --token-file {self.file}',
            f'{REVOKE} -',
        ):
            with self.variant(words):
                done = self.run_command(
                    '--debug', words, cloud='service', stdin=self.token
                )
                self.assertEqual(0, done.status)
                self.assertNotIn(self.token, done.err)

    def test_exactly_one_token_is_read(self):
        message = 'There must be exactly one token.'
        for text in ('', '\n', 'a b', 'a\nb'):
            with self.variant(text):
                self.fail_with(message, INTROSPECT, '-', stdin=text)
        self.refuse('is required', INTROSPECT)
        self.refuse('not allowed with', f'{REVOKE} a --token-file {self.file}')

    def test_token_is_issued_to_a_client_only(self):
        self.fail_with(
            'Only a client can get an access token: set the authentication '
            'type (--os-auth-type, OS_AUTH_TYPE or auth_type in clouds.yaml) '
            'to v3oauth2client instead of password.',
            'oauth2 access token issue',
        )

    @unittest.skipUnless(HAS_PLUGIN, 'the plugin is not installed')
    def test_token_is_issued(self):
        shown = self.shown('oauth2 access token issue', cloud='our plugin')
        self.assertEqual(
            ['Bearer', self.user.id, self.project.id, ['member', 'reader']],
            [
                shown['token_type'],
                shown['user_id'],
                shown['project_id'],
                sorted(shown['roles']),
            ],
        )
        found = self.shown(
            INTROSPECT, '-', cloud='service', stdin=shown['access_token']
        )
        self.assertEqual(self.own.id, found['client_id'])
