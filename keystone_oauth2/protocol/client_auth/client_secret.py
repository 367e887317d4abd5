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

"""Common parts of the methods with a client secret (RFC 6749, 2.3.1)."""

import typing as ty

from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.clients import secret_digest

E = ty.TypeVar('E', evidences.Basic, evidences.PostedSecret)


class ClientSecret(method.Method[E]):
    """The secret of an application credential, or a registered one.

    :param secrets: verifies it.
    """

    def __init__(self, *, secrets: secret_digest.SecretVerifier) -> None:
        self._secrets = secrets

    @classmethod
    def accepts(cls, authenticator: registration.NewAuthenticator) -> bool:
        """Whether it is a secret."""
        return authenticator.kind == registration.SECRET

    def verify(
        self, evidence: E, client: clients.Client
    ) -> clients.AuthenticatedClient:
        """Return the client, if one reading of the secret is right.

        :raises ports.Refused: none is.
        """
        return clients.AuthenticatedClient(
            client=client,
            method=self.name,
            authenticator=self._secrets.verify(client, evidence.secrets),
        )

    def pretend(self, evidence: E) -> bool:
        """Take as long as for a wrong secret."""
        return self._secrets.pretend(evidence.secrets)
