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

"""Mutual-TLS with a certificate that is registered itself (RFC 8705, 2.2)."""

import hmac

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import registration
from keystone_oauth2.protocol.client_auth import _certificate
from keystone_oauth2.protocol.client_auth import _delegation


class SelfSignedTLSClientAuth(_certificate.CertificateMethod):
    """A certificate that stands for nothing but itself."""

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Check that the certificate is registered for the client.

        What the front end says of the issuer does not count for a
        self-signed one, but it must have said something: otherwise the
        certificate may have been sent without its key. Its dates are checked
        here. A certificate of a CA may have been revoked.

        :raises ports.Refused: it is not registered, has expired, is not valid
            yet, comes from a CA and must not be believed, or has no verdict.
        """
        certificate = request.client_certificate
        assert certificate is not None  # noqa: S101  # nosec
        if certificate.problem is not None:
            if not certificates.stands_for_itself(certificate):
                raise ports.Refused(f'certificate: {certificate.problem}')
        client_id = form.required('client_id')
        credential, registered = self._keystone.find_authenticators(
            client_id, registration.CERTIFICATE
        )
        fingerprint = certificates.fingerprint(certificate.der)
        for one in registered:
            if hmac.compare_digest(one.fingerprint, fingerprint):
                problem = certificates.problem_of_period(certificate.der)
                if problem is not None:
                    raise ports.Refused(f'certificate: it {problem}')
                return _delegation.client(
                    self._keystone,
                    'self_signed_tls_client_auth',
                    credential.used(one),
                    certificate.der,
                )
        raise ports.Refused(
            f'client {client_id}: the certificate is not registered'
        )
