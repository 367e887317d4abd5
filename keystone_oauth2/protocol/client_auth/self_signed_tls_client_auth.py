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

"""Mutual-TLS with a registered certificate (RFC 8705, 2.2)."""

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration


class SelfSignedTLSClientAuth(method.Method[evidences.Certificate]):
    """A certificate that is compared with the registered ones.

    Whether it was verified does not matter if it is self-signed: only its
    issuer could be wrong. See :func:`.certificates.problem`.
    """

    name = 'self_signed_tls_client_auth'
    evidence = evidences.Certificate
    strength = 40

    @classmethod
    def accepts(cls, authenticator: registration.NewAuthenticator) -> bool:
        """Whether it is a certificate, not a subject."""
        return (
            authenticator.kind == registration.CERTIFICATE
            and 'certificate' in (authenticator.value or {})
        )

    def fits(
        self, evidence: evidences.Certificate, client: clients.Client
    ) -> bool:
        """Whether this very certificate is registered."""
        return self._registered(evidence, client) is not None

    def verify(
        self, evidence: evidences.Certificate, client: clients.Client
    ) -> clients.AuthenticatedClient:
        """Return the client, if the certificate is registered for it.

        :raises ports.Refused: it is not, has expired, is not yet valid, has
            no verdict, or is from a CA and was not verified.
        """
        der = evidence.certificate.der
        problem = certificates.problem(evidence.certificate)
        if problem is not None:
            raise ports.Refused(f'certificate: {problem}')
        registered = self._registered(evidence, client)
        if registered is None:
            raise method.refused(client, 'the certificate is not registered')
        problem = certificates.problem_of_period(der)
        if problem is not None:
            raise ports.Refused(f'the certificate {problem}')
        return clients.AuthenticatedClient(
            client=client,
            method=self.name,
            authenticator=registered,
            confirmation=confirmation.Confirmation.of_certificate(der),
        )

    def _registered(
        self, evidence: evidences.Certificate, client: clients.Client
    ) -> registration.Authenticator | None:
        fingerprint = certificates.fingerprint(evidence.certificate.der)
        return client.find_registered(self.accepts, fingerprint)
