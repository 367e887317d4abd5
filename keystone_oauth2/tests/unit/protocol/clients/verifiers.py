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

"""A client with a secret, and the verifier of secrets."""

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol import secret_hasher

STAGED, FIRST, SECOND, THIRD = (bytes([number]) * 32 for number in range(4))
CLIENT = ('client', 'right')
OWN = registration.Registration('client').own_secret()


def key_id(master, length=secret_hasher.HASHED_LENGTH):
    """Return the key id that is stored with a digest."""
    return secret_digest.derive(master, length).id


class VerifierTestCase(base.TestCase):
    """One client, and keys as ``keystone-manage`` sets them up."""

    def setUp(self):
        super().setUp()
        self.keys = [FIRST, STAGED]
        self.clients = protocol_base.ClientStore()
        self.hasher = secret_hasher.SecretHasher()
        self.add(*CLIENT)
        self.verifier = self.new_verifier()

    def new_verifier(self):
        """Return the verifier of another worker."""
        return secret_digest.SecretVerifier(
            client_store=self.clients,
            hasher=self.hasher,
            digest_keys=lambda: self.keys,
        )

    def add(self, client_id, secret):
        self.clients.add(client_id)
        self.hasher.add(client_id, secret)

    def verify(self, client_id, *readings):
        """Return the authenticator that a client has shown."""
        return self.verifier.verify(self.clients.find(client_id), readings)

    def assert_refused(self, client_id, secret, *, was_slow=False):
        error = self.assert_raises(
            ports.Refused, self.verify, client_id, secret
        )
        self.assertEqual(f'client {client_id}: wrong secret', str(error))
        self.assertIs(was_slow, error.was_slow)

    def assert_cost(self, checks, stored):
        """Assert the number of slow checks, and of stored digests."""
        self.assertEqual(
            (checks, stored), (self.hasher.checks, self.clients.stored)
        )
