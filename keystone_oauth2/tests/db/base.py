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

"""Tests with Keystone on each of the databases that it supports.

Keystone takes seconds to create its tables, so each database has only one
class, which inherits its tests from the other modules of this package.
"""

import contextlib

import sqlalchemy as sa

from keystone_oauth2.db import migration
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import requirement
from keystone_oauth2.tests.support import servers

DIGESTS = digests.DIGESTS
CERTIFICATES = 'oauth2_certificate_thumbprint'
CLIENTS = 'oauth2_client'
AUTHENTICATORS = 'oauth2_client_authenticator'
ASSERTIONS = 'oauth2_client_assertion'
EVENTS = 'oauth2_revocation_event'
ISSUERS = 'oauth2_trusted_issuer'
TABLES = (
    DIGESTS,
    CERTIFICATES,
    CLIENTS,
    AUTHENTICATORS,
    ASSERTIONS,
    EVENTS,
    ISSUERS,
    migration.VERSION_TABLE,
)
#: Limit of secrets, keys or certificates of a client in these tests.
LIMIT = 3
INDEX = 'ix_keystone_oauth2_application_credential_id'


class DatabaseTestCase(clients.Clients, digests.DigestTestCase):
    """A Keystone on one database, with the tables of the extension."""

    options = {
        **clients.OPTIONS,
        'oauth2_clients': {'authenticator_limit': LIMIT},
    }
    #: Kind of server; None for SQLite.
    kind = None
    unavailable = None

    @classmethod
    def setUpClass(cls):
        if cls.kind is not None:
            database = servers.Database(cls.kind)
            try:
                database.setUp()
            except servers.Unavailable as error:
                cls.unavailable = str(error)
                return
            cls.addClassCleanup(database.cleanUp)
            cls.options = {
                **cls.options,
                'database': {'connection': database.url},
            }
        super().setUpClass()

    @classmethod
    def create(cls):
        super().create()
        cls.owner_token = cls.identity.token_for(cls.user)

    def setUp(self):
        if self.unavailable:
            requirement.missing(self, self.unavailable)
        super().setUp()

    @contextlib.contextmanager
    def without_tables(self):
        """Drop the tables of the extension, and create them again, empty."""
        self.drop_tables()
        try:
            yield
        finally:
            migration.sync()

    def drop_tables(self):
        """Drop the tables and the index without using the migrations."""
        with self.engine.begin() as connection:
            inspector = sa.inspect(connection)
            for name in TABLES:
                if inspector.has_table(name):
                    connection.execute(sa.schema.DropTable(sa.table(name)))
            for index in inspector.get_indexes('application_credential'):
                if index['name'] == INDEX:
                    self._drop_index(connection)

    def _drop_index(self, connection):
        table = sa.Table(
            'application_credential', sa.MetaData(), sa.Column('id')
        )
        sa.Index(INDEX, table.c.id).drop(connection)
