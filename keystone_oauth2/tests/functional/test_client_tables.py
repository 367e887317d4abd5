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

"""Clients where some or all of the extension's tables are missing."""

from keystone_oauth2 import fixture
from keystone_oauth2.db import migration
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import tokens

UNAVAILABLE = clients.IsKeystoneError(503)
NEW_TABLES = (
    'oauth2_client',
    'oauth2_client_assertion',
    'oauth2_client_authenticator',
)
OPERATIONS = (
    ('GET', '', None),
    ('PATCH', '', {'client': {'authentication_methods': None}}),
    ('GET', '/secrets', None),
    ('POST', '/secrets', {'secret': {}}),
    (
        'POST',
        '/certificates',
        {'certificate': {'tls_client_auth_san_ip': '::'}},
    ),
    ('DELETE', '/keys/x', None),
)


class LostTablesTest(clients.ClientsTestCase):
    """They existed when Keystone started; or db_sync has yet to run."""

    def lose(self, *names):
        """Rename tables until the end of a test."""
        digests.forget_what_was_done_once()
        for name in names:
            self.execute(f'ALTER TABLE {name} RENAME TO {name}_away')
            self.addCleanup(
                self.execute, f'ALTER TABLE {name}_away RENAME TO {name}'
            )

    def test_nothing_can_be_registered_or_read(self):
        """The log says what to do; the caller may try again."""
        self.lose(*NEW_TABLES)
        for method, rest, json in OPERATIONS:
            with self.variant((method, rest)):
                answer = self.manage(method, rest, json)
                self.assertThat(answer, UNAVAILABLE)
                self.assertEqual('5', answer.headers['Retry-After'])
                logged = self.new_log()
                self.assertIn('run keystone-oauth2-manage db_sync', logged)
                self.assertNotIn('Traceback', logged)

    def test_registered_authenticators_get_the_common_refusal(self):
        """They are accepted again once the tables are back."""
        secret = self.register_secret()['secret']
        signer = self.register_key()
        self.lose(*NEW_TABLES)
        self.assert_refused(**clients.by_secret(self.own, secret))
        self.assert_refused(**clients.by_key(signer))
        self.assert_refused(
            **clients.by_certificate(self.own, self.certificate)
        )
        self.doCleanups()
        self.assert_issued(**clients.by_secret(self.own, secret))
        self.assert_issued(**clients.by_key(signer))

    def test_secret_of_the_credential_is_still_accepted(self):
        """As before the upgrade; with one warning."""
        self.lose(*NEW_TABLES)
        for _ in range(2):
            self.assert_issued(**clients.by_secret(self.own, self.own.secret))
            self.assert_refused(**clients.by_secret(self.own, 'wrong'))
            answer = self.token_of_keystone(**self.own._asdict())
            self.assertEqual(201, answer.status, answer.text)
        self.assertThat(self.post_with(self.certificate), clients.ISSUED)
        self.assertEqual(1, self.log.count('slow hash.'))

    def test_assertion_is_refused_if_it_cannot_be_remembered(self):
        """C06: it might be a replay."""
        signer = self.register_key()
        how = clients.by_key(signer)
        self.lose('oauth2_client_assertion')
        answer = self.get_token(**how)
        self.assertEqual(503, answer.status, answer.text)
        self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.doCleanups()
        self.assert_issued(**how)


class NoTablesTest(clients.base.base.TestCase):
    """Keystone was started before the first db_sync."""

    def _fake_logs(self):
        # Keystone logs to a file, which a captured log would replace.
        pass

    def test_clients_can_be_managed_once_the_tables_exist(self):
        digests.forget_what_was_done_once()
        self.addCleanup(digests.forget_what_was_done_once)
        keystone = self.useFixture(
            fixture.Keystone({'oauth2': clients.OPTIONS}, tables=False)
        )
        identity = keystone.client
        user = identity.create_user(identity.create_project(), ['member'])
        own = identity.create_application_credential(user)
        token = identity.token_for(user)
        path = clients.path_of(own, '/secrets')
        answer = keystone.request(
            'POST', path, json={'secret': {}}, token=token
        )
        self.assertThat(answer, UNAVAILABLE)
        migration.sync()
        answer = keystone.request(
            'POST', path, json={'secret': {}}, token=token
        )
        self.assertEqual(201, answer.status, answer.text)
        answer = keystone.request(
            'POST',
            tokens.INTROSPECT,
            headers={
                'Authorization': clients.base.basic(
                    own.id, answer.json['secret']['secret']
                )
            },
            form={'token': 'x'},
        )
        self.assertThat(answer, tokens.INACTIVE)
