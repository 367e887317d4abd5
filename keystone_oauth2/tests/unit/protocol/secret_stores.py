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

"""An in-memory store of application credentials, and a slow check."""

import dataclasses

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import registration

#: How many bytes of a secret the slow check hashes.
HASHED_LENGTH = 72


class Credentials:
    """A :class:`.ports.Credentials`.

    :ivar has_digests: whether digests can be stored.
    :ivar stored: how often a digest was stored.
    """

    def __init__(self):
        self.has_digests = True
        self.stored = 0
        self._rows = {}
        self._registered = {}

    def add(self, client_id, refusal=None):
        """Add an application credential."""
        self._rows[client_id] = ports.StoredCredential(
            internal_id=len(self._rows),
            id=client_id,
            user_id='user',
            project_id='project',
            refusal=refusal,
        )

    def change(self, client_id, **attributes):
        """Change the row of a credential."""
        self._rows[client_id] = dataclasses.replace(
            self._rows[client_id], **attributes
        )

    def register(self, client_id, secret, registered_digest=None, end=None):
        """Register a secret.

        :param end: when it expires; None for never.
        :param registered_digest: stored instead of its own digest.
        :returns: the value that is recorded when it is used.
        """
        own = registration.secret_fingerprint(client_id, secret)
        use = ports.LastUse(
            self._rows[client_id].internal_id,
            f'secret {len(self._registered)} of {client_id}',
            None,
        )
        self._registered[client_id, own] = {
            'registered_digest': registered_digest or own,
            'registered_use': use,
            'registered_end': end,
        }
        return use

    def unregister(self, client_id, secret):
        """Remove a registered secret, or let it expire."""
        own = registration.secret_fingerprint(client_id, secret)
        del self._registered[client_id, own]

    def digest(self, client_id):
        """Return the key id and the digest."""
        row = self._rows[client_id]
        return row.digest_key_id, row.digest

    def find(self, client_id, registered_digest):
        row = self._rows.get(client_id)
        registered = self._registered.get((client_id, registered_digest))
        if row is not None and registered is not None:
            row = dataclasses.replace(row, **registered)
        return row, self.has_digests

    def store_digest(self, credential, key_id, digest):
        self.stored += 1
        self.change(credential.id, digest_key_id=key_id, digest=digest)


class Secrets:
    """A :class:`.ports.Secrets`.

    :ivar checks: how often the slow check ran, by client.
    :ivar dummies: how often the dummy check ran.
    :ivar length: how many bytes the slow check hashes.
    """

    def __init__(self):
        self.checks = 0
        self.dummies = 0
        self.length = HASHED_LENGTH
        self._secrets = {}

    def add(self, client_id, secret):
        """Set the secret of a client."""
        self._secrets[client_id] = self.hashed_part(secret)

    def check(self, client_id, client_secret):
        self.checks += 1
        return self._secrets[client_id] == self.hashed_part(client_secret)

    def check_dummy(self, client_secret):
        self.dummies += 1

    def hashed_part(self, client_secret):
        return client_secret.encode()[: self.length]

    def hashed_length(self):
        return self.length
