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

"""The revocation list of a certificate authority (RFC 5280, 5)."""

import datetime
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization

from keystone_oauth2 import fixture

DAY = datetime.timedelta(days=1)


def write(
    path: pathlib.Path,
    authority: fixture.CertificateAuthority,
    *revoked: fixture.Credential,
) -> None:
    """Write a revocation list, as PEM, which is valid until tomorrow.

    :param revoked: revoked certificates of the authority.
    """
    issuer = authority.credential
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateRevocationListBuilder(
        issuer_name=issuer.certificate.subject,
        last_update=now - DAY,
        next_update=now + DAY,
        revoked_certificates=[
            x509.RevokedCertificateBuilder(
                credential.certificate.serial_number, now - DAY
            ).build()
            for credential in revoked
        ],
    )
    signed = builder.sign(issuer.key, hashes.SHA256())
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
