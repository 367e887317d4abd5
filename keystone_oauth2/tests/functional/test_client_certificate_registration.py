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

"""Registration of certificates and expected subjects for a client."""

import datetime

from oslo_utils import timeutils

from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import clients


class RegistrationTest(clients.ClientsTestCase):
    def post(self, **wanted):
        return self.manage('POST', '/certificates', {'certificate': wanted})

    def test_certificate_is_shown_with_its_thumbprint(self):
        """D05: as RFC 8705 defines it, for any layout of the PEM."""
        certificate = fixture.self_signed([('CN', 'batch')])
        shown = self.register_certificate(
            certificate=certificate.pem.replace('\n', '\r\n')
        )
        self.assertEqual(certificate.pem, shown['certificate'])
        self.assertEqual(certificate.thumbprint, shown['x5t#S256'])
        self.assertEqual(shown, self.shown('certificate', shown))

    def test_it_expires_with_the_certificate_at_the_latest(self):
        now = timeutils.utcnow().replace(microsecond=0)
        day = datetime.timedelta(days=1)
        end = now + 10 * day
        certificate = fixture.self_signed(
            [('CN', 'batch')],
            not_after=end.replace(tzinfo=datetime.timezone.utc),
        )
        for asked, expected in (
            (None, end),
            (end + day, end),
            (end - day, end - day),
        ):
            with self.variant(asked):
                wanted = {}
                if asked is not None:
                    wanted['expires_at'] = asked.isoformat() + 'Z'
                shown = self.register_certificate(
                    certificate=certificate.pem, **wanted
                )
                self.assertEqual(
                    expected.isoformat() + 'Z', shown['expires_at']
                )
                self.assertIs(True, shown['expires_soon'])
                self.remove('certificate', shown)

    def test_subject_is_shown_as_it_is_compared(self):
        for name, value, expected in (
            ('tls_client_auth_subject_dn', 'CN=a,O=B', 'CN=a,O=B'),
            ('tls_client_auth_san_dns', 'A.example.COM', 'a.example.com'),
        ):
            with self.variant(value):
                shown = self.register_certificate(**{name: value})
                self.assertEqual(expected, shown[name])
                self.assertIsNone(shown['expires_at'])
                self.assertNotIn('certificate', shown)
                self.assertEqual(shown, self.shown('certificate', shown))

    def test_exactly_one_kind_is_registered_at_a_time(self):
        """D02."""
        pem = self.certificate.pem
        for wanted in (
            {},
            {'tls_client_auth_san_dns': 'a', 'tls_client_auth_san_ip': '::1'},
            {'certificate': pem, 'tls_client_auth_san_dns': 'a'},
            {'tls_client_auth_san_dns': ['a', 'b']},
        ):
            with self.variant(wanted):
                answer = self.post(**wanted)
                self.assertThat(answer, clients.IsKeystoneError(400))
        self.assertEqual([], self.show('/certificates')['certificates'])

    def test_expectation_that_matches_no_or_many_subjects_is_refused(self):
        """D02."""
        for name, value in (
            ('tls_client_auth_subject_dn', 'CN'),
            ('tls_client_auth_san_dns', '*'),
            ('tls_client_auth_san_uri', 'x'),
            ('tls_client_auth_san_ip', '192.0.2.0/24'),
            ('tls_client_auth_san_email', 'a'),
            ('certificate', 'x' * 16385),
        ):
            with self.variant((name, value)):
                answer = self.post(**{name: value})
                self.assertThat(answer, clients.IsKeystoneError(400))

    def test_certificate_that_has_expired_is_refused(self):
        past = datetime.datetime.now(datetime.timezone.utc)
        certificate = fixture.self_signed(
            [('CN', 'batch')], not_after=past - datetime.timedelta(minutes=1)
        )
        answer = self.post(certificate=certificate.pem)
        self.assertThat(answer, clients.IsKeystoneError(400, 'has expired'))

    def test_duplicate_certificate_is_409(self):
        for wanted in (
            {'certificate': self.certificate.pem},
            {'tls_client_auth_san_dns': 'a.example.com'},
        ):
            with self.variant(wanted):
                self.register_certificate(**wanted)
                answer = self.post(description='again', **wanted)
                self.assertThat(answer, clients.IsKeystoneError(409))
        self.register_certificate(tls_client_auth_san_uri='dns:a.example.com')
