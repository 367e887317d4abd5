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

"""No secret and no token is ever logged, not even at DEBUG."""

import base64
import json
import sqlite3
import urllib.parse

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

WRONG = 'wrong-secret-that-must-not-be-logged'


class LogsTest(mutual_tls.MutualTLSTestCase):
    options = {
        'oauth2': {
            'oauth2_authn_methods': [
                'client_secret_basic',
                'client_secret_post',
                'tls_client_auth',
            ]
        }
    }

    def setUp(self):
        super().setUp()
        self.own = self.identity.create_application_credential(self.user)
        self.new_log()

    def assert_logged(self, expected, *secrets):
        """Assert that the log has one text and none of the secrets."""
        logged = self.new_log()
        self.assertRegex(logged, expected)
        for secret in secrets:
            for form in (
                secret,
                urllib.parse.quote(secret),
                json.dumps(secret)[1:-1],
                base64.b64encode(secret.encode()).decode().rstrip('='),
            ):
                self.assertFalse(form in logged, 'a secret was logged')

    def test_log_level_is_debug(self):
        """So the other tests see everything that can be logged."""
        self.post()
        self.assertIn(' DEBUG ', self.new_log())

    def test_issued_token_and_secret_are_not_logged(self):
        answer = self.post_as(self.own)
        self.assertThat(answer, matchers.IsAccessToken())
        self.assert_logged(
            '.',
            self.own.secret,
            base.basic(*self.own)[6:],
            answer.json['access_token'],
        )
        body = urllib.parse.urlencode(
            {'client_id': self.own.id, 'client_secret': self.own.secret}
        )
        answer = self.post(f'{base.GRANT}&{body}')
        self.assertThat(answer, matchers.IsAccessToken())
        self.assert_logged(
            '.', self.own.secret, answer.json['access_token'], body
        )

    def test_token_bound_to_a_certificate_is_not_logged(self):
        answer = self.post_with(self.certificate)
        self.assertThat(answer, matchers.IsAccessToken())
        self.assert_logged('.', answer.json['access_token'])

    def test_wrong_secret_is_not_logged(self):
        for client_id in (self.own.id, 'unknown'):
            with self.variant(client_id):
                self.post_as((client_id, WRONG))
                self.assert_logged(
                    'invalid_client: .*client',
                    WRONG,
                    base.basic(client_id, WRONG)[6:],
                )

    def test_malformed_credentials_are_not_logged(self):
        for authorization in (
            f'Bearer {WRONG}',
            f'Basic {WRONG}',
            'Basic ' + base64.b64encode(WRONG.encode()).decode(),
            'Basic ' + base64.b64encode(b'\xff:' + WRONG.encode()).decode(),
        ):
            with self.variant(authorization):
                self.post(authorization=authorization)
                self.assert_logged(
                    'invalid_client: ', WRONG, authorization.split()[1]
                )

    def test_refused_parameters_are_not_logged(self):
        body = f'{base.GRANT}&client_id=x&client_secret={WRONG}'
        for answer in (
            self.post_as(self.own, body),
            self.post(f'{body}&x=%'),
            self.post(f'{body}&client_secret={WRONG}'),
            self.post('', path=f'{base.TOKEN}?client_secret={WRONG}'),
            self.post(f'grant_type={WRONG}'),
            self.post(body, headers={'Content-Type': 'text/plain'}),
        ):
            self.assertIn(answer.status, (400, 401))
            self.assertNotIn(WRONG, answer.text)
        self.assert_logged('invalid_request: ', WRONG, self.own.secret)

    def test_client_cannot_inject_lines_into_the_log(self):
        """Its client id contains a line break (CWE-117)."""
        forged = 'x\n2026-01-01 CRITICAL all is lost\r\x1b[31m'
        self.post_as((urllib.parse.quote(forged), 'x'))
        self.post_for(urllib.parse.quote(forged))
        self.post_for(
            urllib.parse.quote(forged), mutual_tls.verified(self.certificate)
        )
        logged = self.new_log()
        self.assertIn('unknown client', logged)
        self.assertIn('unknown user', logged)
        self.assertNotIn('\n2026-01-01 CRITICAL', logged)
        self.assertNotIn('\r', logged)
        self.assertNotIn('\x1b', logged)

    def test_malformed_id_is_not_logged(self):
        """It may be a secret in the wrong place."""
        self.post_as(('x' * 5000, 'x'))
        self.post_for('x' * 5000, mutual_tls.verified(self.certificate))
        logged = self.new_log()
        self.assertIn('unknown client (5000 characters, redacted)', logged)
        self.assertIn('unknown user (5000 characters, redacted)', logged)
        self.assertNotIn('xxx', logged)

    def test_malformed_id_is_not_logged_during_a_database_failure(self):
        """The database error has it as a parameter."""
        database = sqlite3.connect(self.keystone.folder / 'keystone.db')
        self.addCleanup(database.close)
        rename = 'ALTER TABLE {} RENAME TO {}'.format
        names = 'application_credential', 'elsewhere'
        database.execute(rename(*names))
        self.addCleanup(database.execute, rename(*reversed(names)))
        self.assertEqual(503, self.post_as((WRONG, 'x')).status)
        self.assert_logged('The database is unavailable: ', WRONG)
