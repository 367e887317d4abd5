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

"""Certificates and subjects as owners paste them."""

import subprocess

from keystone_oauth2 import fixture
from keystone_oauth2.tests.functional import client_certificates
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import requirement

AUTHORITY = mutual_tls.AUTHORITY


def openssl(test, arguments, pem):
    """Return OpenSSL's output for a certificate."""
    requirement.programs(test, 'openssl')
    return subprocess.run(
        ['openssl', 'x509', *arguments.split()],
        input=pem,
        capture_output=True,
        check=True,
        text=True,
    ).stdout


class PastedCertificateTest(clients.ClientsTestCase):
    def setUp(self):
        super().setUp()
        self.batch = fixture.self_signed([('CN', 'batch')])

    def post(self, **wanted):
        return self.manage('POST', '/certificates', {'certificate': wanted})

    def test_text_around_a_certificate_is_ignored(self):
        """D04: some tools add text to the file (RFC 7468, 5.2)."""
        pem = self.batch.pem
        for text in (
            openssl(self, '-text', pem),
            f'\ufeff# batch\r\n{pem}\r\n# end'.replace('\n', '\r\n'),
        ):
            with self.variant(text):
                shown = self.register_certificate(certificate=text)
                self.assertEqual(pem, shown['certificate'])
                self.assertEqual(self.batch.thumbprint, shown['x5t#S256'])
                self.remove('certificate', shown)

    def test_text_of_a_large_certificate_is_accepted(self):
        text = openssl(self, '-text', self.batch.pem)
        padding = '#' * (16384 - len(text) - 1)
        self.register_certificate(certificate=f'{padding}\n{text}')

    def test_private_key_is_refused_explicitly(self):
        """D04: it is neither returned nor logged."""
        for text in (
            self.batch.pem + self.batch.key_pem,
            self.batch.key_pem + self.batch.pem,
            self.batch.key_pem,
        ):
            answer = self.post(certificate=text)
            self.assertThat(
                answer,
                clients.IsKeystoneError(
                    400,
                    'The certificate must be sent without its private key; '
                    'replace this key, since it has been exposed.',
                ),
            )
        line = self.batch.key_pem.splitlines()[1]
        self.assertNotIn(line, answer.text + self.log)

    def test_message_names_the_error(self):
        """D02: the member, and its correct form."""
        distinguished = (
            'tls_client_auth_subject_dn is not a distinguished name '
            '(RFC 4514): '
        )
        chain = self.batch.pem + AUTHORITY.pem
        for wanted, sentence in (
            (
                {'certificate': chain},
                'The certificate must come alone: of these 2 certificates, '
                'send that of the client.',
            ),
            (
                {'certificate': self.batch.pem.replace('MII', 'MIJ', 1)},
                'The certificate cannot be read as an X.509 certificate.',
            ),
            (
                {'tls_client_auth_subject_dn': 'batch'},
                f'{distinguished}expected an attribute, such as CN=, at '
                f'character 1; write the name as "openssl x509 -subject '
                f'-nameopt RFC2253" prints it, its last part first.',
            ),
            (
                {'tls_client_auth_san_dns': '192.0.2.1'},
                'tls_client_auth_san_dns is not a DNS name but an IP '
                'address: use tls_client_auth_san_ip.',
            ),
            (
                {},
                'Exactly one of certificate, tls_client_auth_subject_dn, '
                'tls_client_auth_san_dns, tls_client_auth_san_uri, '
                'tls_client_auth_san_ip, tls_client_auth_san_email must be '
                'given.',
            ),
        ):
            with self.variant(wanted):
                answer = self.post(**wanted)
                self.assertThat(answer, clients.IsKeystoneError(400))
                self.assertEqual(sentence, answer.json['error']['message'])


class PrintedSubjectTest(client_certificates.CertificatesTestCase):
    """Subjects as an owner prints them according to the guide."""

    def test_printed_subject_matches_its_certificate(self):
        """D03: even with named attributes or long values."""
        certificate = AUTHORITY.client(
            [('CN', 'b'), ('2.5.4.97', 'PSDGB-1'), ('O', 'Acme, Inc.')]
        )
        printed = openssl(
            self, '-noout -subject -nameopt RFC2253', certificate.pem
        )
        self.register_certificate(tls_client_auth_subject_dn=printed)
        self.assert_bound(
            certificate, clients.by_certificate(self.own, certificate)
        )

    def test_longest_subject_is_stored(self):
        """D03: with the characters that take most space in JSON."""
        subject = f'CN={chr(0x1F600) * 4090}'
        shown = self.register_certificate(tls_client_auth_subject_dn=subject)
        self.assertEqual(subject, shown['tls_client_auth_subject_dn'])
        answer = self.manage(
            'POST',
            '/certificates',
            {
                'certificate': {
                    'tls_client_auth_subject_dn': f'CN={"x" * 4094}'
                }
            },
        )
        self.assertThat(answer, clients.IsKeystoneError(400))

    def test_certificates_of_front_ends_are_read_strictly(self):
        """E01: front ends send no text before a certificate."""
        certificate = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        how = clients.by_certificate(self.own, certificate)
        self.assert_bound(certificate, how)
        for text in (f'x\n{certificate.pem}', f'\ufeff{certificate.pem}'):
            how['environ']['SSL_CLIENT_CERT'] = text
            self.assert_refused(**how)
