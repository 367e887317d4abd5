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

"""Verification of a client certificate by Keystone (RFC 5280, 6)."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keystone_oauth2 import fixture
from keystone_oauth2.front_end import client_certificate
from keystone_oauth2.tests import base

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
CLIENT = [('CN', 'client')]


def issue(name, issuer=None, issuer_key=None, is_authority=True):
    """Return a certificate and its key; the fixture issues no CAs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer_name=issuer.subject if issuer else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=NOW - DAY,
        not_valid_after=NOW + DAY,
    ).add_extension(
        x509.BasicConstraints(ca=is_authority, path_length=None), critical=True
    )
    return builder.sign(issuer_key or key, hashes.SHA256()), key


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(*certificates):
    encoding = serialization.Encoding.PEM
    return b''.join(item.public_bytes(encoding) for item in certificates)


class VerifierTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.authority = fixture.CertificateAuthority()
        self.verify = client_certificate.verifier(self.authority.pem.encode())

    def test_certificate_of_the_ca_is_accepted(self):
        """E04: verified here if the front end gives no verdict."""
        self.assertIsNone(self.verify(self.authority.client(CLIENT).der))

    def test_certificate_of_an_unknown_ca_is_refused(self):
        """D10: only CAs configured for clients are trusted."""
        namesake = fixture.CertificateAuthority()
        for credential in (
            fixture.CertificateAuthority('Other CA').client(CLIENT),
            namesake.client(CLIENT),
            fixture.self_signed(CLIENT),
            fixture.self_signed([('CN', 'Test CA')]),
        ):
            with self.variant(credential):
                self.assertIn('not verified', self.verify(credential.der))

    def test_certificate_outside_its_validity_is_refused(self):
        """E04: neither before nor after its period."""
        for times in (
            {'not_before': NOW - 2 * DAY, 'not_after': NOW - DAY},
            {'not_before': NOW + DAY, 'not_after': NOW + 2 * DAY},
        ):
            with self.variant(times):
                credential = self.authority.client(CLIENT, **times)
                self.assertIn('not verified', self.verify(credential.der))

    def test_server_certificate_is_refused(self):
        """D10: the same CA may issue certificates to servers."""
        self.assertIsNotNone(self.verify(self.authority.server('client').der))

    def test_certificate_without_a_purpose_is_accepted(self):
        """RFC 5280, 4.2.1.12: any purpose is allowed by default."""
        credential = self.authority.client(CLIENT, client_auth=False)
        self.assertIsNone(self.verify(credential.der))

    def test_malformed_certificate_is_refused(self):
        good = self.authority.client(CLIENT).der
        for content in (b'', b'x', good[:-1], bytes(len(good))):
            with self.variant(content):
                self.assertIn('not verified', self.verify(content))

    def test_altered_certificate_is_refused(self):
        """E04: the signature is verified."""
        content = self.authority.client([('CN', 'client')]).der
        altered = content.replace(b'client', b'clienT')
        self.assertNotEqual(content, altered)
        self.assertIn('not verified', self.verify(altered))

    def test_several_cas_may_be_trusted(self):
        other = fixture.CertificateAuthority('Other CA')
        verify = client_certificate.verifier(
            (self.authority.pem + other.pem).encode()
        )
        for authority in (self.authority, other):
            self.assertIsNone(verify(authority.client(CLIENT).der))

    def test_file_without_certificate_is_refused(self):
        for content in (b'', b'nonsense', b'-----BEGIN CERTIFICATE-----'):
            with self.variant(content):
                self.assertRaises(
                    ValueError, client_certificate.verifier, content
                )


class IntermediateTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.root, root_key = issue('root')
        self.between, key = issue('between', self.root, root_key)
        self.client, self.client_key = issue(
            'client', self.between, key, is_authority=False
        )

    def test_intermediate_ca_may_be_trusted_alone(self):
        """D10: only the CA that issues to clients, not its whole root."""
        verify = client_certificate.verifier(pem(self.between))
        self.assertIsNone(verify(der(self.client)))

    def test_root_alone_does_not_verify_without_the_intermediate_ca(self):
        verify = client_certificate.verifier(pem(self.root))
        self.assertIn('not verified', verify(der(self.client)))
        verify = client_certificate.verifier(pem(self.root, self.between))
        self.assertIsNone(verify(der(self.client)))

    def test_client_certificate_is_not_a_ca(self):
        """D10: a certificate that a client has signed is refused."""
        verify = client_certificate.verifier(pem(self.between, self.client))
        forged, _ = issue(
            'forged', self.client, self.client_key, is_authority=False
        )
        self.assertIn('not verified', verify(der(forged)))
