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

"""``openstack oauth2 client certificate ...``."""

import argparse
import ssl
import typing as ty

from osc_lib import exceptions

from keystone_oauth2.osc import base
from keystone_oauth2.osc import resources
from keystone_oauth2.osc.v1 import authenticators
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol.clients import subject

_EXAMPLES = {
    'tls_client_auth_subject_dn': (
        'distinguished name, such as "CN=backup,O=Example"'
    ),
    'tls_client_auth_san_dns': 'DNS name',
    'tls_client_auth_san_uri': 'URI',
    'tls_client_auth_san_ip': 'IP address',
    'tls_client_auth_san_email': 'email address',
}


class _Certificate(authenticators.Kind):
    noun = 'certificate'
    plural = 'certificates'
    resource = resources.Certificate
    listed = {'type': 'Type', 'value': 'Value'}

    def show_own(self, authenticator: ty.Any) -> dict[str, ty.Any]:
        """Return the subject, or the certificate and its thumbprint."""
        for name in subject.NAMES:
            value = getattr(authenticator, name)
            if value is not None:
                return {'type': name, 'value': value}
        return {
            'type': 'certificate',
            'value': authenticator.thumbprint,
            'certificate': authenticator.certificate,
        }


class CreateCertificate(authenticators.Create):
    """Register a certificate of a client, or the subject of its certificates.

    A certificate is for self_signed_tls_client_auth: the client must present
    exactly this one. A subject is for tls_client_auth: any certificate with
    this subject matches, if it is from a CA that the operator trusts, so that
    a renewed certificate needs no change.
    """

    kind = _Certificate()

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            '--certificate',
            metavar='<file>',
            help='Register the certificate in this file (PEM)',
        )
        for name, example in _EXAMPLES.items():
            source.add_argument(
                _option(name),
                metavar=f'<{_option(name).removeprefix("--")}>',
                dest=name,
                help=f'Register a subject by its {example} ({name})',
            )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Register it, and return what is shown of it.

        :raises exceptions.CommandError: the file cannot be used.
        """
        if parsed_args.certificate is None:
            given = {
                name: getattr(parsed_args, name)
                for name in subject.NAMES
                if getattr(parsed_args, name) is not None
            }
            return self.register(parsed_args, **given)
        text = base.read_file('--certificate', parsed_args.certificate)
        try:
            der = _read(text)
        except ValueError as error:
            raise exceptions.CommandError(
                f'The file of --certificate {error}.'
            ) from None
        pem = ssl.DER_cert_to_PEM_cert(der)
        return self.register(parsed_args, certificate=pem)


class ListCertificates(authenticators.List):
    """List the certificates of a client, and the subjects of certificates.

    The value of a certificate is its SHA-256 thumbprint, as in the member
    ``x5t#S256`` of a token that is bound to it.
    """

    kind = _Certificate()


class ShowCertificate(authenticators.Show):
    """Display details of a certificate, or of the subject of certificates"""

    kind = _Certificate()


class DeleteCertificate(authenticators.Delete):
    """Delete certificates of a client, or subjects of certificates.

    They are refused from the next request on. Tokens that the client has got
    remain valid.
    """

    kind = _Certificate()


def _option(name: str) -> str:
    return '--' + name.removeprefix('tls_client_auth_').replace('_', '-')


def _read(text: str) -> bytes:
    """Return the certificate in a file.

    :raises ValueError: the message is a predicate without its subject.
    """
    if 'PRIVATE KEY-----' in text:
        raise ValueError(
            'has a private key, which must stay on the host of the client: '
            'give the certificate only'
        )
    return certificates.der_from_text(text)
