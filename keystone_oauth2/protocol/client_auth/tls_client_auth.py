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

"""Mutual-TLS with a certificate of a trusted CA (RFC 8705, 2.1).

The client is either of:

* an application credential, with a registered certificate subject;
* a Keystone user, as in the API reference of OS-OAUTH2. The federation
  mapping ``[oauth2] oauth2_cert_dn_mapping_id`` maps certificates to users.
"""

import collections.abc as abc

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import _certificate
from keystone_oauth2.protocol.client_auth import _delegation
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.clients import subject


class TLSClientAuth(_certificate.CertificateMethod):
    """A certificate that the front end has verified."""

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Check that the certificate belongs to the client.

        :raises ports.Refused: it does not, or was not verified.
        """
        certificate = request.client_certificate
        assert certificate is not None  # noqa: S101  # nosec
        if certificate.problem is not None:
            raise ports.Refused(f'certificate: {certificate.problem}')
        client_id = form.required('client_id')
        try:
            credential, expected = self._keystone.find_authenticators(
                client_id, registration.CERTIFICATE
            )
        except ports.UnknownClient:
            return self._user(client_id, certificate.der)
        for authenticator in expected:
            if _is_expected(authenticator.value, certificate.der):
                return _delegation.client(
                    self._keystone,
                    'tls_client_auth',
                    credential.used(authenticator),
                    certificate.der,
                )
        raise ports.Refused(
            f'client {client_id}: the subject of the certificate is not '
            f'registered'
        )

    def _user(self, user_id: str, certificate: bytes) -> messages.Client:
        # The mapping comes first so that an unknown user takes equally long.
        mapped = self._keystone.evaluate_mapping(assertion(certificate))
        user = self._keystone.find_user(user_id)
        self._compare(user, mapped)
        if not user.default_project_id:
            raise ports.Refused(f'user {user.id} has no default project')
        return messages.Client(
            id=user.id,
            authentication_method='tls_client_auth',
            user=user,
            project_id=self._keystone.find_project(user.default_project_id),
            certificate=certificate,
            ends_at=certificates.expires_at(certificate),
        )

    def _compare(
        self, user: messages.User, mapped: abc.Mapping[str, str]
    ) -> None:
        for name, value in mapped.items():
            if value != self._property(user, name):
                raise ports.Refused(
                    f'certificate: the mapping yields another {name} '
                    f'than that of user {user.id}'
                )
        # An empty expectation matches no user (RFC 8705, 2.1.2): otherwise
        # any certificate of the CA would match every user. User names are
        # unique only within a domain.
        has_domain = mapped.get('domain_id') or mapped.get('domain_name')
        if not (mapped.get('id') or (mapped.get('name') and has_domain)):
            raise ports.Refused(
                'certificate: the mapping identifies no user: it yields '
                'neither a user id nor a user name with a domain'
            )

    def _property(self, user: messages.User, name: str) -> str | None:
        if name == 'domain_name':
            return self._keystone.domain_name(user.domain_id)
        value: str | None = getattr(user, name)
        return value


def _is_expected(value: abc.Mapping[str, str], der: bytes) -> bool:
    return any(
        subject.matches(name, value[name], der)
        for name in subject.NAMES
        if name in value
    )


def assertion(der: bytes) -> dict[str, str]:
    """Return the names in a certificate in the form the mapping expects.

    :returns: ``SSL_CLIENT_SUBJECT_DN_CN`` and the like, repeated attributes
        joined with ``;``.
    :raises ports.Refused: it is not a certificate, or an attribute contains a
        ``;``, which the mapping would read as two values.
    """
    try:
        subject, issuer = certificates.names(der)
    except ValueError as error:
        raise ports.Refused('certificate: cannot be read') from error
    values: dict[str, str] = {}
    for kind, attributes in (('SUBJECT', subject), ('ISSUER', issuer)):
        for name, value in attributes:
            if ';' in value:
                raise ports.Refused(f'certificate: a semicolon in {name}')
            key = f'SSL_CLIENT_{kind}_DN_{name.upper()}'
            values[key] = f'{values[key]};{value}' if key in values else value
    return values
