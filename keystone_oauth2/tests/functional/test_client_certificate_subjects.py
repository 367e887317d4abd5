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

"""Expected subjects of certificates (RFC 8705, 2.1)."""

import ipaddress

from cryptography import x509

from keystone_oauth2 import fixture
from keystone_oauth2.tests.functional import client_certificates
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls

AUTHORITY = mutual_tls.AUTHORITY
FAILED = client_certificates.FAILED
#: Each kind of expected subject: a matching and another certificate.
SUBJECTS = (
    (
        'tls_client_auth_subject_dn',
        'CN=batch,OU=nodes,O=Example',
        AUTHORITY.client([('O', 'Example'), ('OU', 'nodes'), ('CN', 'batch')]),
        AUTHORITY.client([('CN', 'batch'), ('OU', 'nodes'), ('O', 'Example')]),
    ),
    (
        'tls_client_auth_san_dns',
        'Batch.Example.com',
        AUTHORITY.client(
            [('CN', 'x')], names=[x509.DNSName('batch.example.com')]
        ),
        AUTHORITY.client(
            [('CN', 'batch.example.com')],
            names=[x509.DNSName('*.example.com')],
        ),
    ),
    (
        'tls_client_auth_san_uri',
        'spiffe://example.com/batch',
        AUTHORITY.client(
            [('CN', 'x')],
            names=[
                x509.UniformResourceIdentifier('spiffe://example.com/batch')
            ],
        ),
        AUTHORITY.client(
            [('CN', 'x')],
            names=[
                x509.UniformResourceIdentifier('spiffe://example.com/batch/2')
            ],
        ),
    ),
    (
        'tls_client_auth_san_ip',
        '2001:db8:0::7',
        AUTHORITY.client(
            [('CN', 'x')],
            names=[x509.IPAddress(ipaddress.ip_address('2001:db8::7'))],
        ),
        AUTHORITY.client(
            [('CN', 'x')],
            names=[
                x509.IPAddress(ipaddress.ip_address('2001:db8::8')),
                x509.DNSName('2001:db8::7'),
            ],
        ),
    ),
    (
        'tls_client_auth_san_email',
        'batch@Example.com',
        AUTHORITY.client(
            [('CN', 'x')], names=[x509.RFC822Name('batch@example.com')]
        ),
        AUTHORITY.client(
            [('CN', 'x'), ('emailAddress', 'batch@example.com')],
            names=[x509.RFC822Name('Batch@example.com')],
        ),
    ),
)


class SubjectTest(client_certificates.CertificatesTestCase):
    def test_each_kind_of_subject_accepts_only_its_certificates(self):
        """D02: a certificate with another subject is refused."""
        for name, value, _, _ in SUBJECTS:
            self.register_certificate(**{name: value})
        for name, value, right, wrong in SUBJECTS:
            with self.variant((name, value)):
                self.assert_bound(
                    right, clients.by_certificate(self.own, right)
                )
                self.assert_refused(**clients.by_certificate(self.own, wrong))

    def test_distinguished_names_are_compared_as_parsed_names(self):
        """D03: whatever their spelling."""
        certificate = AUTHORITY.client([('O', 'Example'), ('CN', 'batch')])
        how = clients.by_certificate(self.own, certificate)
        self.register_certificate(
            tls_client_auth_subject_dn='O=Example,CN=batch'
        )
        self.assert_refused(**how)
        self.register_certificate(
            tls_client_auth_subject_dn='2.5.4.3=\\62ATCH, o=example'
        )
        self.assert_bound(certificate, how)

    def test_renewed_certificate_with_the_subject_is_accepted(self):
        """So a renewal needs no new registration."""
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        for _ in range(2):
            renewed = AUTHORITY.client([('CN', 'batch')])
            self.assert_bound(
                renewed, clients.by_certificate(self.own, renewed)
            )

    def test_unverified_certificate_is_refused(self):
        """E04: a subject is only valid if a trusted authority asserts it."""
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        for certificate, verdict in (
            (AUTHORITY.client([('CN', 'batch')]), 'FAILED:revoked'),
            (AUTHORITY.client([('CN', 'batch')]), 'NONE'),
            (fixture.self_signed([('CN', 'batch')]), FAILED),
        ):
            with self.variant(verdict):
                self.assert_refused(
                    **clients.by_certificate(self.own, certificate, verdict)
                )

    def test_subject_registered_for_another_client_is_refused(self):
        """D01: client_id names the client that it must belong to."""
        other = self.identity.create_application_credential(
            self.user, ['reader']
        )
        certificate = AUTHORITY.client([('CN', 'batch')])
        self.register_certificate(
            client=other, tls_client_auth_subject_dn='CN=batch'
        )
        for named in (self.own, self.user, other._replace(id='f' * 32)):
            with self.variant(named):
                self.assert_refused(
                    **clients.by_certificate(named, certificate)
                )
        self.assert_bound(
            certificate, clients.by_certificate(other, certificate)
        )

    def test_expired_registration_is_refused(self):
        certificate = AUTHORITY.client([('CN', 'batch')])
        how = clients.by_certificate(self.own, certificate)
        registered = self.register_certificate(
            tls_client_auth_subject_dn='CN=batch'
        )
        self.assert_bound(certificate, how)
        self.expire(registered)
        self.assert_refused(**how)

    def test_last_use_is_recorded(self):
        registered = self.register_certificate(
            tls_client_auth_subject_dn='CN=batch'
        )
        self.assertIsNone(registered['last_used_at'])
        certificate = AUTHORITY.client([('CN', 'batch')])
        self.get_token(**clients.by_certificate(self.own, certificate))
        shown = self.shown('certificate', registered)
        self.assertIsNotNone(shown['last_used_at'])
