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

"""Tests of the migrations that each database must pass."""

import pathlib
import subprocess
import sys

from alembic import autogenerate
from alembic import command
from alembic import config as alembic_config
from alembic import migration as alembic_migration
import sqlalchemy as sa

from keystone_oauth2.db import certificates
from keystone_oauth2.db import migration
from keystone_oauth2.db import models
from keystone_oauth2.tests.db import base

FOLDER = pathlib.Path(migration.__file__).parent / 'migrations'
# Waits for a line, so that several can start at the same time.
DB_SYNC = """
import sys
from keystone_oauth2.cmd import manage
print('ready', flush=True)
sys.stdin.readline()
sys.exit(manage.main(sys.argv[1:]))
"""


class MigrationTests:
    """Each test starts without the tables, and leaves them behind."""

    def start_without_tables(self):
        self.drop_tables()
        self.addCleanup(migration.sync)

    def our_tables(self):
        found = sa.inspect(self.engine).get_table_names()
        return {name for name in found if 'oauth2_' in name}

    def indexes(self, table):
        return {
            index['name']: index['column_names']
            for index in sa.inspect(self.engine).get_indexes(table)
        }

    def upgrade(self, version):
        """Upgrade the tables to the version of an older release."""
        config = alembic_config.Config()
        config.set_main_option('script_location', str(FOLDER))
        with self.engine.begin() as connection:
            config.attributes['connection'] = connection
            command.upgrade(config, version)

    def differences(self, metadata):
        """Return the changes that would make the database fit the models."""

        def is_ours(item, name, kind, reflected, compare_to):
            table = item if kind == 'table' else item.table
            return 'oauth2_' in table.name

        with self.engine.connect() as connection:
            context = alembic_migration.MigrationContext.configure(
                connection,
                opts={
                    'version_table': migration.VERSION_TABLE,
                    'include_object': is_ours,
                    'compare_type': True,
                    'compare_server_default': True,
                },
            )
            return autogenerate.compare_metadata(context, metadata)

    def test_empty_database_gets_the_newest_version(self):
        self.start_without_tables()
        self.assertIsNone(migration.current_version())
        migration.sync()
        self.assertEqual(
            migration.newest_version(), migration.current_version()
        )
        self.assertEqual(set(base.TABLES), self.our_tables())

    def test_missing_index_is_created(self):
        """Without it, each look-up would read all credentials."""
        self.start_without_tables()
        self.assertNotIn(base.INDEX, self.indexes('application_credential'))
        migration.sync()
        self.assertEqual(
            ['id'], self.indexes('application_credential')[base.INDEX]
        )

    def test_second_run_changes_nothing(self):
        self.start_without_tables()
        migration.sync()
        self.insert_certificate('x' * 44)
        migration.sync()
        self.assertEqual(
            'thumbprint', certificates.CertificateStore().find('x' * 44)
        )

    def test_rows_of_an_older_release_are_kept(self):
        self.start_without_tables()
        self.upgrade('0001')
        self.assertEqual('0001', migration.current_version())
        self.assertNotIn(base.DIGESTS, self.our_tables())
        self.insert_certificate('x' * 44)
        migration.sync()
        self.assertEqual(
            migration.newest_version(), migration.current_version()
        )
        self.assertEqual(
            'thumbprint', certificates.CertificateStore().find('x' * 44)
        )

    def test_digests_of_the_previous_release_are_kept(self):
        """No client costs the slow hash again."""
        _, client = self.new_client()
        stored = self.digests(client)
        self.start_without_tables()
        self.upgrade('0002')
        self.assertNotIn(base.CLIENTS, self.our_tables())
        self.execute(
            f'INSERT INTO {base.DIGESTS} SELECT internal_id, id, :key_id,'
            ' :digest FROM application_credential WHERE id = :id',
            id=client.id,
            key_id=stored[0][0],
            digest=stored[0][1],
        )
        migration.sync()
        self.assertEqual(stored, self.digests(client))
        self.assert_digest_decides(client)
        self.register_secret()

    def test_authenticators_of_the_previous_release_are_kept(self):
        """Although SQLite copies their table to widen a column."""
        self.start_without_tables()
        self.upgrade('0005')
        self.assertNotIn(base.ISSUERS, self.our_tables())
        self.register_secret()
        signer = self.register_key()
        before = self.show()
        migration.sync()
        self.assertEqual(before, self.show())
        jwk = {'key': {'jwk': signer.jwk}}
        answer = self.manage('POST', '/keys', jwk)
        self.assertEqual(409, answer.status, answer.text)

    def test_models_match_the_migrations(self):
        self.start_without_tables()
        migration.sync()
        self.assertEqual([], self.differences(models.Base.metadata))

    def test_difference_from_the_migrations_is_noticed(self):
        """The test above can fail."""
        self.start_without_tables()
        self.upgrade('0001')
        found = self.differences(models.Base.metadata)
        self.assertEqual(
            {
                base.DIGESTS,
                base.CLIENTS,
                base.AUTHENTICATORS,
                base.ASSERTIONS,
                base.EVENTS,
                base.ISSUERS,
            },
            {item[1].name for item in found if item[0] == 'add_table'},
        )
        other = sa.MetaData()
        sa.Table(
            base.CERTIFICATES,
            other,
            sa.Column('keystone_thumbprint', sa.String(9), primary_key=True),
            sa.Column('thumbprint', sa.String(43), nullable=True),
        )
        self.assertGreater(len(self.differences(other)), 1)

    def test_thumbprints_differ_by_case(self):
        """Base64 is case-sensitive, but some databases ignore case."""
        self.start_without_tables()
        migration.sync()
        self.insert_certificate('a' * 44)
        self.assertIsNone(certificates.CertificateStore().find('A' * 44))
        self.insert_certificate('A' * 44)

    def test_concurrent_migrations_succeed(self):
        self.start_without_tables()
        processes = [self.start_db_sync() for _ in range(2)]
        for process in processes:
            self.assertEqual('ready\n', process.stdout.readline())
        for process in processes:
            process.stdin.write('go\n')
            process.stdin.flush()
        for process in processes:
            output, _ = process.communicate(timeout=60)
            self.assertEqual(0, process.returncode, output)
        self.assertEqual(
            migration.newest_version(), migration.current_version()
        )
        self.assertEqual([], self.differences(models.Base.metadata))
        self.assertIn(base.INDEX, self.indexes('application_credential'))

    def start_db_sync(self):
        process = subprocess.Popen(
            [
                *(sys.executable, '-W', 'ignore', '-c', DB_SYNC),
                *('--config-file', self.keystone.config_file),
                *('--log-file', '', 'db_sync'),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding='utf-8',
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def insert_certificate(self, keystone_thumbprint):
        self.execute(
            f'INSERT INTO {base.CERTIFICATES} VALUES '
            "(:key, 'thumbprint', '2099-01-01 00:00:00')",
            key=keystone_thumbprint,
        )
