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

"""Certificates that Keystone verifies itself."""

import fixtures

from keystone_oauth2 import fixture
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import mutual_tls

REFUSED = mutual_tls.REFUSED


class CertificateAuthorityFileTest(mutual_tls.MutualTLSTestCase):
    """The front end passes certificates on without a verdict."""

    @classmethod
    def setUpClass(cls):
        folder = fixtures.TempDir()
        folder.setUp()
        cls.addClassCleanup(folder.cleanUp)
        ca_file = mutual_tls.AUTHORITY.write(folder.path)
        cls.options = {'oauth2_certificates': {'ca_file': str(ca_file)}}
        super().setUpClass()

    def post_unverified(self, certificate):
        return self.post_for(self.user, {'SSL_CLIENT_CERT': certificate.pem})

    def test_certificate_of_the_ca_is_accepted(self):
        """E04: Keystone verifies it."""
        answer = self.post_unverified(self.certificate)
        self.assertThat(answer, matchers.IsAccessToken())

    def test_certificate_of_another_ca_is_refused(self):
        """D10: even if that CA has the same name."""
        subject = [('CN', self.user.name)]
        for certificate in (
            fixture.CertificateAuthority().client(subject),
            fixture.self_signed(subject),
        ):
            with self.variant(certificate):
                answer = self.post_unverified(certificate)
                self.assertThat(answer, REFUSED)
                self.assertIn('certificate: not verified', self.new_log())

    def test_refusal_of_the_front_end_stands(self):
        """E04: the front end may know of a revocation."""
        answer = self.post_for(
            self.user,
            {
                'SSL_CLIENT_CERT': self.certificate.pem,
                'SSL_CLIENT_VERIFY': 'FAILED:revoked',
            },
        )
        self.assertThat(answer, REFUSED)
