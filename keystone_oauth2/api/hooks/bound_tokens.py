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

"""Certificate-bound tokens at Keystone's own API.

A binding must be enforced everywhere (RFC 9700, 2.2.1), but Keystone accepts a
stolen bound token: in ``X-Auth-Token`` and ``X-Service-Token``, and in a body
that exchanges it for another token.
"""

import flask
from oslo_log import log
from oslo_utils import timeutils

from keystone_oauth2.api.front_end import client_certificate
from keystone_oauth2.identity import tokens
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import certificates

LOG = log.getLogger(__name__)


class BindingCheck:
    """Checks each request to Keystone before it is processed.

    :param certificate_reader: finds the certificate of the connection; None
        if certificates are not used.
    :param accept_self_signed: whether tokens may be bound to self-signed
        certificates (RFC 8705, 2.2).
    """

    def __init__(
        self,
        certificate_reader: client_certificate.Reader | None,
        *,
        accept_self_signed: bool,
    ) -> None:
        self._certificate_reader = certificate_reader
        self._accept_self_signed = accept_self_signed

    def __call__(self) -> None:
        """Refuse a bound token without its certificate (RFC 8705, 3).

        :raises web.TokenRefused: the connection has no certificate, or
            another one.
        """
        bindings = tokens.bindings(web.auth_context(), web.further_tokens())
        if bindings and bindings != {self._presented()}:
            LOG.info('A certificate-bound token came without its certificate')
            web.set_unenforced_ok()
            raise web.TokenRefused()

    def _presented(self) -> str | None:
        if self._certificate_reader is None:
            return None
        certificate = self._certificate_reader.read(flask.request.environ)
        if certificate is None:
            return None
        if certificate.problem is not None and not (
            # The connection proves possession of the key, which is enough
            # for a self-signed certificate.
            self._accept_self_signed
            and certificates.stands_for_itself(certificate)
            and not certificates.problem_of_period(
                certificate.der, timeutils.utcnow()
            )
        ):
            return None
        return certificates.keystone_thumbprint(certificate.der)
