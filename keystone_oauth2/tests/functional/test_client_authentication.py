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

"""Client authentication at the wire."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base

REFUSED = matchers.IsOAuthError(401, 'invalid_client')
TWO_METHODS = matchers.IsOAuthError(
    400, 'invalid_request', description='More than one'
)


class OneMethodTest(base.KeystoneTestCase):
    options = {
        'oauth2': {
            'oauth2_authn_methods': [
                'client_secret_basic',
                'client_secret_post',
                'tls_client_auth',
            ]
        }
    }

    def test_secret_in_header_and_body_is_refused_though_both_are_right(self):
        """B01: one method a request."""
        answer = self.post_as(
            self.client, f'{base.GRANT}&{base.in_body(self.client)}'
        )
        self.assertThat(answer, TWO_METHODS)

    def test_secret_and_certificate_are_refused(self):
        """B01: a certificate does not outrank a secret."""
        certificate = fixture.CertificateAuthority().client([('CN', 'x')])
        environ = {
            'SSL_CLIENT_CERT': certificate.pem,
            'SSL_CLIENT_VERIFY': 'SUCCESS',
        }
        body = f'{base.GRANT}&client_id={self.client.id}'
        answer = self.post_as(self.client, body, environ=environ)
        self.assertThat(answer, TWO_METHODS)
        answer = self.post(
            f'{base.GRANT}&{base.in_body(self.client)}', environ=environ
        )
        self.assertThat(answer, TWO_METHODS)

    def test_secret_on_a_connection_with_a_certificate_is_one_method(self):
        """B01: a mesh may put a certificate on every connection."""
        certificate = fixture.CertificateAuthority().client([('CN', 'x')])
        answer = self.post_as(
            self.client, environ={'SSL_CLIENT_CERT': certificate.pem}
        )
        self.assertThat(answer, matchers.IsAccessToken())

    def test_secret_and_assertion_are_refused(self):
        """B01: secret and assertion."""
        for name in ('client_assertion', 'client_assertion_type'):
            with self.variant(name):
                answer = self.post_as(self.client, f'{base.GRANT}&{name}=x')
                self.assertThat(answer, TWO_METHODS)

    def test_two_different_client_ids_are_refused(self):
        """B01: the body may name the client again, but no other one."""
        for client_id, matcher in (
            (self.client.id, matchers.IsAccessToken()),
            ('other', matchers.IsOAuthError(400, 'invalid_request')),
        ):
            with self.variant(client_id):
                answer = self.post_as(
                    self.client, f'{base.GRANT}&client_id={client_id}'
                )
                self.assertThat(answer, matcher)

    def test_secret_in_the_body_is_accepted_where_it_is_enabled(self):
        """B03: both forms."""
        answer = self.post(f'{base.GRANT}&{base.in_body(self.client)}')
        self.assertThat(answer, matchers.IsAccessToken())

    def test_secret_in_the_body_without_client_id_is_malformed(self):
        answer = self.post(f'{base.GRANT}&client_secret=x')
        self.assertThat(
            answer,
            matchers.IsOAuthError(
                400, 'invalid_request', description='missing'
            ),
        )


class OnlyCertificatesTest(base.KeystoneTestCase):
    options = {'oauth2': {'oauth2_authn_methods': 'tls_client_auth'}}

    def test_right_secret_authenticates_nobody_and_the_scheme_is_named(self):
        """B05: the client tried Basic, so that is what the 401 names."""
        self.assertThat(self.post_as(self.client), REFUSED)

    def test_401_names_no_scheme_that_is_not_enabled(self):
        """B06: Keystone's own challenge is there, and no other."""
        refused = matchers.IsOAuthError(401, 'invalid_client', scheme=None)
        self.assertThat(self.post(), refused)
        self.assertThat(self.post(authorization='Bearer x'), refused)


class InTreeAuthenticationTest(base.KeystoneTestCase):
    """What is different without the extension."""

    enable = False

    def test_two_methods_are_accepted(self):
        """B01: the secret in the body is not even looked at."""
        answer = self.post_as(
            self.client, f'{base.GRANT}&client_id=x&client_secret=wrong'
        )
        self.assertEqual(200, answer.status)

    def test_certificate_silently_outranks_a_secret(self):
        """B01: a right secret is refused beside any certificate."""
        certificate = fixture.CertificateAuthority().client([('CN', 'x')])
        answer = self.post_as(
            self.client, environ={'SSL_CLIENT_CERT': certificate.pem}
        )
        self.assertEqual(401, answer.status)

    def test_encoded_secret_does_not_hold(self):
        """B02: strict clients cannot log in."""
        answer = self.post_as(
            (self.client.id, base.encoded(self.client.secret))
        )
        self.assertEqual(401, answer.status)

    def test_401_does_not_name_the_scheme_that_was_tried(self):
        """B05: Keystone's own challenge only."""
        answer = self.post_as((self.client.id, 'wrong'))
        self.assertEqual(
            ['Keystone uri="http://localhost/v3"'],
            answer.headers.getlist('WWW-Authenticate'),
        )

    def test_bytes_that_are_not_ascii_bring_it_down(self):
        self.assertRaises(
            ValueError, lambda: self.post(authorization=b'Basic \xff')
        )
