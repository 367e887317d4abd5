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

import datetime

from oslo_utils import timeutils

from keystone_oauth2 import fixture
from keystone_oauth2.tests.functional import client_certificates
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls

AUTHORITY = mutual_tls.AUTHORITY
PROJECTS = client_certificates.PROJECTS
FAILED = client_certificates.FAILED
DAY = datetime.timedelta(days=1)


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


class PeriodTest(client_certificates.CertificatesTestCase):
    """Validity of self-signed certificates, which only Keystone checks."""

    def test_certificate_that_is_not_yet_valid_is_not_registered(self):
        """D04: the client could not authenticate with it."""
        start = datetime.datetime.now(datetime.timezone.utc).replace(
            microsecond=0
        )
        start += DAY
        later = fixture.self_signed([('CN', 'batch')], not_before=start)
        answer = self.manage(
            'POST',
            '/certificates',
            {'certificate': {'certificate': later.pem}},
        )
        moment = start.replace(tzinfo=None).isoformat()
        self.assertThat(
            answer,
            clients.IsKeystoneError(
                400, f'The certificate is not valid before {moment}Z.'
            ),
        )

    def test_certificate_that_is_not_yet_valid_does_not_authenticate(self):
        """D04, K06: whatever its source and the verdict."""
        now = datetime.datetime.now(datetime.timezone.utc)
        minute = datetime.timedelta(minutes=1)
        later = fixture.self_signed(
            [('CN', 'batch')], not_before=now + 10 * minute
        )
        self.at(now.replace(tzinfo=None) + 20 * minute)
        self.register_certificate(certificate=later.pem)
        self.at(now.replace(tzinfo=None))
        for verdict in (FAILED, 'SUCCESS'):
            with self.variant(verdict):
                self.assert_refused(
                    **clients.by_certificate(self.own, later, verdict)
                )
        self.assertIn('the certificate is not valid before', self.log)

    def test_expired_certificate_does_not_authenticate(self):
        """D04, K06: even if its registration expires later."""
        now = datetime.datetime.now(datetime.timezone.utc)
        before = fixture.self_signed([('CN', 'batch')], not_after=now - DAY)
        self.at(now.replace(tzinfo=None) - 1.5 * DAY)
        registered = self.register_certificate(certificate=before.pem)
        self.at(now.replace(tzinfo=None))
        self.execute(
            f'UPDATE {clients.AUTHENTICATORS} SET expires_at = :end '
            f'WHERE id = :id',
            id=registered['id'],
            end='2037-01-01 00:00:00',
        )
        self.assert_refused(**clients.by_certificate(self.own, before, FAILED))
        self.assertIn('the certificate has expired', self.log)

    def test_keystone_refuses_tokens_with_a_certificate_not_yet_valid(self):
        """D07, D08: the token alone proves nothing."""
        batch = fixture.self_signed([('CN', 'batch')])
        self.register_certificate(certificate=batch.pem)
        how = clients.by_certificate(self.own, batch, FAILED)
        token = self.assert_bound(batch, how)
        start = batch.certificate.not_valid_before_utc.replace(tzinfo=None)
        for seconds, status in ((-1, 401), (0, 200)):
            with self.variant(seconds):
                self.at(start, seconds)
                answer = self.keystone.request(
                    'GET',
                    PROJECTS,
                    token=token,
                    environ=how['environ'],
                )
                self.assertEqual(status, answer.status)
