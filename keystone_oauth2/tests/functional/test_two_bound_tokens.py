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

"""Requests with two certificate-bound tokens, or with unknown tokens.

``POST /v3/auth/tokens`` accepts one token in ``X-Auth-Token`` and one in the
body: both bindings are checked.
"""

from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls

REFUSED = clients.IsKeystoneError(
    401, 'The request you have made requires authentication.'
)


class TwoTokensTest(mutual_tls.MutualTLSTestCase):
    def setUp(self):
        super().setUp()
        _, other, self.other_certificate = self.new_user()
        self.other_token = self.token(self.other_certificate, other)
        self.own_token = self.token(self.certificate)

    def token(self, certificate, user=None):
        answer = self.post_with(certificate, user)
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def exchange(self, header, body, certificate=None):
        """Ask for a project-scoped token in exchange for the one in body."""
        identity = {'methods': ['token'], 'token': {'id': body}}
        return self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={'auth': {'identity': identity}},
            token=header,
            environ=certificate and mutual_tls.verified(certificate),
        )

    def test_each_token_requires_its_certificate(self):
        """D08: the certificate of one token is not enough for the other."""
        for header, body in (
            (self.own_token, self.other_token),
            (self.other_token, self.own_token),
        ):
            for certificate in (
                self.certificate,
                self.other_certificate,
                None,
            ):
                with self.variant((header, certificate)):
                    answer = self.exchange(header, body, certificate)
                    self.assertThat(answer, REFUSED)
                    self.assertIn('without its certificate', self.new_log())

    def test_certificate_of_both_is_sufficient(self):
        """Then Keystone itself refuses to exchange such a token."""
        again = self.token(self.certificate)
        answer = self.exchange(self.own_token, again, self.certificate)
        self.assertNotIn('without its certificate', self.new_log())
        self.assertThat(
            answer, clients.IsKeystoneError(403, 'Using a delegated token')
        )


class UnknownTokenTest(base.KeystoneTestCase):
    """An invalid token in the body of a request."""

    def exchange(self, value):
        identity = {'methods': ['token'], 'token': {'id': value}}
        return self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={'auth': {'identity': identity}},
        )

    def test_answer_is_keystones_own(self):
        """D08: the check of the binding does not change it."""
        altered = self.identity.token_for(self.user)[:-9] + 'AAAAAAAA='
        for value in ('unknown', 'gAAAAAB', altered):
            with self.variant(value):
                self.assertThat(
                    self.exchange(value),
                    clients.IsKeystoneError(
                        404, 'Could not recognize Fernet token'
                    ),
                )


class UnknownTokenInTreeTest(UnknownTokenTest):
    """The same answers from a Keystone without the extension."""

    enable = False


class SelfSignedTest(mutual_tls.MutualTLSTestCase):
    """The method self_signed_tls_client_auth is disabled, the default."""

    def setUp(self):
        super().setUp()
        self.map_differently(
            mutual_tls.one_rule(
                {'name': '{0}', 'domain': {'id': 'default'}}, 'SUBJECT_DN_CN'
            )
        )
        self.own = fixture.self_signed([('CN', self.user.name)])
        answer = self.post_with(self.own)
        self.assertEqual(200, answer.status, answer.text)
        self.token = answer.json['access_token']

    def get(self, verdict):
        return self.keystone.request(
            'GET',
            '/v3/auth/projects',
            token=self.token,
            environ={
                'SSL_CLIENT_CERT': self.own.pem,
                'SSL_CLIENT_VERIFY': verdict,
            },
        )

    def test_unverified_certificate_proves_nothing(self):
        """E04: a front end that verified it says SUCCESS."""
        self.assertEqual(200, self.get('SUCCESS').status)
        for verdict in ('FAILED:self-signed certificate', 'NONE', ''):
            with self.variant(verdict):
                self.assertThat(self.get(verdict), REFUSED)
