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

"""Ids with another spelling that a database considers equal.

MariaDB considers them equal; SQLite and PostgreSQL find no row.
"""

import uuid

from keystone.common import provider_api

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import requirement
from keystone_oauth2.tests.support import servers
from keystone_oauth2.tests.support import tokens

PROVIDERS = provider_api.ProviderAPIs


class SpelledIdTestCase(clients.ClientsTestCase):
    """A Keystone on MariaDB, with a cache."""

    provider = None
    unavailable = None

    @classmethod
    def setUpClass(cls):
        database = servers.Database('mysql')
        try:
            database.setUp()
        except servers.Unavailable as error:
            cls.unavailable = str(error)
            return
        cls.addClassCleanup(database.cleanUp)
        cls.options = {
            **clients.OPTIONS,
            'database': {'connection': database.url},
            'token': {'provider': cls.provider},
            'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'},
        }
        super().setUpClass()

    def setUp(self):
        if self.unavailable:
            requirement.missing(self, self.unavailable)
        super().setUp()

    def spellings(self):
        """Return other spellings of the id of the test's own client."""
        own = self.own.id
        wide = own.replace('a', '\xe1').replace('e', '\xe9')
        spellings = (own.upper(), f'{own} ', f'{own}  ', wide)
        return [spelling for spelling in spellings if spelling != own]

    def token_with(self, spelling):
        """Return a token issued before such ids were refused."""
        return PROVIDERS.token_provider_api.issue_token(
            self.user.id,
            ['application_credential'],
            project_id=self.project.id,
            app_cred_id=spelling,
        ).id


class SpelledIdTest(SpelledIdTestCase):
    """With Keystone's Fernet tokens."""

    def test_keystone_issues_no_token_for_another_spelling(self):
        """K05: as for a wrong secret, and the log has the reason."""
        wrong = self.token_of_keystone(id=self.own.id, secret='wrong')
        for spelling in self.spellings():
            with self.variant(spelling):
                self.new_log()
                answer = self.token_of_keystone(
                    id=spelling, secret=self.own.secret
                )
                self.assertEqual(401, answer.status)
                self.assertEqual(wrong.json, answer.json)
                self.assertNotIn('X-Subject-Token', answer.headers)
                if spelling in (self.own.id.upper(), f'{self.own.id} '):
                    self.assertIn('spelled differently', self.new_log())

    def test_keystone_accepts_the_exact_id_and_the_name(self):
        """K05: Keystone compares names itself."""
        answer = self.token_of_keystone(**self.own._asdict())
        self.assertEqual(201, answer.status, answer.text)
        credential = answer.json['token']['application_credential']
        for name in (credential['name'], credential['name'].upper()):
            with self.variant(name):
                answer = self.token_of_keystone(
                    name=name,
                    user={'id': self.user.id},
                    secret=self.own.secret,
                )
                self.assertEqual(201, answer.status, answer.text)
                token = answer.headers['X-Subject-Token']
                self.assertEqual(
                    self.own.id, self.introspect(token).json['client_id']
                )

    def test_other_ids_in_a_request_are_returned_as_stored(self):
        """K05: user and project, which Keystone looks up itself."""
        user = {'id': f'{self.user.id} ', 'password': self.user.password}
        answer = self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={
                'auth': {
                    'identity': {
                        'methods': ['password'],
                        'password': {'user': user},
                    },
                    'scope': {'project': {'id': f'{self.project.id} '}},
                }
            },
        )
        self.assertEqual(201, answer.status, answer.text)
        token = answer.headers['X-Subject-Token']
        body = self.introspect(token).json
        self.assertEqual(
            (self.user.id, self.project.id),
            (body['sub'], body['project']['id']),
        )

    def test_default_project_of_a_certificate_is_returned_as_stored(self):
        """K05: an administrator may have used another spelling."""
        _, user, certificate = self.new_user()
        other = user.project_id.upper()
        self.identity.update(user, default_project_id=other)
        token = self.assert_issued(**clients.by_certificate(user, certificate))
        validated = self.identity.validate(token).json['token']
        self.assertEqual(user.project_id, validated['project']['id'])
        token = PROVIDERS.token_provider_api.validate_token(token)
        self.assertEqual(user.project_id, token.project_id)

    def test_clients_are_known_only_by_the_exact_id(self):
        """B07, K05: at the OAuth 2.0 endpoints."""
        for spelling in self.spellings():
            with self.variant(spelling):
                client = self.own._replace(id=spelling)
                self.assert_refused(**clients.by_secret(client, client.secret))


class SignedSpelledIdTest(SpelledIdTestCase):
    """With Keystone's JWS tokens, which keep the spelling of ids."""

    provider = 'jws'

    def test_earlier_token_is_described_with_the_stored_id(self):
        """K05: whatever the spelling in its request."""
        for spelling in (self.own.id.upper(), f'{self.own.id} '):
            with self.variant(spelling):
                body = self.introspect(self.token_with(spelling)).json
                self.assertEqual(self.own.id, body['client_id'])

    def test_client_revokes_an_earlier_token(self):
        """K05: afterwards it is refused."""
        token = self.token_with(self.own.id.upper())
        self.assert_valid(token)
        answer = self.revoke(token, self.own)
        self.assertThat(answer, tokens.REVOKED)
        self.assert_invalid(token)

    def test_holder_of_an_earlier_token_is_the_client(self):
        """K05: it sees the other tokens of the client."""
        token = self.token_with(f'{self.own.id} ')
        other = self.issue(self.own)
        answer = self.ask(tokens.INTROSPECT, other, token=token)
        self.assertIs(True, answer.json['active'])
        self.assertThat(
            self.ask(tokens.REVOKE, other, token=token), tokens.REVOKED
        )
        self.assert_invalid(other)

    def test_token_is_refused_after_its_client_is_deleted(self):
        """K05: such tokens outlived it while Keystone's cache had it."""
        answer = self.token_of_keystone(**self.own._asdict())
        token = answer.headers['X-Subject-Token']
        self.assert_valid(token)
        self.identity.delete_application_credential(self.user, self.own.id)
        self.assert_invalid(token)
        wanted = {'id': uuid.uuid4().hex, 'secret': self.own.secret}
        self.assertEqual(404, self.token_of_keystone(**wanted).status)
