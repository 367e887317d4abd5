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

"""Valid and invalid X-Auth-Token at introspection and revocation."""

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

UNKNOWN = matchers.IsOAuthError(401, 'invalid_client')
TWO_METHODS = matchers.IsOAuthError(
    400, 'invalid_request', description='More than one'
)
METHODS = ['client_secret_basic', 'client_secret_post', 'tls_client_auth']


class TokenHolderTest(tokens.TokensTestCase):
    options = {'oauth2': {'oauth2_authn_methods': METHODS}}

    @classmethod
    def create(cls):
        super().create()
        cls.service_certificate = mutual_tls.AUTHORITY.client(
            [('CN', cls.service_user.name)]
        )

    def setUp(self):
        super().setUp()
        self.token = self.issue()

    def wrong(self):
        """Return invalid values of the field, by what is wrong with them."""
        revoked = self.issue(self.service)
        self.identity.revoke(revoked)
        return {
            'nothing': '',
            'a blank': ' ',
            'no token': 'x',
            'an altered token': self.token[:-4] + 'AAAA',
            'a revoked token': revoked,
            'a secret': self.service.secret,
        }

    def ask_with(self, path, headers=None, environ=None, **form):
        return self.keystone.request(
            'POST',
            path,
            form={'token': self.token, **form},
            headers=headers or {},
            environ=environ,
        )

    def test_invalid_token_beside_a_client_is_refused(self):
        """B01, K06: there is no fallback to another method."""
        ways = (
            {'headers': {'Authorization': base.basic(*self.service)}},
            {
                'client_id': self.service.id,
                'client_secret': self.service.secret,
            },
            {
                'client_id': self.service_user.id,
                'environ': mutual_tls.verified(self.service_certificate),
            },
        )
        for path in (tokens.INTROSPECT, tokens.REVOKE):
            for name, wrong in self.wrong().items():
                for field in ('X-Auth-Token', 'X-Storage-Token'):
                    for way in ways:
                        headers = {**way.get('headers', {}), field: wrong}
                        with self.variant((path, name, field, way)):
                            answer = self.ask_with(
                                path, **{**way, 'headers': headers}
                            )
                            self.assertThat(answer, TWO_METHODS)
        self.assert_valid(self.token)

    def test_invalid_token_alone_is_refused(self):
        """K06, G01: whatever is wrong with it."""
        for path in (tokens.INTROSPECT, tokens.REVOKE):
            for name, wrong in self.wrong().items():
                for field in ('X-Auth-Token', 'X-Storage-Token'):
                    with self.variant((path, name, field)):
                        answer = self.ask_with(path, {field: wrong})
                        self.assertThat(answer, UNKNOWN)
        self.assert_valid(self.token)

    def test_log_has_the_reason(self):
        self.ask_with(tokens.INTROSPECT, {'X-Auth-Token': 'x'})
        self.assertIn('X-Auth-Token is not valid', self.log)

    def test_both_names_of_the_field_are_accepted(self):
        """G01: keystonemiddleware knows two."""
        holder = self.issue(self.service)
        for field in ('X-Auth-Token', 'X-Storage-Token'):
            with self.variant(field):
                answer = self.ask_with(tokens.INTROSPECT, {field: holder})
                self.assertIs(True, answer.json['active'])

    def test_blank_authorization_beside_a_client_is_refused(self):
        """B01, K06: it counts as an attempt, too."""
        answer = self.ask_with(
            tokens.INTROSPECT,
            {'Authorization': ''},
            client_id=self.service.id,
            client_secret=self.service.secret,
        )
        self.assertThat(answer, TWO_METHODS)

    def test_token_endpoint_ignores_it(self):
        """Only clients get access tokens."""
        for name, wrong in self.wrong().items():
            with self.variant(name):
                answer = self.post_as(
                    self.service, headers={'X-Auth-Token': wrong}
                )
                self.assertEqual(200, answer.status, answer.text)
