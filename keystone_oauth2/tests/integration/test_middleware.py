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

"""Tests with a service behind unmodified keystonemiddleware, over TLS."""

import datetime
import time

from keystone_oauth2.tests.integration import base
from keystone_oauth2.tests.support import matchers


class SecretFlowTest(base.ServiceTestCase):
    """Tests with the filter oauth2_token."""

    def test_service_knows_the_user_of_a_token(self):
        """A06: credentials and token travel over TLS."""
        answer = self.token_by_secret()
        self.assertThat(answer, matchers.IsAccessToken())
        token = answer.json['access_token']
        self.assert_served(
            self.call('/secret', token), 'application_credential'
        )

    def test_filter_of_this_package_needs_an_issuer(self):
        has_issuer = self.options is not None
        token = self.token_by_secret().json['access_token']
        self.assertEqual(
            200 if has_issuer else 404, self.call('/local', token).status
        )

    def test_service_refuses_invalid_tokens(self):
        """A15: whether invented or altered."""
        token = self.token_by_secret().json['access_token']
        altered = token[:-4] + ('AAAA' if token[-4:] != 'AAAA' else 'BBBB')
        for wrong in (None, 'x', altered, self.client.secret):
            with self.variant(wrong):
                self.assert_refused(self.call('/secret', wrong))
        self.assert_refused(self.call('/secret', token, scheme='Basic'))

    def test_service_refuses_the_token_of_a_deleted_credential(self):
        client = self.identity.create_application_credential(self.user)
        token = self.token_by_secret(client).json['access_token']
        self.assertEqual(200, self.call('/secret', token).status)
        self.identity.delete_application_credential(self.user, client.id)
        self.assert_refused(self.call('/secret', token))

    def test_service_refuses_a_revoked_token(self):
        token = self.token_by_secret().json['access_token']
        self.assertEqual(200, self.call('/secret', token).status)
        self.identity.revoke(token)
        self.assert_refused(self.call('/secret', token))

    def test_service_refuses_an_expired_token(self):
        """A07: it expires at the announced time."""
        end = datetime.datetime.now(datetime.timezone.utc)
        end += datetime.timedelta(seconds=5)
        client = self.identity.create_application_credential(
            self.user, expires_at=end
        )
        answer = self.token_by_secret(client)
        self.assertThat(answer, matchers.IsAccessToken(expires_in=range(1, 6)))
        token = answer.json['access_token']
        self.assertEqual(200, self.call('/secret', token).status)
        # The clock of another process cannot be set.
        deadline = time.monotonic() + 30
        while self.call('/secret', token).status == 200:
            self.assertLess(time.monotonic(), deadline)
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertGreaterEqual(now, end - datetime.timedelta(seconds=1))
        self.assert_refused(self.call('/secret', token))
        self.assertThat(
            self.token_by_secret(client),
            matchers.IsOAuthError(
                401, 'invalid_client', url=f'{self.keystone.url}/v3'
            ),
        )

    def test_access_rules_of_the_credential_are_enforced(self):
        # keystonemiddleware looks for the service in the catalog.
        answer = self.identity.as_admin(
            'POST', '/v3/services', json={'service': {'type': 'example'}}
        )
        self.assertEqual(201, answer.status)
        endpoint = {
            'service_id': answer.json['service']['id'],
            'interface': 'public',
            'url': self.service.url,
        }
        answer = self.identity.as_admin(
            'POST', '/v3/endpoints', json={'endpoint': endpoint}
        )
        self.assertEqual(201, answer.status)
        for path, status in (('/secret', 200), ('/other', 401)):
            with self.variant(path):
                client = self.identity.create_application_credential(
                    self.user,
                    access_rules=[
                        {'service': 'example', 'method': 'GET', 'path': path}
                    ],
                )
                token = self.token_by_secret(client).json['access_token']
                self.assertEqual(status, self.call('/secret', token).status)


class CertificateFlowTest(base.ServiceTestCase):
    """Tests with the filter oauth2_mtls_token."""

    def setUp(self):
        super().setUp()
        self.answer = self.token_by_certificate()
        self.assertThat(self.answer, matchers.IsAccessToken())
        self.token = self.answer.json['access_token']

    def test_service_knows_the_user_of_a_token(self):
        """D07: the connection has the certificate of the token."""
        self.assert_served(
            self.call('/certificate', self.token, self.files),
            'oauth2_credential',
        )

    def test_service_refuses_the_token_with_another_certificate(self):
        """D07: even one of the same user and the same CA."""
        other = self.certificate_files('other')
        self.assert_refused(self.call('/certificate', self.token, other))
        token = self.token_by_certificate(other).json['access_token']
        self.assert_served(
            self.call('/certificate', token, other), 'oauth2_credential'
        )

    def test_service_refuses_the_token_without_certificate(self):
        """D07, D08: the connection must prove possession."""
        self.assert_refused(self.call('/certificate', self.token))

    def test_service_refuses_an_unbound_token(self):
        """D07: the token must name its certificate."""
        token = self.token_by_secret().json['access_token']
        self.assert_refused(self.call('/certificate', token, self.files))

    def test_certificate_of_another_user_gets_no_token(self):
        """D01: over a real TLS connection."""
        other = self.identity.create_user(self.project, ['member'])
        answer = self.https(self.files).request(
            'POST',
            base.TOKEN,
            form={'grant_type': 'client_credentials', 'client_id': other.id},
        )
        self.assertThat(
            answer,
            matchers.IsOAuthError(
                401, 'invalid_client', url=f'{self.keystone.url}/v3'
            ),
        )

    def test_connection_without_certificate_gets_no_token(self):
        """D01: the client_id alone is not enough."""
        answer = self.https().request(
            'POST',
            base.TOKEN,
            form={
                'grant_type': 'client_credentials',
                'client_id': self.user.id,
            },
        )
        self.assertThat(
            answer,
            matchers.IsOAuthError(
                401, 'invalid_client', url=f'{self.keystone.url}/v3'
            ),
        )
