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

"""Client authentication methods that only entry points of a test name.

They read the same evidence as ``private_key_jwt``: a client assertion, but of
another issuer, which says what its subject is.
"""

import jwt

from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients

KIND = 'identity'
ISSUER = 'https://issuer.example.net'
KEY = 'a key that only the issuer and this method have'


class _OtherIssuer(method.Method[evidences.Assertion]):
    evidence = evidences.Assertion

    @classmethod
    def accepts(cls, authenticator):
        return authenticator.kind == KIND

    def fits(self, evidence, client):
        return evidence.claims.get('iss') == ISSUER

    def verify(self, evidence, client):
        try:
            claims = jwt.decode(evidence.text, KEY, ['HS256'], issuer=ISSUER)
        except jwt.InvalidTokenError as error:
            raise method.refused(client, f'assertion: {error}') from error
        for identity in client.authenticators:
            if self.accepts(identity) and identity.value == {
                'sub': claims['sub']
            }:
                return clients.AuthenticatedClient(
                    client=client, method=self.name, authenticator=identity
                )
        raise method.refused(client, 'the subject is not registered')


class First(_OtherIssuer):
    """Its name sorts before, and it is weaker."""

    name = 'a_jwt_of_another_issuer'
    strength = 1


class Last(_OtherIssuer):
    """Its name sorts after, and it is stronger."""

    name = 'z_jwt_of_another_issuer'
    strength = 99
