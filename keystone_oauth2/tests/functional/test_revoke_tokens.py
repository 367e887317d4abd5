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

"""Authenticators that are removed with the tokens of their client."""

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import tokens


class RevokeTokensTest(jwts.JWTTestCase):
    """An authenticator that is removed with the client's tokens."""

    def setUp(self):
        super().setUp()
        self.owner_token = self.identity.token_for(self.user)
        self.use_client()

    def use_client(self):
        """Create a client with a second secret."""
        self.own = self.identity.create_application_credential(self.user)
        self.second = self.register('secret')

    def register(self, kind):
        return clients.register(
            self.keystone.request, self.owner_token, self.own, kind
        )

    def remove(self, identifier, query):
        return self.keystone.request(
            'DELETE',
            clients.path_of(self.own, f'/secrets/{identifier}{query}'),
            token=self.owner_token,
        )

    def test_tokens_of_the_client_alone(self):
        """K03: at each door, whichever authenticator they are from."""
        for own in (False, True):
            with self.variant(own):
                # A token from the second of a removal would be refused, too.
                self.use_client()
                bystander = self.issue()
                token = self.issue(self.own)
                self.assertEqual(200, self.use(token))
                identifier = self.own.id if own else self.second['id']
                answer = self.remove(identifier, '?revoke_tokens=true')
                self.assertEqual(204, answer.status, answer.text)
                self.assertEqual(401, self.use(token))
                self.assertEqual(404, self.seen(token).status)
                self.assertThat(self.introspect(token), tokens.INACTIVE)
                self.assertEqual(200, self.use(bystander))

    def test_others_remain_by_default(self):
        for query in ('', '?revoke_tokens=false'):
            with self.variant(query):
                second = self.register('secret')
                token = self.issue(self.own)
                answer = self.remove(second['id'], query)
                self.assertEqual(204, answer.status, answer.text)
                self.assertEqual(200, self.use(token))

    def test_newer_tokens_count(self):
        """Except those of the next five seconds."""
        self.remove(self.second['id'], '?revoke_tokens=true')
        token = self.issue(self.own)
        for seconds, status in ((5, 401), (6, 200)):
            with self.variant(seconds):
                self.execute(
                    'UPDATE oauth2_client SET tokens_revoked_at = '
                    "datetime(:issued_at, 'unixepoch', :before) "
                    'WHERE client_id = :id',
                    id=self.own.id,
                    issued_at=jwts.claims(token)['iat'],
                    before=f'-{seconds} seconds',
                )
                self.assertEqual(status, self.use(token))

    def test_value_must_be_boolean(self):
        for value in ('', 'True', '1', 'yes', 'true,true'):
            with self.variant(value):
                answer = self.remove(
                    self.second['id'], f'?revoke_tokens={value}'
                )
                self.assertThat(answer, clients.IsKeystoneError(400))
        self.assertEqual(204, self.remove(self.second['id'], '').status)

    def test_nothing_is_recorded_if_nothing_is_removed(self):
        answer = self.remove('0' * 32, '?revoke_tokens=true')
        self.assertThat(answer, clients.IsKeystoneError(404))
        self.assertEqual(
            [],
            self.execute(
                'SELECT id FROM oauth2_revocation_event WHERE client_id = :id',
                id=self.own.id,
            ),
        )
