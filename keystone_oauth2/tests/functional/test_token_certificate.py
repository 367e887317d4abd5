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

"""Contents of a token issued for a client certificate."""

import urllib.parse

from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls


class TokenByCertificateTest(mutual_tls.MutualTLSTestCase):
    def test_token_has_method_and_thumbprint(self):
        """B12: it shows that a certificate authenticated the user."""
        answer = self.post_with(self.certificate)
        self.assertThat(answer, matchers.IsAccessToken())
        token = self.validate(answer)
        self.assertEqual(['oauth2_credential'], token['methods'])
        self.assertEqual(
            {'x5t#S256': self.certificate.keystone_thumbprint},
            token['oauth2_credential'],
        )
        self.assertEqual(self.user.id, token['user']['id'])
        self.assertEqual(self.project.id, token['project']['id'])
        self.assertEqual(
            ['member', 'reader'],
            sorted(role['name'] for role in token['roles']),
        )
        self.assertNotIn('application_credential', token)

    def test_thumbprint_is_independent_of_the_text_of_the_pem(self):
        """D05: it is computed over the certificate, whatever its source."""
        pem = self.certificate.pem
        for text in (
            pem.strip(),
            pem.replace('\n', '\r\n'),
            pem.replace('\n', '\n\t'),
            pem.replace('\n', ' '),
            urllib.parse.quote(pem),
        ):
            with self.variant(text):
                answer = self.post_for(
                    self.user,
                    {'SSL_CLIENT_CERT': text, 'SSL_CLIENT_VERIFY': 'SUCCESS'},
                )
                self.assertEqual(
                    {'x5t#S256': self.certificate.keystone_thumbprint},
                    self.validate(answer)['oauth2_credential'],
                )

    def test_each_certificate_has_its_own_thumbprint(self):
        """D05: a renewed certificate is another one."""
        renewed = mutual_tls.AUTHORITY.client([('CN', self.user.name)])
        token = self.validate(self.post_with(renewed))
        self.assertEqual(
            {'x5t#S256': renewed.keystone_thumbprint},
            token['oauth2_credential'],
        )

    def test_bound_token_cannot_be_exchanged_for_an_unbound_one(self):
        """D08: Keystone itself checks no binding, but issues no other."""
        value = self.post_with(self.certificate).json['access_token']
        answer = self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={
                'auth': {
                    'identity': {'methods': ['token'], 'token': {'id': value}},
                    'scope': {'project': {'id': self.project.id}},
                }
            },
            environ=mutual_tls.verified(self.certificate),
        )
        self.assertEqual(403, answer.status)
        self.assertNotIn('X-Subject-Token', answer.headers)

    def test_method_is_refused_outside_the_token_endpoint(self):
        for payload in ({}, {'id': self.user.id}):
            answer = self.keystone.request(
                'POST',
                '/v3/auth/tokens',
                json={
                    'auth': {
                        'identity': {
                            'methods': ['oauth2_credential'],
                            'oauth2_credential': payload,
                        }
                    }
                },
                environ=mutual_tls.verified(self.certificate),
            )
            with self.variant(payload):
                self.assertEqual(401, answer.status)
                self.assertNotIn('X-Subject-Token', answer.headers)


class SignedTokenByCertificateTest(TokenByCertificateTest):
    """The same with Keystone's JWS tokens."""

    options = {'token': {'provider': 'jws'}}


class InTreeTokenByCertificateTest(mutual_tls.MutualTLSTestCase):
    """What the in-tree API does instead."""

    enable = False

    def test_fernet_token_loses_the_method(self):
        answer = self.post_with(self.certificate)
        self.assertEqual(200, answer.status)
        self.assertEqual([], self.validate(answer)['methods'])

    def test_thumbprint_depends_on_line_breaks(self):
        """D05: it is computed over the text."""
        answer = self.post_for(
            self.user, {'SSL_CLIENT_CERT': self.certificate.pem.strip()}
        )
        self.assertNotEqual(
            {'x5t#S256': self.certificate.keystone_thumbprint},
            self.validate(answer)['oauth2_credential'],
        )
