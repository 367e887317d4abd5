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

"""Expected subjects of client certificates (RFC 8705, 2.1.2)."""

import collections.abc as abc
import ipaddress
import re
import typing as ty
import unicodedata

from cryptography import x509

from keystone_oauth2.protocol import certificates

#: Exactly one of them names the subject of a client.
NAMES = (
    'tls_client_auth_subject_dn',
    'tls_client_auth_san_dns',
    'tls_client_auth_san_uri',
    'tls_client_auth_san_ip',
    'tls_client_auth_san_email',
)

_DNS = re.compile(r'[a-z0-9_-]+(\.[a-z0-9_-]+)*')
_URI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+')
_EMAIL = re.compile(r'[\x21-\x3f\x41-\x7e]+@[a-z0-9-]+(\.[a-z0-9-]+)*')
_ATTRIBUTES = {
    'EMAILADDRESS': x509.NameOID.EMAIL_ADDRESS,
    'E': x509.NameOID.EMAIL_ADDRESS,
    'SERIALNUMBER': x509.NameOID.SERIAL_NUMBER,
}
# Bytes in hexadecimal; else an escaped character, which begins no attribute;
# else the name of an attribute, with what stands before it.
_TOKEN = re.compile(
    r'(?P<bytes>(\\[0-9A-Fa-f]{2})+)|\\.'
    r'|(?P<before>^|[,+])\s*(?P<name>[A-Za-z]+)\s*=',
    re.DOTALL,
)

# Two names are the same if they have the same parts in the same order; within
# a part, the order says nothing (RFC 5280, 7.1).
_Name = tuple[tuple[tuple[str, str], ...], ...]


def read(name: str, value: str) -> str:
    """Answer an expected subject as it is compared.

    :param name: one of :data:`NAMES`.
    :raises ValueError: it could match nobody, or more than one subject; a
        sentence without its verb's subject says why.
    """
    if name == 'tls_client_auth_subject_dn':
        if not _parsed(value):
            raise ValueError('is empty')
        return value
    comparable = _COMPARABLE[name](value)
    if comparable is None:
        raise ValueError('is malformed')
    return comparable


def matches(name: str, value: str, der: bytes) -> bool:
    """Whether a certificate has the expected subject.

    :param name: one of :data:`NAMES`.
    :param value: what :func:`read` answered.
    :param der: the certificate.
    """
    try:
        certificate = certificates.load(der)
        if name == 'tls_client_auth_subject_dn':
            return _parsed(value) == _normalised(certificate.subject)
        comparable = _COMPARABLE[name]
        return any(
            comparable(str(found)) == value
            for found in _alternatives(certificate, _TYPES[name])
        )
    except (TypeError, ValueError):
        # cryptography says so, too, of attributes that it cannot read.
        return False


def _alternatives(
    certificate: x509.Certificate, kind: type[ty.Any]
) -> abc.Sequence[ty.Any]:
    try:
        extension = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except (
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        return ()
    return extension.value.get_values_for_type(kind)


def _parsed(text: str) -> _Name:
    try:
        return _normalised(
            x509.Name.from_rfc4514_string(_plainer(text), _ATTRIBUTES)
        )
    except (ValueError, KeyError) as error:
        raise ValueError('is no distinguished name (RFC 4514)') from error


def _plainer(text: str) -> str:
    return _TOKEN.sub(_plainer_token, text)


def _plainer_token(match: re.Match[str]) -> str:
    if match['bytes']:
        # Before cryptography 47, each byte would become a character.
        decoded = bytes.fromhex(match['bytes'].replace('\\', '')).decode()
        return ''.join(
            letter if letter > '\x7f' else f'\\{ord(letter):02x}'
            for letter in decoded
        )
    if match['name']:
        # Names of attributes are compared without regard to case.
        return f'{match["before"]}{match["name"].upper()}='
    return match[0]


def _normalised(name: x509.Name) -> _Name:
    return tuple(
        tuple(
            sorted(
                (attribute.oid.dotted_string, _prepared(attribute.value))
                for attribute in part
            )
        )
        for part in name.rdns
    )


def _prepared(value: str | bytes) -> str:
    # RFC 4518: neither case nor the number of blanks makes a difference.
    if isinstance(value, bytes):
        return '#' + value.hex()
    text = unicodedata.normalize('NFKC', value).casefold()
    return ' '.join(text.split())


def _dns(value: str) -> str | None:
    value = value.lower()
    return value if _DNS.fullmatch(value) else None


def _uri(value: str) -> str | None:
    return value if _URI.fullmatch(value) else None


def _ip(value: str) -> str | None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    # No certificate has a zone.
    return None if getattr(address, 'scope_id', None) else str(address)


def _email(value: str) -> str | None:
    local, at, domain = value.rpartition('@')
    value = f'{local}{at}{domain.lower()}'
    return value if _EMAIL.fullmatch(value) else None


_COMPARABLE: abc.Mapping[str, abc.Callable[[str], str | None]] = {
    'tls_client_auth_san_dns': _dns,
    'tls_client_auth_san_uri': _uri,
    'tls_client_auth_san_ip': _ip,
    'tls_client_auth_san_email': _email,
}
_TYPES: abc.Mapping[str, type[ty.Any]] = {
    'tls_client_auth_san_dns': x509.DNSName,
    'tls_client_auth_san_uri': x509.UniformResourceIdentifier,
    'tls_client_auth_san_ip': x509.IPAddress,
    'tls_client_auth_san_email': x509.RFC822Name,
}
