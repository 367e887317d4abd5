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

from cryptography import x509

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import distinguished_name

#: A registered subject has exactly one of these.
NAMES = (
    'tls_client_auth_subject_dn',
    'tls_client_auth_san_dns',
    'tls_client_auth_san_uri',
    'tls_client_auth_san_ip',
    'tls_client_auth_san_email',
)

# A wildcard is an ordinary entry here: it matches only itself.
_DNS = re.compile(r'(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*')
_URI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+')
_EMAIL = re.compile(r'[\x21-\x3f\x41-\x7e]+@[a-z0-9-]+(\.[a-z0-9-]+)*')
# What "openssl x509 -subject" prints before the name.
_PREFIX = re.compile(r'\A\s*subject=\s*')
_ISSUER = re.compile(r'\s*issuer\s*=', re.IGNORECASE)


def read(name: str, value: str) -> str:
    """Return an expected subject in the form that is compared.

    :param name: one of :data:`NAMES`.
    :raises ValueError: it could match nothing, or more than one subject; the
        message is a predicate without its subject.
    """
    if name == 'tls_client_auth_subject_dn':
        return _distinguished_name(value)
    if name == 'tls_client_auth_san_dns' and _ip(value) is not None:
        # Refused here only, so that what is registered matches as before.
        raise ValueError(
            'is not a DNS name but an IP address: use tls_client_auth_san_ip'
        )
    comparable = _COMPARABLE[name](value)
    if comparable is None:
        raise ValueError(f'is not {_FORMS[name]}')
    return comparable


def matches(name: str, value: str, der: bytes) -> bool:
    """Whether a certificate has the expected subject.

    :param name: one of :data:`NAMES`.
    :param value: what :func:`read` returned.
    :param der: the certificate.
    """
    try:
        if name == 'tls_client_auth_subject_dn':
            return distinguished_name.is_same(
                distinguished_name.parse(value), certificates.subject(der)
            )
        comparable = _COMPARABLE[name]
        return any(
            comparable(str(found)) == value
            for found in _alternatives(certificates.load(der), _TYPES[name])
        )
    except (TypeError, ValueError):
        # cryptography raises the same for names that it cannot read.
        return False


def _distinguished_name(value: str) -> str:
    value = _PREFIX.sub('', value, count=1)
    if _ISSUER.match(value):
        raise ValueError(
            'is the issuer of a certificate: write the subject, as "openssl '
            'x509 -subject -nameopt RFC2253" prints it'
        )
    if not value or distinguished_name.is_empty(
        distinguished_name.parse(value)
    ):
        raise ValueError('is empty')
    return value


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
    # Certificates have no zones.
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
_FORMS: abc.Mapping[str, str] = {
    'tls_client_auth_san_dns': 'a DNS name, such as client.example.com or '
    '*.example.com: write a label with other letters than a to z as xn--...; '
    'a wildcard stands for the whole first label only',
    'tls_client_auth_san_uri': 'a URI, such as spiffe://example.com/client',
    'tls_client_auth_san_ip': 'an IP address, such as 192.0.2.1',
    'tls_client_auth_san_email': 'an email address, such as '
    'client@example.com',
}
_TYPES: abc.Mapping[str, type[ty.Any]] = {
    'tls_client_auth_san_dns': x509.DNSName,
    'tls_client_auth_san_uri': x509.UniformResourceIdentifier,
    'tls_client_auth_san_ip': x509.IPAddress,
    'tls_client_auth_san_email': x509.RFC822Name,
}
