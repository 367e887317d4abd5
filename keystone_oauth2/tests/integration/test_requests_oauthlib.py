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

"""Tests with requests-oauthlib and oauthlib as a client, over TLS."""

from oauthlib import oauth2
import requests_oauthlib

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.support import base


class RequestsOAuthlibTest(authorization_server.AuthorizationServerTestCase):
    def session(self):
        """Return a session of the client, without a token."""
        session = requests_oauthlib.OAuth2Session(
            client=oauth2.BackendApplicationClient(client_id=self.client.id)
        )
        session.verify = str(self.keystone.ca_file)
        session.trust_env = False
        self.addCleanup(session.close)
        return session

    def fetch(self, in_body, secret=None):
        """Return a token, with the secret in the body or in the header."""
        return self.session().fetch_token(
            self.token_url,
            client_secret=secret or self.client.secret,
            include_client_id=in_body,
            auth=None
            if in_body
            else (self.client.id, secret or self.client.secret),
            verify=str(self.keystone.ca_file),
        )

    def post(self, build, url, token):
        """Send a request that oauthlib builds for a token."""
        client = oauth2.BackendApplicationClient(client_id=self.client.id)
        url, headers, body = build(client, url, token)
        headers['Authorization'] = base.basic(*self.client)
        return self.session().request(
            'POST', url, data=body, headers=headers, withhold_token=True
        )

    def revoke(self, token):
        """Revoke a token with the request that oauthlib builds."""
        return self.post(
            lambda client, url, value: client.prepare_token_revocation_request(
                url, value
            ),
            self.revocation_url,
            token,
        )

    def test_secret_in_header_or_body_is_accepted(self):
        """B03, G01, G07: with an independent client."""
        for in_body in (False, True):
            with self.variant(in_body):
                token = self.fetch(in_body)
                self.assertEqual('Bearer', token['token_type'])
                self.assertEqual(['member', 'reader'], token['scope'])
                self.assert_valid(token['access_token'])
                answer = self.revoke(token['access_token'])
                self.assertEqual(200, answer.status_code, answer.text)
                self.assert_invalid(token['access_token'])

    def test_token_can_be_introspected(self):
        """G01: with the authentication of the session."""
        token = self.fetch(False)['access_token']
        for value, active in ((token, True), ('x', False)):
            answer = self.session().post(
                self.introspection_url,
                data={'token': value},
                auth=(self.client.id, self.client.secret),
                withhold_token=True,
            )
            self.assertIs(active, answer.json()['active'])

    def test_session_with_a_token_is_authorized(self):
        """A07: the session reads expires_in."""
        session = requests_oauthlib.OAuth2Session(
            client=oauth2.BackendApplicationClient(client_id=self.client.id),
            token=self.fetch(True),
        )
        self.addCleanup(session.close)
        self.assertTrue(session.authorized)
        self.assertGreater(session.token['expires_in'], 3500)

    def test_refusal_is_understood(self):
        """A13: oauthlib has a class for each registered code."""
        for in_body in (False, True):
            with self.variant(in_body):
                error = self.assertRaises(
                    oauth2.InvalidClientError, self.fetch, in_body, 'wrong'
                )
                self.assertEqual(
                    'Client authentication failed.', error.description
                )
