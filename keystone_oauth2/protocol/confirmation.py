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

"""What an access token is bound to (RFC 7800)."""

import dataclasses
import datetime
import hmac
import typing as ty

from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import messages


@dataclasses.dataclass(frozen=True)
class Confirmation:
    """The certificate that an access token is bound to (RFC 8705, 3).

    Keystone's tokens carry the thumbprint that keystonemiddleware compares,
    and RFC 8705 defines another one. Neither follows from the other.

    :ivar keystone_thumbprint: see :func:`.certificates.keystone_thumbprint`.
        Empty if no certificate can have it.
    :ivar x5t_s256: see :func:`.certificates.thumbprint`; None if it has not
        been looked up.
    :ivar expires_at: when the certificate expires, UTC without a zone; None
        if it is not known.
    """

    keystone_thumbprint: str
    x5t_s256: str | None = None
    expires_at: datetime.datetime | None = None

    #: How such a token is to be sent (RFC 6749, 7.1).
    token_type: ty.ClassVar[str] = 'Bearer'

    @classmethod
    def of_certificate(cls, der: bytes) -> 'Confirmation':
        """Return the binding to a certificate, given as DER.

        :raises ValueError: it is not a certificate.
        """
        return cls(
            certificates.keystone_thumbprint(der),
            certificates.thumbprint(der),
            certificates.expires_at(der),
        )

    @property
    def cnf(self) -> dict[str, str]:
        """The confirmation methods by their names (RFC 7800, 3.1)."""
        if self.x5t_s256 is None:
            return {}
        return {'x5t#S256': self.x5t_s256}

    def holds(
        self,
        certificate: messages.ClientCertificate | None,
        now: datetime.datetime | None = None,
    ) -> bool:
        """Whether the sender of a request has proven possession.

        :param certificate: of the connection; None if there is none.
        :param now: UTC without a zone; the current time by default.
        """
        if certificate is None:
            return False
        if certificates.problem(certificate, now) is not None:
            return False
        return hmac.compare_digest(
            certificates.keystone_thumbprint(certificate.der),
            self.keystone_thumbprint,
        )


def token_type(confirmation: Confirmation | None) -> str:
    """Return how a token is to be sent (RFC 6749, 7.1).

    :param confirmation: what the token is bound to; None for nothing.
    """
    return 'Bearer' if confirmation is None else confirmation.token_type
