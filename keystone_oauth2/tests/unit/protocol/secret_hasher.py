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

"""A slow check of secrets that is fast, and counts."""

#: How many bytes of a secret the slow check hashes.
HASHED_LENGTH = 72


class SecretHasher:
    """A :class:`.ports.SecretHasher`.

    :ivar checks: how often the slow check ran.
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
