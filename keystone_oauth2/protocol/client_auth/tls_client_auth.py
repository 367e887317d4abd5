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
import dataclasses

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.clients import subject as subjects


class TLSClientAuth(method.Method[evidences.Certificate]):
    """A certificate that the front end has verified.

    :param users: finds users, and the certificates that are theirs.
    """

    name = 'tls_client_auth'
    evidence = evidences.Certificate
    strength = 50
    needs = frozenset({method.Need.VERIFIED_CERTIFICATES})

    def __init__(self, *, users: ports.UserDirectory) -> None:
        self._users = users

    @classmethod
    def accepts(cls, authenticator: registration.NewAuthenticator) -> bool:
        """Whether it is a subject, not a certificate."""
        return (
            authenticator.kind == registration.CERTIFICATE
            and 'certificate' not in (authenticator.value or {})
        )

    def as_user(self, client_id: str) -> clients.Client:
        """Return the user who may be the client."""
        return clients.Client(
            id=client_id, user_id=client_id, project_id=None, is_user=True
        )

    def has_registered(self, client: clients.Client) -> bool:
        """Whether a subject is registered, or the mapping decides."""
        return client.is_user or super().has_registered(client)

    def fits(
        self, evidence: evidences.Certificate, client: clients.Client
    ) -> bool:
        """Whether it was verified, and its subject is registered."""
        certificate = evidence.certificate
        return certificate.problem is None and (
            client.is_user
            or self._registered(certificate.der, client) is not None
        )

    def verify(
        self, evidence: evidences.Certificate, client: clients.Client
    ) -> clients.AuthenticatedClient:
        """Return the client, if the certificate belongs to it.

        :raises ports.Refused: it does not, or was not verified.
        """
        certificate = evidence.certificate
        if certificate.problem is not None:
            raise ports.Refused(f'certificate: {certificate.problem}')
        registered = None
        if client.is_user:
            client = self._verified_user(client, certificate.der)
        else:
            registered = self._registered(certificate.der, client)
            if registered is None:
                raise method.refused(
                    client, 'the subject of the certificate is not registered'
                )
        return clients.AuthenticatedClient(
            client=client,
            method=self.name,
            authenticator=registered,
            confirmation=confirmation.Confirmation.of_certificate(
                certificate.der
            ),
        )

    def _registered(
        self, der: bytes, client: clients.Client
    ) -> registration.Authenticator | None:
        for authenticator in client.authenticators:
            if self.accepts(authenticator) and _is_expected(
                authenticator.value or {}, der
            ):
                return authenticator
        return None

    def _verified_user(
        self, client: clients.Client, der: bytes
    ) -> clients.Client:
        # The mapping comes first so that an unknown user takes equally long.
        mapped = self._users.map_certificate(assertion(der))
        user = self._users.find_user(client.user_id)
        self._compare(user, mapped)
        if not user.default_project_id:
            raise ports.Refused(f'user {user.id} has no default project')
        return dataclasses.replace(
            client,
            project_id=self._users.find_project(user.default_project_id),
            is_user_enabled=True,
        )

    def _compare(
        self, user: clients.User, mapped: abc.Mapping[str, str]
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

    def _property(self, user: clients.User, name: str) -> str | None:
        if name == 'domain_name':
            return self._users.domain_name(user.domain_id)
        value: str | None = getattr(user, name)
        return value


def _is_expected(value: abc.Mapping[str, str], der: bytes) -> bool:
    return any(
        subjects.matches(name, value[name], der)
        for name in subjects.NAMES
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
