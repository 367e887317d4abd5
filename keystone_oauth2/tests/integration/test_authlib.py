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

"""Tests with Authlib as a client, over TLS."""

from authlib.integrations import base_client
from authlib.integrations import requests_client
from authlib.oauth2 import rfc7523

from keystone_oauth2.tests.integration import authorization_server


class AuthlibTest(authorization_server.AuthorizationServerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer = cls.register_key(cls.user, cls.client, 'RS256')

    def session(self, method, secret=None):
        """Return a session of the client with one method."""
        session = requests_client.OAuth2Session(
            self.client.id,
            secret or self.client.secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
        )
        session.verify = str(self.keystone.ca_file)
        session.trust_env = False
        self.addCleanup(session.close)
        return session

    def assert_served(self, session):
        """Get a token, introspect it, and revoke it."""
        token = session.fetch_token(
            self.token_url, grant_type='client_credentials'
        )
        self.assertEqual('Bearer', token['token_type'])
        self.assertEqual('member reader', token['scope'])
        self.assertFalse(token.is_expired())
        value = token['access_token']
        body = session.introspect_token(
            self.introspection_url, value, 'access_token'
        ).json()
        self.assertIs(True, body['active'])
        self.assertEqual(session.client_id, body['client_id'])
        self.assertEqual(self.issuer, body['iss'])
        answer = session.revoke_token(
            self.revocation_url, value, 'access_token'
        )
        self.assertEqual(200, answer.status_code)
        self.assert_invalid(value)
        body = session.introspect_token(self.introspection_url, value).json()
        self.assertEqual({'active': False}, body)

    def test_secret_in_the_header_is_accepted(self):
        """B03, G01, G07: with an independent client."""
        self.assert_served(self.session('client_secret_basic'))

    def test_secret_in_the_body_is_accepted(self):
        """B03, G01, G07: with an independent client."""
        self.assert_served(self.session('client_secret_post'))

    def test_certificate_is_accepted(self):
        """D01: requests, not Authlib, sends the certificate."""
        session = self.session('none')
        session.client_id = self.user.id
        session.cert = self.files
        self.assert_served(session)

    def signing_session(self, audience):
        """Return a session that signs assertions for an audience."""
        return self.session(
            rfc7523.PrivateKeyJWT(audience, alg='RS256'), self.signer.pem
        )

    def test_key_is_accepted(self):
        """C01, C02, C03, C06, C07: with an independent client."""
        self.assert_served(self.signing_session(self.issuer))

    def test_assertion_for_the_token_endpoint_is_refused(self):
        """C03: by default, Authlib makes such an assertion."""
        session = self.signing_session(self.token_url)
        error = self.assertRaises(
            base_client.OAuthError,
            session.fetch_token,
            self.token_url,
            grant_type='client_credentials',
        )
        self.assertEqual('invalid_client', error.error)

    def test_registered_secret_is_accepted(self):
        """J02: to Authlib, it is like any other secret."""
        registered = self.register(self.user, self.client, 'secret')
        self.assert_served(
            self.session('client_secret_basic', registered['secret'])
        )

    def test_refusal_is_understood(self):
        """A13: Authlib reads error and error_description."""
        for method in ('client_secret_basic', 'client_secret_post'):
            with self.variant(method):
                error = self.assertRaises(
                    base_client.OAuthError,
                    self.session(method, 'wrong').fetch_token,
                    self.token_url,
                    grant_type='client_credentials',
                )
                self.assertEqual('invalid_client', error.error)
                self.assertEqual(
                    'Client authentication failed.', error.description
                )

    def test_scope_that_was_not_delegated_is_understood(self):
        """A09: Authlib reads invalid_scope."""
        session = self.session('client_secret_basic')
        error = self.assertRaises(
            base_client.OAuthError,
            session.fetch_token,
            self.token_url,
            grant_type='client_credentials',
            scope='admin',
        )
        self.assertEqual('invalid_scope', error.error)


class RegisteredCertificateTest(
    authorization_server.AuthorizationServerTestCase
):
    """Tests of certificate-bound tokens of application credentials."""

    provider = 'jws'

    def test_certificate_of_an_application_credential_is_accepted(self):
        """D01, D02: with only the roles of the application credential."""
        client = self.identity.create_application_credential(
            self.user, ['reader']
        )
        self.register(
            self.user,
            client,
            'certificate',
            tls_client_auth_subject_dn=f'CN={self.user.name}',
        )
        session = requests_client.OAuth2Session(
            client.id, token_endpoint_auth_method='none'
        )
        session.verify = str(self.keystone.ca_file)
        session.trust_env = False
        session.cert = self.files
        self.addCleanup(session.close)
        token = session.fetch_token(
            self.token_url, grant_type='client_credentials'
        )
        self.assertEqual('reader', token['scope'])
        body = session.introspect_token(
            self.introspection_url, token['access_token']
        ).json()
        self.assertEqual(client.id, body['client_id'])
        self.assertEqual(['x5t#S256'], list(body['cnf']))
