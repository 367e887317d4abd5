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

"""Find the client certificate that the TLS front end passed on.

Header fields are used only from trusted proxies, since any client can send
them. A certificate that cannot be read or was not verified is returned with
the reason, so that it never looks like a request without a certificate.
"""

import collections.abc as abc
import dataclasses
import re
import typing as ty

from cryptography import x509
from OpenSSL import crypto

from keystone_oauth2.front_end import proxies
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import messages

Environ = abc.Mapping[str, ty.Any]
# Apache writes this into a header field in place of an unset variable.
_NO_VALUE = '(null)'
# What nginx and Apache say of a certificate whose key the client has shown.
# Other texts, such as the "-" of some proxies, may stand for nothing at all.
_VERDICT = re.compile('SUCCESS|GENEROUS|FAILED(:.*)?', re.DOTALL)


def verifier(ca_pem: bytes) -> abc.Callable[[bytes], str | None]:
    """Return a function that verifies a certificate (RFC 5280, 6).

    :param ca_pem: one or more CA certificates in PEM.
    :returns: takes DER, and returns why it is not valid, or None.
    :raises ValueError: there is no certificate in it.
    """
    store = crypto.X509Store()
    # Client certificates are often issued by an intermediate CA.
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    for certificate in x509.load_pem_x509_certificates(ca_pem):
        store.add_cert(crypto.X509.from_cryptography(certificate))

    def verify(der: bytes) -> str | None:
        try:
            certificate = crypto.load_certificate(crypto.FILETYPE_ASN1, der)
            crypto.X509StoreContext(store, certificate).verify_certificate()
            is_for_clients = _is_for_clients(certificate.to_cryptography())
        except (
            crypto.Error,
            crypto.X509StoreContextError,
            ValueError,
        ) as error:
            return f'not verified: {error}'
        return None if is_for_clients else 'not for client authentication'

    return verify


@dataclasses.dataclass(frozen=True)
class Reader:
    """Reads the certificate from a WSGI environment.

    :ivar sources: any of ``environ``, ``escaped_pem`` and ``rfc9440``.
    :ivar header: name of the field with escaped PEM.
    :ivar verify_header: name of the field with the proxy's verdict.
    :ivar proxies: those whose header fields are trusted.
    :ivar verify: verifies a certificate in addition to the verdict, or None.
    :ivar accept_self_signed: whether self-signed certificates are accepted,
        for which a bad verdict is enough.
    """

    sources: tuple[str, ...]
    header: str
    verify_header: str
    proxies: proxies.Proxies
    verify: abc.Callable[[bytes], str | None] | None = None
    accept_self_signed: bool = False

    def read(self, environ: Environ) -> messages.ClientCertificate | None:
        """Return the certificate of the connection, or None."""
        for source in self.sources:
            if source != 'environ' and not self.proxies.are_behind(environ):
                continue
            text, decode = self._find(source, environ)
            if text:
                return self._judge(source, environ, text, decode)
        return None

    def _find(
        self, source: str, environ: Environ
    ) -> tuple[str, abc.Callable[[str], bytes]]:
        if source == 'environ':
            key, decode = 'SSL_CLIENT_CERT', certificates.der_from_pem
        elif source == 'escaped_pem':
            key, decode = _environ_key(self.header), certificates.der_from_pem
        else:
            key, decode = 'HTTP_CLIENT_CERT', _der_from_field
        return environ.get(key, ''), decode

    def _judge(
        self,
        source: str,
        environ: Environ,
        text: str,
        decode: abc.Callable[[str], bytes],
    ) -> messages.ClientCertificate:
        try:
            der = decode(text)
        except ValueError as error:
            return messages.ClientCertificate(b'', str(error))
        verdict = self._verdict(source, environ)
        # A client may have sent a field of its own, to which that of the
        # proxy was added.
        if 'NONE' in (part.strip() for part in verdict.upper().split(',')):
            # Nor is it the connection's: no client has shown its key.
            return messages.ClientCertificate(
                b'', 'the front end reports that there is none'
            )
        has_verdict = self.accept_self_signed and bool(
            _VERDICT.fullmatch(verdict)
        )
        if verdict not in ('', 'SUCCESS'):
            return messages.ClientCertificate(
                der, 'the front end could not verify it', has_verdict
            )
        # A proxy that sets no verdict does not remove a forged one either,
        # so a verdict never replaces verification here.
        if self.verify is not None:
            return messages.ClientCertificate(
                der, self.verify(der), has_verdict
            )
        if verdict == 'SUCCESS':
            return messages.ClientCertificate(der, None, has_verdict)
        return messages.ClientCertificate(
            der,
            'the front end gave no verdict, and no file of CAs is configured',
        )

    def _verdict(self, source: str, environ: Environ) -> str:
        """Return the front end's verdict on the certificate, or ''."""
        key = 'SSL_CLIENT_VERIFY'
        if source != 'environ':
            key = _environ_key(self.verify_header)
        verdict: str = environ.get(key, '').strip()
        return '' if verdict == _NO_VALUE else verdict


def _is_for_clients(certificate: x509.Certificate) -> bool:
    # OpenSSL checks the purpose only in a connection (RFC 5280, 4.2.1.12).
    try:
        usages = certificate.extensions.get_extension_for_class(
            x509.ExtendedKeyUsage
        ).value
    except x509.ExtensionNotFound:
        return True
    oids = x509.ExtendedKeyUsageOID
    return oids.CLIENT_AUTH in usages or oids.ANY_EXTENDED_KEY_USAGE in usages


def _environ_key(header: str) -> str:
    return 'HTTP_' + header.upper().replace('-', '_')


def _der_from_field(text: str) -> bytes:
    # A byte sequence (RFC 8941); two fields arrive joined with a comma.
    text = text.strip()
    if len(text) < 3 or text[0] != ':' or text[-1] != ':':
        raise ValueError('Client-Cert is not a single byte sequence')
    return certificates.decode_base64(text[1:-1])
