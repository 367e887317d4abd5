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

"""Tokens of clients with a certificate (RFC 8705, 3)."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests.functional import client_certificates
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

AUTHORITY = mutual_tls.AUTHORITY
PROJECTS = client_certificates.PROJECTS
FAILED = client_certificates.FAILED
CANNOT_BE_BOUND = matchers.IsOAuthError(
    400,
    'unauthorized_client',
    description='ask the operator for JWT access tokens',
)


class BoundTokenTest(client_certificates.CertificatesTestCase):
    def setUp(self):
        super().setUp()
        self.batch = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        self.how = clients.by_certificate(self.own, self.batch)
        self.token = self.assert_bound(self.batch, self.how)

    def test_it_has_only_the_roles_of_the_credential(self):
        """B12: not all of the user's; and the token names the client."""
        token = self.identity.validate(self.token).json['token']
        self.assertEqual(['application_credential'], token['methods'])
        self.assertEqual(self.own.id, token['application_credential']['id'])
        self.assertEqual(['reader'], [role['name'] for role in token['roles']])
        self.assertEqual(self.user.id, token['user']['id'])
        self.assertEqual(self.project.id, token['project']['id'])

    def test_introspection_returns_the_thumbprint_and_the_client(self):
        """D06: of the certificate itself."""
        body = self.introspect(self.token).json
        self.assertEqual({'x5t#S256': self.batch.thumbprint}, body['cnf'])
        self.assertEqual(self.own.id, body['client_id'])
        self.assertEqual('reader', body['roles'])

    def test_keystone_accepts_it_only_with_its_certificate(self):
        """D07, D08."""
        other = AUTHORITY.client([('CN', 'batch')])
        for environ, status in (
            (None, 401),
            (mutual_tls.verified(other), 401),
            ({**self.how['environ'], 'SSL_CLIENT_VERIFY': FAILED}, 401),
            (self.how['environ'], 200),
        ):
            with self.variant(status):
                answer = self.keystone.request(
                    'GET', PROJECTS, token=self.token, environ=environ
                )
                self.assertEqual(status, answer.status)

    def test_client_introspects_and_revokes_with_the_certificate(self):
        answer = self.ask(tokens.INTROSPECT, self.token, **self.how)
        self.assertIs(True, answer.json['active'])
        answer = self.ask(tokens.REVOKE, self.token, **self.how)
        self.assertThat(answer, tokens.REVOKED)
        answer = self.ask(tokens.INTROSPECT, self.token, **self.how)
        self.assertThat(answer, tokens.INACTIVE)

    def test_token_issued_for_the_secret_is_not_bound(self):
        answer = self.get_token(**clients.by_secret(self.own, self.own.secret))
        self.assertNotIn('oauth2_credential', self.validate(answer))

    def test_secret_beside_a_certificate_is_refused(self):
        """B01: if the request has a client_id, too."""
        how = clients.by_secret_in_body(self.own, self.own.secret)
        how['environ'] = self.how['environ']
        self.assertThat(
            self.get_token(**how),
            matchers.IsOAuthError(400, 'invalid_request'),
        )

    def test_certificate_alone_identifies_no_client(self):
        """D01."""
        self.assert_refused(environ=self.how['environ'])


class UserBesideClientsTest(client_certificates.CertificatesTestCase):
    def test_mapping_decides_which_certificates_belong_to_a_user(self):
        """D01: the client_id is the user's id, as before."""
        answer = self.post_with(self.certificate)
        self.assertThat(answer, clients.ISSUED)
        token = self.validate(answer)
        self.assertEqual(['oauth2_credential'], token['methods'])
        self.assertNotIn('application_credential', token)

    def test_mapping_authenticates_no_client_of_the_user(self):
        """B12: nor does a client's certificate authenticate the user."""
        self.assert_refused(
            **clients.by_certificate(self.own, self.certificate)
        )
        certificate = fixture.self_signed([('CN', self.user.name)])
        self.register_certificate(certificate=certificate.pem)
        self.assert_refused(
            **clients.by_certificate(self.user, certificate, FAILED)
        )


class FernetTest(clients.ClientsTestCase):
    """Fernet tokens cannot hold both method and thumbprint."""

    def setUp(self):
        super().setUp()
        self.batch = fixture.self_signed([('CN', 'batch')])
        self.register_certificate(certificate=self.batch.pem)
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        self.hows = (
            clients.by_certificate(self.own, self.batch, FAILED),
            clients.by_certificate(
                self.own, AUTHORITY.client([('CN', 'batch')])
            ),
        )

    def test_client_learns_that_its_token_cannot_be_bound(self):
        for how in self.hows:
            self.assertThat(self.get_token(**how), CANNOT_BE_BOUND)

    def test_unauthenticated_caller_does_not_learn_that(self):
        """B07."""
        for certificate, verdict in (
            (fixture.self_signed([('CN', 'batch')]), FAILED),
            (self.certificate, 'SUCCESS'),
        ):
            self.assert_refused(
                **clients.by_certificate(self.own, certificate, verdict)
            )

    def test_client_still_introspects_and_revokes(self):
        for how in self.hows:
            token = self.issue(self.own)
            answer = self.ask(tokens.INTROSPECT, token, **how)
            self.assertIs(True, answer.json['active'])
            answer = self.ask(tokens.REVOKE, token, **how)
            self.assertThat(answer, tokens.REVOKED)

    def test_users_and_secrets_still_get_their_tokens(self):
        """Including users over Mutual-TLS."""
        self.assertThat(self.post_with(self.certificate), clients.ISSUED)
        self.assert_issued(**clients.by_secret(self.own, self.own.secret))
