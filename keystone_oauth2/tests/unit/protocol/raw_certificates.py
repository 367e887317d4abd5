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

"""Certificates that no library creates."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keystone_oauth2.fixture import certificates

_NAMES = x509.SubjectAlternativeName.oid
_CREDENTIAL = certificates.self_signed([('CN', 'client')])
_ISSUER_NAMES = x509.IssuerAlternativeName.oid


def with_names(names):
    """Return a certificate with subject alternative names, given as DER."""
    return _with_extensions({_NAMES: names})


def with_names_twice():
    """Return a certificate with that extension twice (RFC 5280, 4.2)."""
    one, other = bytes.fromhex('0603551d11'), bytes.fromhex('0603551d12')
    der = _with_extensions({_NAMES: b'0\0', _ISSUER_NAMES: b'0\0'})
    assert der.count(one) == der.count(other) == 1
    return der.replace(other, one)


def of_version(number):
    """Return a certificate with a version number (RFC 5280, 4.1.2.1)."""
    version = bytes.fromhex('a003020102')
    assert _CREDENTIAL.der.count(version) == 1
    return _CREDENTIAL.der.replace(version, version[:-1] + bytes([number - 1]))


def der(tag, *contents):
    """Return a value in DER: tag, length and content."""
    content = b''.join(contents)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    octets = (size.bit_length() + 7) // 8
    length = size.to_bytes(octets, 'big')
    return bytes([tag, 0x80 | octets]) + length + content


def der_oid(dotted):
    """Return an OBJECT IDENTIFIER."""
    first, second, *others = map(int, dotted.split('.'))
    return der(6, *map(_arc, [40 * first + second, *others]))


def der_name(*parts):
    """Return a name, from lists of pairs, one list for each relative name.

    A pair has an object identifier, in dotted decimal, and a value in DER.
    """
    return der(
        0x30,
        *(
            der(0x31, *(der(0x30, der_oid(oid), value) for oid, value in part))
            for part in parts
        ),
    )


def with_subject(name, issuer=None, period=None):
    """Return a certificate with a subject given as DER, signed by hand.

    :param issuer: also in DER.
    :param period: DER of its two dates.
    """
    if period is None:
        period = [der(23, b'250101000000Z'), der(23, b'490101000000Z')]
    key = _CREDENTIAL.key
    algorithm = der(0x30, der_oid('1.2.840.10045.4.3.2'))
    to_be_signed = der(
        0x30,
        der(0xA0, der(2, b'\2')),
        der(2, b'\1'),
        algorithm,
        issuer or der_name([('2.5.4.3', der(12, b'CA'))]),
        der(0x30, *period),
        name,
        key.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        ),
    )
    signature = key.sign(to_be_signed, ec.ECDSA(hashes.SHA256()))
    return der(0x30, to_be_signed, algorithm, der(3, b'\0', signature))


def _arc(number):
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(0x80 | number & 0x7F)
    return bytes(reversed(octets))


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
    for oid, encoded in extensions.items():
        builder = builder.add_extension(
            x509.UnrecognizedExtension(oid, encoded), critical=False
        )
    certificate = builder.sign(_CREDENTIAL.key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.DER)
