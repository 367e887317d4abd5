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

import hmac

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import _certificate
from keystone_oauth2.protocol.client_auth import _delegation
from keystone_oauth2.protocol.clients import registration


class SelfSignedTLSClientAuth(_certificate.CertificateMethod):
    """A certificate that is compared with the registered ones."""

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Check that the certificate is registered for the client.

        For a self-signed certificate, any verdict of the front end will do,
        since only the issuer could be wrong. Without a verdict, the sender
        may not have its private key. A certificate of a CA needs a good
        verdict, since it may have been revoked. The dates are checked here.

        :raises ports.Refused: it is not registered, has expired, is not yet
            valid, has no verdict, or is from a CA and was not verified.
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
        for authenticator in registered:
            if hmac.compare_digest(authenticator.fingerprint, fingerprint):
                problem = certificates.problem_of_period(certificate.der)
                if problem is not None:
                    raise ports.Refused(f'the certificate {problem}')
                return _delegation.client(
                    self._keystone,
                    'self_signed_tls_client_auth',
                    credential.used(authenticator),
                    certificate.der,
                )
        raise ports.Refused(
            f'client {client_id}: the certificate is not registered'
        )
