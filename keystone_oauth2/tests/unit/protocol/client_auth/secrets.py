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

"""A client that authenticates with a secret."""

from keystone_oauth2.protocol.client_auth import client_secret_basic
from keystone_oauth2.protocol.client_auth import client_secret_post
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol import secret_hasher


class Guard(protocol_base.NoLimit):
    """A guard that allows every attempt.

    :ivar failures: whether each failure was slow.
    """

    def __init__(self):
        self.failures = []

    def failed(self, client_id, source, *, was_slow):
        self.failures.append(was_slow)


class ClientSecretTestCase(base.TestCase):
    """One client, with digests.

    :ivar keys: keys of digests; without them, there are no digests.
    """

    def setUp(self):
        super().setUp()
        self.keys = [bytes(32)]
        self.clients = protocol_base.ClientStore()
        self.hasher = secret_hasher.SecretHasher()
        self.guard = Guard()
        self.clients.add()
        self.hasher.add('client', 'a+b')
        secrets = secret_digest.SecretVerifier(
            client_store=self.clients,
            hasher=self.hasher,
            digest_keys=lambda: self.keys,
        )
        self.basic = client_secret_basic.ClientSecretBasic(secrets=secrets)
        self.post = client_secret_post.ClientSecretPost(secrets=secrets)

    def authenticate(self, authorization=None, **form):
        """Return the client of a whole request."""
        return protocol_base.authentication(
            [self.basic, self.post],
            client_store=self.clients,
            guard=self.guard,
        ).authenticate(
            protocol_base.request(authorization=authorization),
            protocol_base.form(**form),
        )
