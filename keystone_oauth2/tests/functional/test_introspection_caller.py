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

"""Callers of introspection, and how they authenticate."""

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

INTROSPECT = tokens.INTROSPECT
UNKNOWN = matchers.IsOAuthError(401, 'invalid_client')
MALFORMED = matchers.IsOAuthError(400, 'invalid_request')
MISSING = matchers.IsOAuthError(
    400, 'invalid_request', description='is missing'
)
TWO_METHODS = matchers.IsOAuthError(
    400, 'invalid_request', description='More than one'
)


class CallerTest(tokens.TokensTestCase):
    options = {
        'oauth2': {
            'oauth2_authn_methods': [
                'client_secret_basic',
                'client_secret_post',
                'tls_client_auth',
            ]
        }
    }

    @classmethod
    def create(cls):
        super().create()
        cls.service_certificate = mutual_tls.AUTHORITY.client(
            [('CN', cls.service_user.name)]
        )

    def setUp(self):
        super().setUp()
        self.token = self.issue()

    def introspect_by(self, *, headers=None, environ=None, **parameters):
        """Introspect a token as the caller of these arguments."""
        return self.keystone.request(
            'POST',
            INTROSPECT,
            form={'token': self.token, **parameters},
            headers=headers or {},
            environ=environ,
        )

    def ways(self):
        """Return the arguments of each way to authenticate the service."""
        token = self.issue(self.service)
        return {
            'basic': {'headers': {'Authorization': base.basic(*self.service)}},
            'post': {
                'client_id': self.service.id,
                'client_secret': self.service.secret,
            },
            'tls': {
                'client_id': self.service_user.id,
                'environ': mutual_tls.verified(self.service_certificate),
            },
            'token': {'headers': {'X-Auth-Token': token}},
        }

    def test_token_in_two_fields(self):
        """B01: it is one method, as clients of services send it."""
        token = self.issue(self.service)
        for other, expected in (
            (token, 200),
            (self.issue(self.service), 400),
            (token[:-1], 400),
            ('x y', 400),
        ):
            with self.variant(other):
                answer = self.introspect_by(
                    headers={
                        'X-Auth-Token': token,
                        'Authorization': f'Bearer {other}',
                    }
                )
                self.assertEqual(expected, answer.status)

    def test_each_way_to_authenticate_returns_the_same(self):
        """G01: a client by each method, or the holder of a token."""
        bodies = []
        for name, arguments in self.ways().items():
            with self.variant(name):
                answer = self.introspect_by(**arguments)
                self.assertThat(answer, tokens.IsAnswer(answer.json))
                self.assertIs(True, answer.json['active'])
                bodies.append(answer.json)
        self.assertEqual([bodies[0]] * 4, bodies)

    def test_two_methods_at_once_are_refused(self):
        """B01: even if both are right."""
        ways = self.ways()
        for one, other in (
            ('basic', 'post'),
            ('basic', 'tls'),
            ('post', 'tls'),
            ('token', 'basic'),
            ('token', 'post'),
            ('token', 'tls'),
        ):
            both = {**ways[one], **ways[other]}
            both['headers'] = {
                **ways[one].get('headers', {}),
                **ways[other].get('headers', {}),
            }
            if one == 'basic' and other == 'tls':
                both['client_id'] = self.service.id
            with self.variant((one, other)):
                self.assertThat(self.introspect_by(**both), TWO_METHODS)

    def test_unauthenticated_caller_is_refused(self):
        """G01: so tokens cannot be scanned."""
        for name, arguments in {
            'nothing': {},
            'client_id': {'client_id': self.client.id},
            'wrong secret': {
                'headers': {'Authorization': base.basic(self.client.id, 'x')}
            },
            'unknown client': {
                'headers': {'Authorization': base.basic('x', 'x')}
            },
            'wrong secret in the body': {
                'client_id': self.client.id,
                'client_secret': 'x',
            },
            'certificate of another user': {
                'client_id': self.service_user.id,
                'environ': mutual_tls.verified(self.certificate),
            },
            'bearer token': {
                'headers': {'Authorization': f'Bearer {self.token}'}
            },
        }.items():
            with self.variant(name):
                answer = self.introspect_by(**arguments)
                self.assertThat(answer, UNKNOWN)

    def test_refused_caller_gets_the_same_answer_for_any_token(self):
        """G01: 401, whether the token exists or not."""
        wrong = (self.client.id, 'wrong')
        known = self.introspect(self.token, wrong)
        unknown = self.introspect('x', wrong)
        self.assertThat(known, UNKNOWN)
        self.assertEqual(known.body, unknown.body)

    def test_wrong_x_auth_token_is_refused_as_keystone_refuses_it(self):
        """G01: by Keystone itself, in JSON."""
        for wrong in ('x', self.token[:-4] + 'AAAA'):
            with self.variant(wrong):
                answer = self.introspect_by(headers={'X-Auth-Token': wrong})
                self.assertEqual(401, answer.status)
                self.assertEqual(
                    'application/json', answer.headers['Content-Type']
                )
                self.assertNotIn('active', answer.json)
                self.assertIn('WWW-Authenticate', answer.headers)

    def test_revoked_x_auth_token_is_refused(self):
        """G01: its holder can no longer introspect."""
        token = self.issue(self.service)
        self.identity.revoke(token)
        answer = self.introspect_by(headers={'X-Auth-Token': token})
        self.assertEqual(401, answer.status)

    def test_caller_with_an_invalid_credential_is_refused(self):
        """G01: a disabled user, a deleted credential."""
        owner, caller = self.new_client('service')
        answer = self.introspect(self.token, caller)
        self.assertIs(True, answer.json['active'])
        self.identity.disable(owner)
        self.assertThat(self.introspect(self.token, caller), UNKNOWN)
        owner, caller = self.new_client('service')
        self.identity.delete_application_credential(owner, caller.id)
        self.assertThat(self.introspect(self.token, caller), UNKNOWN)

    def test_token_is_required(self):
        """G01: once, in the body."""
        for body, matcher in (
            ('', MISSING),
            ('token=', MISSING),
            ('token_type_hint=access_token', MISSING),
            (f'token={self.token}&token={self.token}', MALFORMED),
        ):
            with self.variant(body):
                answer = self.post_as(self.service, body, path=INTROSPECT)
                self.assertThat(answer, matcher)
        answer = self.post_as(
            self.service, path=f'{INTROSPECT}?token={self.token}'
        )
        self.assertThat(answer, MALFORMED)

    def test_missing_token_is_reported_before_authentication(self):
        """A04: a malformed request costs no hash."""
        answer = self.post_as(('x', 'x'), 'x=y', path=INTROSPECT)
        self.assertThat(answer, MISSING)

    def test_hint_may_have_any_value(self):
        """G08: there is only one kind of token."""
        expected = self.introspect(self.token).body
        for hint in (
            'access_token',
            'refresh_token',
            'pop',
            'nonsense',
            '\u20ac',
            '',
        ):
            with self.variant(hint):
                answer = self.introspect(
                    self.token, form={'token_type_hint': hint}
                )
                self.assertEqual(expected, answer.body)

    def test_unknown_parameters_are_ignored(self):
        """A05: as at the token endpoint."""
        answer = self.introspect(self.token, form={'foo': 'bar'})
        self.assertIs(True, answer.json['active'])

    def test_body_must_be_a_form(self):
        """A02: as at the token endpoint."""
        answer = self.post_as(
            self.service,
            f'{{"token": "{self.token}"}}',
            path=INTROSPECT,
            headers={'Content-Type': 'application/json'},
        )
        self.assertThat(answer, MALFORMED)

    def test_only_post_is_allowed(self):
        """G01: RFC 7662 defines no other method."""
        for method in ('GET', 'PUT', 'PATCH', 'DELETE', 'TRACE'):
            with self.variant(method):
                answer = self.keystone.request(
                    method,
                    INTROSPECT,
                    headers={'Authorization': base.basic(*self.service)},
                )
                self.assertThat(
                    answer,
                    matchers.IsOAuthError(
                        405, 'invalid_request', allow='OPTIONS, POST'
                    ),
                )


class SecretInTheBodyIsOffTest(tokens.TokensTestCase):
    options = {'oauth2': {'oauth2_authn_methods': 'client_secret_basic'}}

    def test_secret_in_the_body_is_refused(self):
        """B03: only the methods in the operator's list are enabled."""
        answer = self.ask(
            INTROSPECT,
            self.issue(),
            form={
                'client_id': self.service.id,
                'client_secret': self.service.secret,
            },
        )
        self.assertThat(answer, UNKNOWN)
