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

"""The purposes of client certificates (RFC 5280, 4.2.1.12)."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keystone_oauth2 import fixture
from keystone_oauth2.front_end import client_certificate
from keystone_oauth2.tests import base

OIDS = x509.ExtendedKeyUsageOID
DAY = datetime.timedelta(days=1)


class PurposesTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.authority = fixture.CertificateAuthority()
        self.verify = client_certificate.verifier(self.authority.pem.encode())

    def issue(self, purposes, critical):
        """Return a certificate of the authority, as DER."""
        now = datetime.datetime.now(datetime.timezone.utc)
        name = x509.NameAttribute(x509.NameOID.COMMON_NAME, 'client')
        builder = x509.CertificateBuilder(
            issuer_name=self.authority.credential.certificate.subject,
            subject_name=x509.Name([name]),
            public_key=ec.generate_private_key(ec.SECP256R1()).public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - DAY,
            not_valid_after=now + DAY,
        ).add_extension(x509.ExtendedKeyUsage(purposes), critical)
        return builder.sign(
            self.authority.credential.key, hashes.SHA256()
        ).public_bytes(serialization.Encoding.DER)

    def test_purpose_must_allow_clients(self):
        """D10: other purposes do not matter."""
        for purposes, expected in (
            ([OIDS.CLIENT_AUTH], None),
            ([OIDS.ANY_EXTENDED_KEY_USAGE], None),
            ([OIDS.SERVER_AUTH, OIDS.CLIENT_AUTH], None),
            ([OIDS.SERVER_AUTH, OIDS.ANY_EXTENDED_KEY_USAGE], None),
            ([OIDS.SERVER_AUTH], 'not for client authentication'),
            ([OIDS.EMAIL_PROTECTION], 'not for client authentication'),
            (
                [OIDS.CODE_SIGNING, OIDS.OCSP_SIGNING],
                'not for client authentication',
            ),
        ):
            for critical in (False, True):
                with self.variant((purposes, critical)):
                    found = self.verify(self.issue(purposes, critical))
                    self.assertEqual(expected, found)
