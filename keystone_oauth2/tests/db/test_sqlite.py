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

"""Tests with SQLite, the default database of Keystone."""

import uuid

import sqlalchemy as sa

from keystone_oauth2.db import clients as client_store
from keystone_oauth2.db import migration
from keystone_oauth2.db import registrations as registrations_db
from keystone_oauth2.tests.db import base
from keystone_oauth2.tests.db import lookups
from keystone_oauth2.tests.db import migrations
from keystone_oauth2.tests.db import races
from keystone_oauth2.tests.db import registrations
from keystone_oauth2.tests.db import revocations
from keystone_oauth2.tests.db import rows
from keystone_oauth2.tests.db import trusted_issuers
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import digests


class SQLiteTest(
    migrations.MigrationTests,
    rows.CredentialTests,
    rows.CertificateTests,
    registrations.RegistrationTests,
    registrations.AssertionTests,
    revocations.RevocationTests,
    races.RaceTests,
    trusted_issuers.TrustedIssuerTests,
    lookups.LookupTests,
    base.DatabaseTestCase,
):
    # SQLite enforces foreign keys only on request.
    left_behind = 1

    def delete_client(self, client):
        """Delete a client through Keystone.

        It fails while other requests write.
        """
        while True:
            try:
                return super().delete_client(client)
            except sa.exc.OperationalError:
                continue

    def test_purge_removes_leftover_digests(self):
        user, client = self.new_client()
        self.identity.delete_application_credential(user, client.id)
        self.assertEqual(1, len(self.digests(client)))
        self.assertLessEqual(1, client_store.purge())
        self.assertEqual([], self.digests(client))

    def test_client_with_a_reused_internal_id_gets_a_token(self):
        """The digest of the deleted client is still in its table."""
        user, client = self.new_client()
        old = self.internal_id(client)
        self.identity.delete_application_credential(user, client.id)
        self.post_as((uuid.uuid4().hex, 'x'))
        client = self.identity.create_application_credential(user)
        self.assertEqual(old, self.internal_id(client))
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.remove_digest(client)
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual(1, len(self.digests(client)))

    def test_client_with_a_reused_internal_id_inherits_nothing(self):
        """Neither secrets and keys, nor the retirement of the secret."""
        ways = self.register_all()
        self.choose_methods('private_key_jwt', 'tls_client_auth')
        self.retire_secret()
        old = self.own
        number = self.internal_id(old)
        self.identity.delete_application_credential(self.user, old.id)
        self.own = self.identity.create_application_credential(self.user)
        self.assertEqual(number, self.internal_id(self.own))
        self.assertEqual(3, self.count(base.AUTHENTICATORS, old))
        self.assertThat(self.post_as(self.own), digests.ISSUED)
        answer = self.token_of_keystone(**self.own._asdict())
        self.assertEqual(201, answer.status)
        client = self.show()['client']
        self.assertEqual(
            ([self.own.id], [], []),
            (
                [one['id'] for one in client['secrets']],
                client['keys'],
                client['certificates'],
            ),
        )
        self.assertEqual(clients.METHODS, client['authentication_methods'])
        self.assert_not_authenticated(ways)
        self.register_secret()
        self.assertThat(self.post_as(self.own), digests.ISSUED)
        self.assert_not_authenticated(ways)
        for table in (base.AUTHENTICATORS, base.CLIENTS):
            self.assertEqual(0, self.count(table, old))

    def test_purge_removes_leftover_rows_under_a_reused_id(self):
        self.register_all()
        old = self.internal_id(self.own)
        self.identity.delete_application_credential(self.user, self.own.id)
        new = self.identity.create_application_credential(self.user)
        self.assertEqual(old, self.internal_id(new))
        self.assertLessEqual(3, registrations_db.purge())
        self.assertEqual(0, self.count(base.AUTHENTICATORS, self.own))
        self.assertEqual(0, self.count(base.CLIENTS, self.own))

    def test_keystone_can_be_upgraded_afterwards(self):
        """Keystone's command finds a table and an index of the extension."""
        self.keystone.deployment.manage('db_sync')
        self.assertEqual(
            migration.newest_version(), migration.current_version()
        )
        self.assertIn(base.INDEX, self.indexes('application_credential'))
