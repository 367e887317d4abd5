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

"""Client authentication at the token endpoint."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers

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

    def test_secret_in_header_and_body_is_refused_even_if_both_are_right(self):
        """B01: only one method per request."""
        answer = self.post_as(
            self.client, f'{base.GRANT}&{base.in_body(self.client)}'
        )
        self.assertThat(answer, TWO_METHODS)

    def test_secret_and_certificate_are_refused(self):
        """B01: a certificate does not take precedence over a secret."""
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
        """B01: a service mesh may present a certificate on each connection."""
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
        """B01: the body may repeat the client_id, but not name another one."""
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
        """B03: HTTP Basic and the request body."""
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

    def test_right_secret_is_refused_and_the_scheme_is_named(self):
        """B05: the 401 names Basic, the scheme that the client used."""
        self.assertThat(self.post_as(self.client), REFUSED)

    def test_401_names_no_scheme_that_is_disabled(self):
        """B06: only Keystone's own challenge is present."""
        refused = matchers.IsOAuthError(401, 'invalid_client', scheme=None)
        self.assertThat(self.post(), refused)
        self.assertThat(self.post(authorization='Bearer x'), refused)


class InTreeAuthenticationTest(base.KeystoneTestCase):
    """What the in-tree API does instead."""

    enable = False

    def test_two_methods_are_accepted(self):
        """B01: the secret in the body is ignored."""
        answer = self.post_as(
            self.client, f'{base.GRANT}&client_id=x&client_secret=wrong'
        )
        self.assertEqual(200, answer.status)

    def test_certificate_silently_takes_precedence_over_a_secret(self):
        """B01: a right secret is refused if there is any certificate."""
        certificate = fixture.CertificateAuthority().client([('CN', 'x')])
        answer = self.post_as(
            self.client, environ={'SSL_CLIENT_CERT': certificate.pem}
        )
        self.assertEqual(401, answer.status)

    def test_encoded_secret_is_refused(self):
        """B02: strict clients cannot authenticate."""
        answer = self.post_as(
            (self.client.id, base.encoded(self.client.secret))
        )
        self.assertEqual(401, answer.status)

    def test_401_does_not_name_the_attempted_scheme(self):
        """B05: only Keystone's own challenge is present."""
        answer = self.post_as((self.client.id, 'wrong'))
        self.assertEqual(
            ['Keystone uri="http://localhost/v3"'],
            answer.headers.getlist('WWW-Authenticate'),
        )

    def test_non_ascii_bytes_cause_a_server_error(self):
        self.assertRaises(
            ValueError, lambda: self.post(authorization=b'Basic \xff')
        )
