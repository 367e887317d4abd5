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

"""Reading X.509 certificates of clients (RFC 8705)."""

import base64
import binascii
import collections.abc as abc
import datetime
import hashlib
import re
import ssl
import urllib.parse

from cryptography import exceptions
from cryptography import x509

from keystone_oauth2.protocol import messages

_PEM = re.compile(
    r'-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----'
)

Attributes = tuple[tuple[str, str], ...]


def der_from_pem(text: str) -> bytes:
    """Answer the one certificate in a PEM text.

    Web servers pass it on with line feeds, CR LF, tabs, blanks or escaped
    for URLs (nginx), all of which mean the same certificate.

    :raises ValueError: there is no certificate, or more than one.
    """
    if '%' in text:
        text = urllib.parse.unquote(text)
    match = _PEM.fullmatch(text.strip())
    if match is None or not match[1].strip():
        raise ValueError('not one PEM certificate')
    return decode_base64(''.join(match[1].split()))


def decode_base64(text: str) -> bytes:
    """Decode base64 strictly.

    :raises ValueError: anything but the alphabet, or wrong padding.
    """
    try:
        encoded = text.encode('ascii')
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError('not base64') from error
    # Python 3.10 takes any number of padding characters.
    if base64.b64encode(decoded) != encoded:
        raise ValueError('not base64')
    return decoded


def load(der: bytes) -> x509.Certificate:
    """Answer a parsed certificate.

    :raises ValueError: this is no certificate.
    """
    try:
        return x509.load_der_x509_certificate(der)
    except x509.InvalidVersion as error:
        raise ValueError('a version that X.509 does not have') from error


def names(der: bytes) -> tuple[Attributes, Attributes]:
    """Answer the attributes of subject and issuer, in their order.

    :returns: subject and issuer, each as pairs of attribute name (RFC 4514,
        or dotted decimal where that has none) and unescaped value.
    :raises ValueError: this is no certificate.
    """
    certificate = load(der)
    return (
        tuple(_attributes(certificate.subject)),
        tuple(_attributes(certificate.issuer)),
    )


def keystone_thumbprint(der: bytes) -> str:
    """Answer the thumbprint that keystonemiddleware compares.

    ``oauth2_mtls_token`` hashes the PEM text as Python writes it, and keeps
    the padding: this is not the form of RFC 8705.
    """
    pem = ssl.DER_cert_to_PEM_cert(der).encode('ascii')
    return base64.urlsafe_b64encode(hashlib.sha256(pem).digest()).decode()


def thumbprint(der: bytes) -> str:
    """Answer the thumbprint ``x5t#S256`` (RFC 8705, 3.1)."""
    digest = hashlib.sha256(der).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip('=')


def is_self_signed(der: bytes) -> bool:
    """Whether a certificate was signed with its own key."""
    try:
        certificate = load(der)
        certificate.verify_directly_issued_by(certificate)
    except (
        ValueError,
        TypeError,
        exceptions.InvalidSignature,
        exceptions.UnsupportedAlgorithm,
    ):
        return False
    return True


def stands_for_itself(certificate: messages.ClientCertificate) -> bool:
    """Whether a certificate needs no issuer to be believed (RFC 8705, 2.2).

    It is self-signed, and the front end has given a verdict on it, whatever
    that is. Without a verdict it may have been sent without its key.
    """
    return certificate.has_verdict and is_self_signed(certificate.der)


def fingerprint(der: bytes) -> str:
    """Answer the SHA-256 of a certificate, hexadecimal."""
    return hashlib.sha256(der).hexdigest()


def expires_at(der: bytes) -> datetime.datetime:
    """Answer the end of a certificate's life, in UTC, without a zone."""
    return load(der).not_valid_after_utc.replace(tzinfo=None)


def _attributes(name: x509.Name) -> abc.Iterator[tuple[str, str]]:
    for attribute in name:
        value = attribute.value
        if isinstance(value, bytes):
            value = '#' + value.hex()
        yield _attribute_name(attribute), value


def _attribute_name(attribute: x509.NameAttribute) -> str:
    # RFC 4514 has no short name for it; the mappings of Keystone's guides do.
    if attribute.oid == x509.NameOID.EMAIL_ADDRESS:
        return 'emailAddress'
    return attribute.rfc4514_attribute_name
