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

"""Certificate-bound tokens in X-Auth-Token."""

from keystone.common import provider_api

from keystone_oauth2.tests.support import mutual_tls

PROVIDERS = provider_api.ProviderAPIs
PROJECTS = '/v3/auth/projects'


class BoundTokenTest(mutual_tls.MutualTLSTestCase):
    def setUp(self):
        super().setUp()
        answer = self.post_with(self.certificate)
        self.token = answer.json['access_token']

    def get(self, environ=None):
        return self.keystone.request(
            'GET', PROJECTS, token=self.token, environ=environ
        )

    def assert_refused(self, answer):
        self.assertEqual(401, answer.status, answer.text)
        self.assertEqual(
            {
                'code': 401,
                'title': 'Unauthorized',
                'message': 'The request you have made requires '
                'authentication.',
            },
            answer.json['error'],
        )
        self.assertIn('Keystone uri=', answer.headers.get('WWW-Authenticate'))

    def test_keystone_refuses_it_without_a_certificate(self):
        """D08: X-Auth-Token does not bypass the binding."""
        self.assert_refused(self.get())
        self.assertIn('came without its certificate', self.log)
        self.assertNotIn(self.token, self.log)

    def test_keystone_refuses_it_with_another_certificate(self):
        """D07: of the same user, issued by the same authority."""
        other = mutual_tls.AUTHORITY.client([('CN', self.user.name)])
        self.assert_refused(self.get(mutual_tls.verified(other)))

    def test_keystone_refuses_it_if_the_certificate_was_not_verified(self):
        """E04: an attacker with the token may know the certificate too."""
        for verdict in ('', 'NONE', 'FAILED:expired'):
            with self.variant(verdict):
                self.assert_refused(
                    self.get(
                        {
                            'SSL_CLIENT_CERT': self.certificate.pem,
                            'SSL_CLIENT_VERIFY': verdict,
                        }
                    )
                )

    def test_keystone_accepts_it_with_its_certificate(self):
        answer = self.get(mutual_tls.verified(self.certificate))
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual(
            [self.project.id],
            [project['id'] for project in answer.json['projects']],
        )

    def test_protocol_endpoints_refuse_it_too(self):
        """D08: introspection and revocation, with X-Auth-Token."""
        for path in ('introspect', 'revoke'):
            with self.variant(path):
                self.assert_refused(
                    self.post(
                        f'token={self.token}',
                        path=f'/v3/OS-OAUTH2/{path}',
                        token=self.token,
                    )
                )
        self.assertEqual(200, self.identity.validate(self.token).status)

    def test_no_spelling_of_it_bypasses_the_certificate(self):
        """D08: Keystone skips odd characters when it decodes a token."""
        for odd in ('', '    ', '\n' * 4, '\xe9' * 4):
            token = self.token[:9] + odd + self.token[9:]
            body = {
                'auth': {
                    'identity': {'methods': ['token'], 'token': {'id': token}},
                    'scope': {'service_provider': {'id': 'elsewhere'}},
                }
            }
            for path in ('tokens', 'OS-FEDERATION/saml2'):
                with self.variant((path, odd)):
                    self.assert_refused(
                        self.keystone.request(
                            'POST', f'/v3/auth/{path}', json=body
                        )
                    )

    def test_assertion_needs_the_certificate_whatever_the_methods_are(self):
        """D08: Keystone reads the token without looking at them."""
        for methods in ({}, {'methods': []}, {'methods': ['password']}):
            body = {
                'auth': {
                    'identity': {**methods, 'token': {'id': self.token}},
                    'scope': {'service_provider': {'id': 'elsewhere'}},
                }
            }
            for path in ('saml2', 'saml2/ecp'):
                with self.variant((path, methods)):
                    self.assert_refused(
                        self.keystone.request(
                            'POST',
                            f'/v3/auth/OS-FEDERATION/{path}',
                            json=body,
                        )
                    )

    def test_it_is_no_service_token_without_its_certificate(self):
        """D08: beside an unbound token, and alone."""
        other = mutual_tls.AUTHORITY.client([('CN', self.user.name)])
        for token in (self.identity.token_for(self.user), None):
            for value in (self.token, f' {self.token} '):
                headers = {'X-Service-Token': value}
                for environ in (None, mutual_tls.verified(other)):
                    with self.variant((token, value, environ)):
                        self.assert_refused(
                            self.keystone.request(
                                'GET',
                                PROJECTS,
                                token=token,
                                headers=headers,
                                environ=environ,
                            )
                        )
        answer = self.keystone.request(
            'GET',
            PROJECTS,
            token=self.identity.token_for(self.user),
            headers={'X-Service-Token': self.token},
            environ=mutual_tls.verified(self.certificate),
        )
        self.assertEqual(200, answer.status, answer.text)

    def test_two_tokens_with_different_bindings_are_refused(self):
        """D07: no certificate fits both."""
        _, user, certificate = self.new_user()
        rule = {'name': '{0}', 'domain': {'id': 'default'}}
        self.map_differently(mutual_tls.one_rule(rule, 'SUBJECT_DN_CN'))
        service_token = self.post_with(certificate, user).json['access_token']
        for presented in (self.certificate, certificate):
            with self.variant(presented):
                self.assert_refused(
                    self.keystone.request(
                        'GET',
                        PROJECTS,
                        token=self.token,
                        headers={'X-Service-Token': service_token},
                        environ=mutual_tls.verified(presented),
                    )
                )

    def test_wrong_service_token_is_left_to_keystone(self):
        """The answer is the one that Keystone gives on its own."""
        for value in ('', ' ', 'x', self.token[:-4] + 'AAAA', '\xe9'):
            with self.variant(value):
                answer = self.keystone.request(
                    'GET',
                    PROJECTS,
                    token=self.identity.token_for(self.user),
                    headers={'X-Service-Token': value},
                )
                self.assertEqual(200, answer.status, answer.text)

    def test_alias_of_x_auth_token_makes_no_difference(self):
        """D08: keystonemiddleware treats X-Storage-Token the same way."""
        headers = {'X-Storage-Token': self.token}
        self.assert_refused(
            self.keystone.request('GET', PROJECTS, headers=headers)
        )
        answer = self.keystone.request(
            'GET',
            PROJECTS,
            headers=headers,
            environ=mutual_tls.verified(self.certificate),
        )
        self.assertEqual(200, answer.status, answer.text)

    def test_each_method_that_accepts_a_token_requires_its_certificate(self):
        """D08: federation adds one under a name that an operator chooses."""
        for method in ('token', 'mapped', 'saml2', 'openid'):
            with self.variant(method):
                identity = {'methods': [method], method: {'id': self.token}}
                self.assert_refused(
                    self.keystone.request(
                        'POST',
                        '/v3/auth/tokens',
                        json={'auth': {'identity': identity}},
                    )
                )

    def test_token_of_a_certificate_without_a_thumbprint_is_refused(self):
        """K06, D08: its binding is no longer known."""
        token = PROVIDERS.token_provider_api.issue_token(
            self.user.id, ['oauth2_credential'], project_id=self.project.id
        ).id
        self.assertEqual(200, self.identity.validate(token).status)
        for environ in (None, mutual_tls.verified(self.certificate)):
            with self.variant(environ):
                answer = self.keystone.request(
                    'GET', PROJECTS, token=token, environ=environ
                )
                self.assert_refused(answer)
        answer = self.keystone.request(
            'POST',
            '/v3/OS-OAUTH2/introspect',
            form={'token': token},
            token=self.identity.admin_token(),
        )
        self.assertEqual({'active': False}, answer.json)

    def test_token_that_keystone_does_not_read_is_ignored(self):
        """D08: no method of the request reads it."""
        user = {'id': self.user.id, 'password': self.user.password}
        for rest in (
            {'token': {'id': '\ud800'}},
            {'token': {'id': self.token}},
            {'password': {'user': user, 'id': '\ud800'}},
        ):
            identity = {
                'methods': ['password'],
                'password': {'user': user},
                **rest,
            }
            with self.variant(rest):
                answer = self.keystone.request(
                    'POST',
                    '/v3/auth/tokens',
                    json={'auth': {'identity': identity}},
                )
                self.assertEqual(201, answer.status, answer.text)

    def test_services_validate_it_without_its_certificate(self):
        answer = self.identity.validate(self.token)
        self.assertEqual(200, answer.status)

    def test_other_tokens_need_no_certificate(self):
        answer = self.keystone.request(
            'GET', PROJECTS, token=self.identity.token_for(self.user)
        )
        self.assertEqual(200, answer.status)


class BindingSwitchedOffTest(mutual_tls.MutualTLSTestCase):
    options = {'oauth2_certificates': {'enforce_binding': False}}

    def test_keystone_accepts_it_without_its_certificate(self):
        token = self.post_with(self.certificate).json['access_token']
        answer = self.keystone.request('GET', PROJECTS, token=token)
        self.assertEqual(200, answer.status)
