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

"""The certificate of a connection as evidence (RFC 8705, 2)."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

CERTIFICATE = messages.ClientCertificate(b'x', 'why not')


class CertificateTest(base.TestCase):
    def test_certificate_and_client_id_are_an_attempt(self):
        """D01: either of them alone is not."""
        for certificate, form, kinds in (
            (CERTIFICATE, {'client_id': 'client'}, [evidence.Certificate]),
            (CERTIFICATE, {}, []),
            (None, {'client_id': 'client'}, []),
        ):
            with self.variant((certificate, form)):
                request = protocol_base.request(client_certificate=certificate)
                self.assertEqual(
                    kinds,
                    evidence.kinds(request, protocol_base.form(**form)),
                )

    def test_it_is_read_with_its_verdict(self):
        """E04: a certificate that was not verified is not ignored."""
        self.assertEqual(
            evidence.Certificate('client', CERTIFICATE),
            protocol_base.read(
                protocol_base.request(client_certificate=CERTIFICATE),
                protocol_base.form(client_id='client'),
            ),
        )

    def test_certificate_beside_other_evidence_is_noticed(self):
        """B01: both kinds are found."""
        request = protocol_base.request(client_certificate=CERTIFICATE)
        form = protocol_base.form(client_id='client', client_secret='x')
        self.assertEqual(
            [evidence.PostedSecret, evidence.Certificate],
            evidence.kinds(request, form),
        )

    def test_missing_parts_are_refused(self):
        """D01: client_id is required."""
        for certificate, form, expected in (
            (CERTIFICATE, {}, errors.MissingParameter),
            (None, {'client_id': 'client'}, errors.InvalidClient),
        ):
            with self.variant((certificate, form)):
                self.assert_raises(
                    expected,
                    evidence.Certificate.read,
                    protocol_base.request(client_certificate=certificate),
                    protocol_base.form(**form),
                )
