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

"""X.509 client certificates (RFC 8705)."""

import base64
import binascii
import datetime
import hashlib
import re
import ssl
import typing as ty
import urllib.parse

from cryptography import exceptions
from cryptography import x509

from keystone_oauth2.protocol import asn1
from keystone_oauth2.protocol import distinguished_name
from keystone_oauth2.protocol import messages

_BEGIN = '-----BEGIN CERTIFICATE-----'
_END = '-----END CERTIFICATE-----'
_PEM = re.compile(
    r'-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----'
)

_PASTED = re.compile(f'{_BEGIN}(.*?){_END}', re.DOTALL)
_V3 = bytes.fromhex('a003020102')
_TIME = re.compile('[0-9]{14}Z')
# The names in RFC 4514, and emailAddress, which the mappings in Keystone's
# guides use.
_NAMES = {
    '2.5.4.3': 'CN',
    '2.5.4.6': 'C',
    '2.5.4.7': 'L',
    '2.5.4.8': 'ST',
    '2.5.4.9': 'STREET',
    '2.5.4.10': 'O',
    '2.5.4.11': 'OU',
    '0.9.2342.19200300.100.1.1': 'UID',
    '0.9.2342.19200300.100.1.25': 'DC',
    '1.2.840.113549.1.9.1': 'emailAddress',
}

Attributes = tuple[tuple[str, str], ...]


def der_from_pem(text: str) -> bytes:
    """Return the certificate that a front end passes on as PEM.

    Depending on the web server, its lines are separated by LF, CR LF, tabs or
    spaces, or the text is URL-encoded (nginx).

    :raises ValueError: there is no certificate, or more than one.
    """
    if '%' in text:
        text = urllib.parse.unquote(text)
    match = _PEM.fullmatch(text.strip())
    if match is None or not match[1].strip():
        raise ValueError('not exactly one PEM certificate')
    return decode_base64(''.join(match[1].split()))


def der_from_text(text: str) -> bytes:
    """Return the certificate in text that a user has pasted (RFC 7468).

    Other text may precede and follow it, such as the output of ``openssl x509
    -text`` or ``openssl pkcs12``, or a byte order mark.

    :raises ValueError: there is not exactly one certificate; the message is a
        predicate without its subject.
    """
    if _BEGIN not in text:
        text = urllib.parse.unquote(text)
    if 'PRIVATE KEY-----' in text:
        raise ValueError(
            'must be sent without its private key; replace this key, since '
            'it has been exposed'
        )
    found = _PASTED.findall(text)
    if len(found) != 1 or text.count(_BEGIN) != 1:
        raise ValueError(_why_not_one(text))
    try:
        return decode_base64(''.join(found[0].split()))
    except ValueError as error:
        raise ValueError(
            f'is damaged: what is between {_BEGIN} and {_END} is not base64'
        ) from error


def _why_not_one(text: str) -> str:
    count = text.count(_BEGIN)
    if count > 1:
        return (
            f'must come alone: of these {count} certificates, send that of '
            f'the client'
        )
    if count:
        return f'is cut off: it has no line {_END}'
    if 'CERTIFICATE REQUEST-----' in text:
        return (
            'is a certificate request: send the certificate that was issued '
            'for it'
        )
    if 'PUBLIC KEY-----' in text:
        return (
            'is a public key: send its certificate, or register it as a key, '
            'in jwk'
        )
    return f'must be PEM: it has no line {_BEGIN}'


def decode_base64(text: str) -> bytes:
    """Decode base64 strictly.

    :raises ValueError: a character outside the alphabet, or wrong padding.
    """
    try:
        encoded = text.encode('ascii')
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError('not base64') from error
    # Python 3.10 accepts any number of padding characters.
    if base64.b64encode(decoded) != encoded:
        raise ValueError('not base64')
    return decoded


def load(der: bytes) -> x509.Certificate:
    """Return a parsed certificate.

    :raises ValueError: it is not a certificate.
    """
    try:
        return x509.load_der_x509_certificate(der)
    except x509.InvalidVersion as error:
        raise ValueError('unknown X.509 version') from error


def names(der: bytes) -> tuple[Attributes, Attributes]:
    """Return the attributes of subject and issuer, in the encoded order.

    :returns: subject and issuer, each as pairs of attribute name (RFC 4514,
        or dotted decimal if that has none) and unescaped value.
    :raises ValueError: it is not a certificate.
    """
    fields = _fields(der)
    return _attributes(fields.subject), _attributes(fields.issuer)


def subject(der: bytes) -> distinguished_name.Name:
    """Return the subject of a certificate.

    :raises ValueError: it is not a certificate.
    """
    return distinguished_name.read(_fields(der).subject)


def keystone_thumbprint(der: bytes) -> str:
    """Return the thumbprint that keystonemiddleware compares.

    ``oauth2_mtls_token`` hashes the PEM text as Python writes it, and keeps
    the padding, unlike RFC 8705.
    """
    pem = ssl.DER_cert_to_PEM_cert(der).encode('ascii')
    return base64.urlsafe_b64encode(hashlib.sha256(pem).digest()).decode()


def thumbprint(der: bytes) -> str:
    """Return the thumbprint ``x5t#S256`` (RFC 8705, 3.1)."""
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


def problem(
    certificate: messages.ClientCertificate,
    now: datetime.datetime | None = None,
) -> str | None:
    """Return why a client has not proven that a certificate is its own.

    A certificate that was not verified is still the client's if it stands for
    itself (RFC 8705, 2.2): it is self-signed and valid, and the front end has
    given a verdict on it, good or bad. Without a verdict, the sender may not
    have its private key. A certificate of a CA needs a good verdict, since it
    may have been revoked.

    :param now: UTC without a zone; the current time by default.
    :returns: the reason, for the log, or None.
    """
    if certificate.problem is None:
        return None
    if not (certificate.has_verdict and is_self_signed(certificate.der)):
        return certificate.problem
    period = problem_of_period(certificate.der, now)
    return None if period is None else f'the certificate {period}'


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate in hexadecimal."""
    return hashlib.sha256(der).hexdigest()


def expires_at(der: bytes) -> datetime.datetime:
    """Return when a certificate expires, in UTC, without a zone.

    :raises ValueError: it is not a certificate.
    """
    return _period(der)[1]


def problem_of_period(
    der: bytes, now: datetime.datetime | None = None
) -> str | None:
    """Return why a certificate is not valid at a time (RFC 5280, 4.1.2.5).

    :param now: UTC without a zone; the current time by default.
    :returns: a predicate without its subject, or None.
    """
    try:
        start, end = _period(der)
    except ValueError:
        return 'cannot be read'
    if now is None:
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    if end <= now:
        return 'has expired'
    if now < start:
        return f'is not valid before {start.isoformat()}Z'
    return None


class _Fields(ty.NamedTuple):
    issuer: asn1.Value
    validity: asn1.Value
    subject: asn1.Value


def _fields(der: bytes) -> _Fields:
    # Libraries reject some certificates because of their names: see asn1.
    to_be_signed, *_ = asn1.read(der).values(asn1.SEQUENCE)
    fields = to_be_signed.values(asn1.SEQUENCE)
    # Version 1 has no version field; version 2 was never used.
    if fields[:1] and fields[0].tag == _V3[0]:
        if fields.pop(0).encoded != _V3:
            raise ValueError('unknown X.509 version')
    if len(fields) < 5:
        raise ValueError('not a certificate')
    return _Fields(*fields[2:5])


def _period(der: bytes) -> tuple[datetime.datetime, datetime.datetime]:
    start, end = _fields(der).validity.values(asn1.SEQUENCE)
    return _moment(start), _moment(end)


def _moment(value: asn1.Value) -> datetime.datetime:
    text = value.content.decode('ascii')
    if value.tag == asn1.UTC_TIME:
        text = f'{19 if text >= "5" else 20}{text}'
    elif value.tag != asn1.GENERALIZED_TIME:
        raise ValueError('not a time')
    if not _TIME.fullmatch(text):
        raise ValueError('not a time in the format of RFC 5280')
    return datetime.datetime.strptime(text, '%Y%m%d%H%M%SZ')


def _attributes(name: asn1.Value) -> Attributes:
    return tuple(
        (_NAMES.get(oid, oid), distinguished_name.text_of(value))
        for part in distinguished_name.read(name)
        for oid, value in part
    )
