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

"""``[database] slave_connection``, which serves no request."""

from functional import base
from keystone_oauth2.tests.support import servers


class ReplicaTest(base.StackTestCase):
    """The replica is empty, so that any query of it would fail."""

    database = 'mysql'
    processes = 1

    @classmethod
    def _options(cls):
        options = super()._options()
        replica = cls.use(servers.Database(cls.database))
        options['database']['slave_connection'] = replica.url
        return options

    def test_replica_is_not_used(self):
        """Neither by look-ups nor by Keystone's own sessions."""
        self.assert_whole_life(client=self.client)
        self.assert_whole_life(files=self.files)
