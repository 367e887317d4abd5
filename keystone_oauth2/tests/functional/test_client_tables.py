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

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation

UNAVAILABLE = clients.IsKeystoneError(503)
NEW_TABLES = (
    'oauth2_client',
    'oauth2_client_assertion',
    'oauth2_client_authenticator',
    'oauth2_trusted_issuer',
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
    (
        'POST',
        '/federated_identities',
        {'federated_identity': {'issuer_id': 'idp', 'subject': 'batch'}},
    ),
    ('POST', '/federated_identities/test', {'assertion': 'x.y.z'}),
)


class LostTablesTest(federation.FederationTestCase):
    """They existed when Keystone started."""

    def lose(self, *names):
        """Rename tables until the end of a test."""
        for name in names:
            self.execute(f'ALTER TABLE {name} RENAME TO {name}_away')
            self.addCleanup(
                self.execute, f'ALTER TABLE {name}_away RENAME TO {name}'
            )

    def test_nothing_can_be_registered_or_read(self):
        """As when the database is unavailable; the caller may try again."""
        self.lose(*NEW_TABLES)
        for method, rest, json in OPERATIONS:
            with self.variant((method, rest)):
                answer = self.manage(method, rest, json)
                self.assertThat(answer, UNAVAILABLE)
                self.assertEqual('5', answer.headers['Retry-After'])
                logged = self.new_log()
                self.assertIn('The database is unavailable: ', logged)
                self.assertNotIn('Traceback', logged)

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

    def test_jwt_of_an_issuer_is_refused_without_the_tables_for_it(self):
        """C10, B07: as unavailable, also to an unknown client."""
        self.identify('github')
        how = self.by('github')
        unknown = self.by('github', client='0' * 32)
        self.lose('oauth2_trusted_issuer')
        for one in (how, unknown):
            answer = self.get_token(**one)
            self.assertEqual(503, answer.status, answer.text)
            self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.doCleanups()
        self.lose('oauth2_client_assertion')
        self.assertEqual(503, self.get_token(**how).status)
        self.doCleanups()
        self.assert_issued(**how)
