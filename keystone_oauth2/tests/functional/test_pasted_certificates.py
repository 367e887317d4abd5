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

import datetime
import subprocess

from cryptography import x509

from keystone_oauth2 import fixture
from keystone_oauth2.tests.functional import client_certificates
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import requirement

AUTHORITY = mutual_tls.AUTHORITY
FAILED = client_certificates.FAILED
DAY = datetime.timedelta(days=1)


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
            openssl(self, '-subject -issuer -fingerprint', pem),
            f'Bag Attributes\n    friendlyName: 100%\nsubject=CN=x\n\n{pem}',
            f'\ufeff{pem}',
            f'\ufeff# batch\r\n{pem}\r\n# end'.replace('\n', '\r\n'),
            pem.replace('\n', '\r'),
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
        torn = self.batch.pem.replace('MII', 'MI', 1)
        for wanted, sentence in (
            (
                {'certificate': chain},
                'The certificate must come alone: of these 2 certificates, '
                'send that of the client.',
            ),
            (
                {'certificate': torn},
                'The certificate is damaged: what is between '
                '-----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- '
                'is not base64.',
            ),
            (
                {'certificate': self.batch.pem.replace('MII', 'MIJ', 1)},
                'The certificate cannot be read as an X.509 certificate.',
            ),
            (
                {'tls_client_auth_subject_dn': 'CN='},
                'tls_client_auth_subject_dn is empty.',
            ),
            (
                {'tls_client_auth_subject_dn': 'batch'},
                f'{distinguished}expected an attribute, such as CN=, at '
                f'character 1; write the name as "openssl x509 -subject '
                f'-nameopt RFC2253" prints it, its last part first.',
            ),
            (
                {'tls_client_auth_subject_dn': 'O = Acme, CN = batch'},
                f'{distinguished}a space follows an equal sign; write the '
                f'name as "openssl x509 -subject -nameopt RFC2253" prints '
                f'it, its last part first, or the space as "\\ ".',
            ),
            (
                {'tls_client_auth_subject_dn': 'nonsense=batch'},
                f'{distinguished}unknown attribute name nonsense; write the '
                f'object identifier instead, as in 2.5.4.3=value.',
            ),
            (
                {'tls_client_auth_san_dns': 'a b'},
                'tls_client_auth_san_dns is not a DNS name, such as '
                'client.example.com or *.example.com: write a label with '
                'other letters than a to z as xn--...; a wildcard stands for '
                'the whole first label only.',
            ),
            (
                {'tls_client_auth_san_dns': '192.0.2.1'},
                'tls_client_auth_san_dns is not a DNS name but an IP '
                'address: use tls_client_auth_san_ip.',
            ),
            (
                {'tls_client_auth_san_uri': 'batch'},
                'tls_client_auth_san_uri is not a URI, such as '
                'spiffe://example.com/client.',
            ),
            (
                {'tls_client_auth_san_ip': '192.0.2.0/24'},
                'tls_client_auth_san_ip is not an IP address, such as '
                '192.0.2.1.',
            ),
            (
                {'tls_client_auth_san_email': 'batch'},
                'tls_client_auth_san_email is not an email address, such as '
                'client@example.com.',
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
                    client_certificates.PROJECTS,
                    token=token,
                    environ=how['environ'],
                )
                self.assertEqual(status, answer.status)


class PrintedSubjectTest(client_certificates.CertificatesTestCase):
    """Subjects as an owner prints them according to the guide."""

    def test_printed_subject_matches_its_certificate(self):
        """D03: even with named attributes or long values."""
        for subject in (
            [('O', 'Acme, Inc.'), ('CN', 'batch')],
            [('CN', 'b'), ('1.3.6.1.4.1.99999.1', 'v1')],
            [('CN', 'b'), ('2.5.4.97', 'PSDGB-1'), ('2.5.4.15', 'Private')],
            [('2.5.4.4', 'S'), ('2.5.4.42', 'G'), ('serialNumber', '1')],
            [('1.3.6.1.4.1.311.60.2.1.3', 'DE'), ('emailAddress', 'a@b')],
            [[('CN', 'b'), ('2.5.4.12', 'T')], ('2.5.4.65', 'J\xfcrgen')],
        ):
            with self.variant(subject):
                certificate = AUTHORITY.client(subject)
                printed = openssl(
                    self, '-noout -subject -nameopt RFC2253', certificate.pem
                )
                registered = self.register_certificate(
                    tls_client_auth_subject_dn=printed
                )
                self.assert_bound(
                    certificate, clients.by_certificate(self.own, certificate)
                )
                self.assert_refused(
                    **clients.by_certificate(self.own, self.certificate)
                )
                self.remove('certificate', registered)

    def test_hexadecimal_value_is_decoded(self):
        """D03: RFC 4514, 2.4."""
        certificate = AUTHORITY.client([('CN', 'b')])
        self.register_certificate(tls_client_auth_subject_dn='CN=#0C0162')
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

    def test_wildcard_is_an_ordinary_entry(self):
        """D02: RFC 8705, 2.1.2; it matches no host."""
        wildcard, host = (
            AUTHORITY.client([('CN', 'x')], names=[x509.DNSName(name)])
            for name in ('*.example.com', 'batch.example.com')
        )
        self.register_certificate(tls_client_auth_san_dns='*.Example.com')
        self.assert_bound(wildcard, clients.by_certificate(self.own, wildcard))
        self.assert_refused(**clients.by_certificate(self.own, host))

    def test_certificates_of_front_ends_are_read_strictly(self):
        """E01: front ends send no text before a certificate."""
        certificate = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        how = clients.by_certificate(self.own, certificate)
        self.assert_bound(certificate, how)
        for text in (f'x\n{certificate.pem}', f'\ufeff{certificate.pem}'):
            how['environ']['SSL_CLIENT_CERT'] = text
            self.assert_refused(**how)
