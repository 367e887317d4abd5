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

"""SQLite, which is what Keystone's documentation starts with."""

import uuid

from keystone_oauth2.db import credentials
from keystone_oauth2.db import migration
from keystone_oauth2.tests.db import base
from keystone_oauth2.tests.db import migrations
from keystone_oauth2.tests.db import rows
from keystone_oauth2.tests.functional import digests


class SQLiteTest(
    migrations.MigrationTests,
    rows.CredentialTests,
    rows.CertificateTests,
    base.DatabaseTestCase,
):
    # It has foreign keys, but does nothing about them unless it is asked to.
    left_behind = 1

    def test_purge_takes_what_the_database_left_behind(self):
        user, client = self.new_client()
        self.identity.delete_application_credential(user, client.id)
        self.assertEqual(1, len(self.digests(client)))
        self.assertLessEqual(1, credentials.purge())
        self.assertEqual([], self.digests(client))

    def test_new_client_in_the_place_of_a_deleted_one_is_let_in(self):
        """It has the same internal id, and the digest that was left over."""
        user, client = self.new_client()
        old = self.find(client.id).internal_id
        self.identity.delete_application_credential(user, client.id)
        self.post_as((uuid.uuid4().hex, 'x'))
        client = self.identity.create_application_credential(user)
        self.assertEqual(old, self.find(client.id).internal_id)
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.remove_digest(client)
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual(1, len(self.digests(client)))

    def test_keystone_can_be_upgraded_afterwards(self):
        """Its own command finds a table and an index that are not its own."""
        self.keystone.deployment.manage('db_sync')
        self.assertEqual(
            migration.newest_version(), migration.current_version()
        )
        self.assertIn(base.INDEX, self.indexes('application_credential'))
