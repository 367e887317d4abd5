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

"""Certificates that no library makes."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization

from keystone_oauth2.fixture import certificates

_NAMES = x509.SubjectAlternativeName.oid
_CREDENTIAL = certificates.self_signed([('CN', 'client')])
_ISSUER_NAMES = x509.IssuerAlternativeName.oid


def with_names(names):
    """Answer one with subject alternative names, given as DER."""
    return _with_extensions({_NAMES: names})


def with_names_twice():
    """Answer one that has the extension for them twice (RFC 5280, 4.2)."""
    one, other = bytes.fromhex('0603551d11'), bytes.fromhex('0603551d12')
    der = _with_extensions({_NAMES: b'0\0', _ISSUER_NAMES: b'0\0'})
    assert der.count(one) == der.count(other) == 1
    return der.replace(other, one)


def of_version(number):
    """Answer one that says that it is of a version (RFC 5280, 4.1.2.1)."""
    version = bytes.fromhex('a003020102')
    assert _CREDENTIAL.der.count(version) == 1
    return _CREDENTIAL.der.replace(version, version[:-1] + bytes([number - 1]))


def _with_extensions(extensions):
    name = _CREDENTIAL.certificate.subject
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=_CREDENTIAL.key.public_key(),
        serial_number=1,
        not_valid_before=_CREDENTIAL.certificate.not_valid_before_utc,
        not_valid_after=_CREDENTIAL.certificate.not_valid_after_utc,
    )
    for oid, der in extensions.items():
        builder = builder.add_extension(
            x509.UnrecognizedExtension(oid, der), critical=False
        )
    certificate = builder.sign(_CREDENTIAL.key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.DER)
