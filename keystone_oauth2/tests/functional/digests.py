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

"""Tests that read digests of secrets and change database rows directly."""

import bcrypt
import sqlalchemy as sa
from sqlalchemy import pool

from keystone_oauth2.db import credentials
from keystone_oauth2.identity import application_credentials
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base

DIGESTS = 'oauth2_secret_digest'
OTHER_SECRET = 'of a hash that somebody put there'
REFUSED = matchers.IsOAuthError(401, 'invalid_client')
ISSUED = matchers.IsAccessToken()
_OTHER_HASH = bcrypt.hashpw(OTHER_SECRET.encode(), bcrypt.gensalt(4)).decode()

# State of the process that an earlier Keystone may have set.
_ONCE = (
    application_credentials._dummy_hash,
    application_credentials.hashed_length,
    credentials._warn,
)


def forget_what_was_done_once():
    """Reset warnings and what is known of Keystone's hash."""
    for function in _ONCE:
        function.cache_clear()


class DigestTestCase(base.KeystoneTestCase):
    """Helpers that tell a digest's verdict from that of Keystone's hash."""

    @classmethod
    def setUpClass(cls):
        forget_what_was_done_once()
        cls.addClassCleanup(forget_what_was_done_once)
        super().setUpClass()

    @classmethod
    def create(cls):
        super().create()
        cls.connect()

    @classmethod
    def connect(cls):
        """Open a database connection beside Keystone's."""
        url = cls.keystone.deployment.options['database']['connection']
        cls.engine = sa.create_engine(url, poolclass=pool.NullPool)

    def execute(self, statement, **parameters):
        """Execute a statement in the database, unknown to Keystone.

        :returns: the rows, if there are any.
        """
        if isinstance(statement, str):
            statement = sa.text(statement)
        with self.engine.begin() as connection:
            result = connection.execute(statement, parameters)
            return result.all() if result.returns_rows else None

    def new_client(self, **attributes):
        """Return a new client of a new user."""
        user = self.identity.create_user(self.project, ['member'])
        client = self.identity.create_application_credential(
            user, **attributes
        )
        return user, client

    def new_client_without_digest(self, **attributes):
        """Return a new client as it was before the extension."""
        _, client = self.new_client(**attributes)
        self.remove_digest(client)
        return client

    def digests(self, client):
        """Return the key id and digest of each row of a client."""
        return self.execute(
            f'SELECT key_id, digest FROM {DIGESTS} WHERE client_id = :id',
            id=client.id,
        )

    def remove_digest(self, client):
        """Remove the digest, as if the client had never been used."""
        self.execute(
            f'DELETE FROM {DIGESTS} WHERE client_id = :id', id=client.id
        )

    def replace_hash(self, client):
        """Replace the client's secret by ``OTHER_SECRET`` in Keystone."""
        self.execute(
            'UPDATE application_credential SET secret_hash = :hash'
            ' WHERE id = :id',
            id=client.id,
            hash=_OTHER_HASH,
        )

    def delete_credential(self, client):
        """Delete a client and all its rows, as another worker would."""
        with self.engine.begin() as connection:
            if self.engine.name == 'sqlite':
                connection.exec_driver_sql('PRAGMA foreign_keys = ON')
            connection.execute(
                sa.text('DELETE FROM application_credential WHERE id = :id'),
                {'id': client.id},
            )

    def switch(self, table, key, enabled):
        """Enable or disable a row of Keystone, as another worker would."""
        columns = sa.table(
            table, sa.column('id'), sa.column('enabled', sa.Boolean)
        )
        self.execute(
            sa.update(columns)
            .where(columns.c.id == key)
            .values(enabled=enabled)
        )

    def assert_digest_decides(self, client):
        """Assert it with a hash that would decide otherwise."""
        self.replace_hash(client)
        self.assertEqual(200, self.post_as(client).status)
        answer = self.post_as((client.id, OTHER_SECRET))
        self.assertThat(answer, REFUSED)

    def assert_hash_decides(self, client):
        """Assert that Keystone's hash decides."""
        self.replace_hash(client)
        self.assertThat(self.post_as(client), REFUSED)
        answer = self.post_as((client.id, OTHER_SECRET))
        self.assertEqual(200, answer.status)
