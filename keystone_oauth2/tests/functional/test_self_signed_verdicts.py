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

"""Self-signed certificates, and verdicts of the front end on them.

Certificates are public. Only the front end knows that the client of a
connection has the private key.
"""

import pathlib
import tempfile

from keystone_oauth2 import fixture
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import clients
from keystone_oauth2.tests.functional import mutual_tls
from keystone_oauth2.tests.functional import tokens

PROJECTS = '/v3/auth/projects'
FAILED = 'FAILED:self-signed certificate'
#: Values that mean that there is no verdict.
ABSENT = (None, '', ' ', '(null)')
#: Verdicts that no certificate was presented, with text of a client.
NOTHING = ('NONE', 'SUCCESS,NONE', 'FAILED:x, NONE')


class VerdictTests:
    """One client with a self-signed certificate, and its token."""

    def setUp(self):
        super().setUp()
        self.batch = fixture.self_signed([('CN', 'batch')])
        self.register_certificate(certificate=self.batch.pem)
        self.token = self.assert_issued(**self.presented(FAILED))

    def presented(self, verdict):
        """Return the arguments of a request for a token."""
        how = clients.by_certificate(self.own, self.batch, verdict)
        if verdict is None:
            del how['environ']['SSL_CLIENT_VERIFY']
        return how

    def test_client_without_a_verdict_is_refused(self):
        """K06, E04: at each endpoint."""
        for verdict in (*ABSENT, *NOTHING):
            with self.variant(verdict):
                how = self.presented(verdict)
                self.assert_refused(**how)
                for path in (tokens.INTROSPECT, tokens.REVOKE):
                    answer = self.ask(path, self.token, **how)
                    self.assertThat(answer, clients.REFUSED)

    def test_token_without_a_verdict_is_refused(self):
        """K06, D08: an attacker may know the certificate, too."""
        for verdict in (*ABSENT, *NOTHING):
            with self.variant(verdict):
                answer = self.keystone.request(
                    'GET',
                    PROJECTS,
                    token=self.token,
                    environ=self.presented(verdict)['environ'],
                )
                self.assertEqual(401, answer.status)

    def test_any_verdict_is_sufficient(self):
        """D04: the certificate needs no CA."""
        for verdict in (FAILED, 'FAILED', 'GENEROUS', 'SUCCESS'):
            with self.variant(verdict):
                how = self.presented(verdict)
                self.assertThat(
                    self.get_token(**how),
                    matchers.IsAccessToken(scope='member reader'),
                )
                answer = self.keystone.request(
                    'GET', PROJECTS, token=self.token, environ=how['environ']
                )
                self.assertEqual(200, answer.status)


class VerdictTest(VerdictTests, clients.ClientsTestCase):
    options = {**clients.OPTIONS, 'token': {'provider': 'jws'}}


class VerdictBesideAuthorityTest(VerdictTests, clients.ClientsTestCase):
    """Keystone verifies certificates as well."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        authority = pathlib.Path(folder.name, 'ca.pem')
        authority.write_text(mutual_tls.AUTHORITY.pem)
        cls.options = {
            **clients.OPTIONS,
            'oauth2_certificates': {'ca_file': str(authority)},
            'token': {'provider': 'jws'},
        }
        super().setUpClass()

    def test_certificate_of_the_authority_needs_no_verdict(self):
        """E04: Keystone verifies it."""
        issued = mutual_tls.AUTHORITY.client([('CN', 'nightly')])
        self.register_certificate(tls_client_auth_subject_dn='CN=nightly')
        how = clients.by_certificate(self.own, issued)
        del how['environ']['SSL_CLIENT_VERIFY']
        self.assert_issued(**how)
