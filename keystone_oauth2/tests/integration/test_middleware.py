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

"""A service behind unmodified keystonemiddleware, over TLS."""

import datetime
import time

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.integration import base


class SecretFlowTest(base.ServiceTestCase):
    """The filter oauth2_token."""

    def test_client_gets_a_token_and_the_service_knows_who_asks(self):
        """A06: credentials and token travel over TLS."""
        answer = self.token_by_secret()
        self.assertThat(answer, matchers.IsAccessToken())
        token = answer.json['access_token']
        self.assert_served(
            self.call('/secret', token), 'application_credential'
        )

    def test_service_refuses_what_is_no_token(self):
        """A15: made up or altered."""
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

    def test_service_refuses_a_token_once_it_has_expired(self):
        """A07: it ends when it was said to end."""
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

    def test_access_rules_of_the_credential_hold(self):
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
    """The filter oauth2_mtls_token."""

    def setUp(self):
        super().setUp()
        self.answer = self.token_by_certificate()
        self.assertThat(self.answer, matchers.IsAccessToken())
        self.token = self.answer.json['access_token']

    def test_client_gets_a_token_and_the_service_knows_who_asks(self):
        """D07: the certificate is the one of the token."""
        self.assert_served(
            self.call('/certificate', self.token, self.files),
            'oauth2_credential',
        )

    def test_service_refuses_the_token_with_another_certificate(self):
        """D07: of the same user and the same CA, even."""
        other = self.certificate_files('other')
        self.assert_refused(self.call('/certificate', self.token, other))
        token = self.token_by_certificate(other).json['access_token']
        self.assert_served(
            self.call('/certificate', token, other), 'oauth2_credential'
        )

    def test_service_refuses_the_token_without_certificate(self):
        """D07: D08, where a proof is checked."""
        self.assert_refused(self.call('/certificate', self.token))

    def test_service_refuses_a_token_that_is_bound_to_no_certificate(self):
        """D07: the token must say which one."""
        token = self.token_by_secret().json['access_token']
        self.assert_refused(self.call('/certificate', token, self.files))

    def test_user_must_be_the_one_that_the_certificate_names(self):
        """D01: over TLS as in process."""
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
        """D01: the client_id alone is nothing."""
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
