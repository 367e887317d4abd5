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

"""Registered self-signed certificates (RFC 8705, 2.2)."""

from oslo_utils import timeutils

from keystone_oauth2 import fixture
from keystone_oauth2.tests.functional import client_certificates
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls

AUTHORITY = mutual_tls.AUTHORITY
PROJECTS = client_certificates.PROJECTS
FAILED = client_certificates.FAILED


class SelfSignedTest(client_certificates.CertificatesTestCase):
    def setUp(self):
        super().setUp()
        self.certificate_of_batch = fixture.self_signed([('CN', 'batch')])
        self.registered = self.register_certificate(
            certificate=self.certificate_of_batch.pem
        )
        self.how = clients.by_certificate(
            self.own, self.certificate_of_batch, FAILED
        )

    def test_no_chain_is_checked(self):
        """D04: whatever the front end says of the issuer."""
        for verdict in (FAILED, 'FAILED', 'GENEROUS', 'SUCCESS'):
            with self.variant(verdict):
                self.assert_bound(
                    self.certificate_of_batch,
                    clients.by_certificate(
                        self.own, self.certificate_of_batch, verdict
                    ),
                )

    def test_certificate_that_was_not_presented_is_refused(self):
        """E04: the front end says that the connection had none."""
        self.assert_refused(
            **clients.by_certificate(
                self.own, self.certificate_of_batch, 'NONE'
            )
        )

    def test_keystone_accepts_the_token_on_such_a_connection(self):
        """D07."""
        token = self.assert_bound(self.certificate_of_batch, self.how)
        for environ, status in ((self.how['environ'], 200), (None, 401)):
            answer = self.keystone.request(
                'GET', PROJECTS, token=token, environ=environ
            )
            self.assertEqual(status, answer.status)

    def test_another_certificate_is_refused(self):
        """D04: with the same subject, from any issuer."""
        for certificate, verdict in (
            (fixture.self_signed([('CN', 'batch')]), FAILED),
            (fixture.self_signed([('CN', 'batch')]), 'SUCCESS'),
            (AUTHORITY.client([('CN', 'batch')]), 'SUCCESS'),
        ):
            with self.variant(verdict):
                self.assert_refused(
                    **clients.by_certificate(self.own, certificate, verdict)
                )

    def test_it_belongs_to_the_client_that_registered_it(self):
        """D01."""
        other = self.identity.create_application_credential(self.user)
        self.assert_refused(
            **clients.by_certificate(other, self.certificate_of_batch, FAILED)
        )

    def test_removed_certificate_is_refused_at_the_next_request(self):
        self.assert_bound(self.certificate_of_batch, self.how)
        self.remove('certificate', self.registered)
        self.assert_refused(**self.how)

    def test_expired_certificate_is_refused(self):
        """The registration expires with the certificate."""
        end = self.registered['expires_at']
        moment = timeutils.normalize_time(timeutils.parse_isotime(end))
        self.assert_bound(self.certificate_of_batch, self.how)
        self.at(moment)
        self.assert_refused(**self.how)

    def test_certificate_of_an_authority_must_be_verified(self):
        """E04: it may have been revoked."""
        issued = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(certificate=issued.pem)
        for verdict in ('FAILED:revoked', 'FAILED', 'NONE'):
            with self.variant(verdict):
                self.assert_refused(
                    **clients.by_certificate(self.own, issued, verdict)
                )
        self.assert_bound(issued, clients.by_certificate(self.own, issued))

    def test_subject_of_a_registered_certificate_is_not_an_expectation(self):
        """D04: another certificate with that subject is refused."""
        issued = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(certificate=issued.pem)
        renewed = AUTHORITY.client([('CN', 'batch')])
        self.assert_refused(**clients.by_certificate(self.own, renewed))

    def test_last_certificate_cannot_be_removed(self):
        self.retire_secret()
        rest = f'/certificates/{self.registered["id"]}'
        answer = self.manage('DELETE', rest)
        self.assertThat(answer, clients.IsKeystoneError(409))
        self.assert_bound(self.certificate_of_batch, self.how)
