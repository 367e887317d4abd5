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

"""keystone-oauth2-manage, in its own process."""

import base64
import datetime

from keystone_oauth2.db import migration
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests.functional.cmd import base

CERTIFICATES = 'oauth2_certificate_thumbprint'
DIGESTS = 'oauth2_secret_digest'
CLIENTS = 'oauth2_client'
AUTHENTICATORS = 'oauth2_client_authenticator'
ASSERTIONS = 'oauth2_client_assertion'
EVENTS = 'oauth2_revocation_event'
NEWEST = migration.newest_version()


class ManageTestCase(base.CommandTestCase):
    def manage(self, deployment, *arguments):
        return self.run_command(
            'keystone-oauth2-manage', deployment, *arguments
        )

    def assert_says(self, expected, deployment, process):
        """Assert that it fails with a sentence and without a traceback."""
        self.assertEqual(1, process.returncode)
        log = (deployment.folder / 'keystone.log').read_text()
        self.assertIn(expected, log + process.stdout + process.stderr)
        self.assertNotIn('Traceback', log + process.stderr)


class ManageTest(ManageTestCase):
    def assert_version(self, status, version, deployment):
        process = self.manage(deployment, 'db_version')
        self.assertEqual(
            (status, f'{version}\n'),
            (process.returncode, process.stdout),
            process.stderr,
        )

    def test_db_sync_creates_the_tables_and_db_version_reports_it(self):
        deployment = self.deploy(tables=False)
        self.assert_version(1, 'none', deployment)
        for _ in range(2):
            process = self.manage(deployment, 'db_sync')
            self.assertEqual(0, process.returncode, process.stderr)
            self.assertEqual('', process.stdout)
        self.assert_version(0, NEWEST, deployment)

    def test_version_of_an_older_release_is_distinguished(self):
        """An upgrade script can check the exit status."""
        deployment = self.deploy()
        self.execute(
            deployment,
            f"UPDATE {migration.VERSION_TABLE} SET version_num = '0001'",
        )
        self.assert_version(1, '0001', deployment)

    def test_version_of_a_newer_release_is_not_outdated(self):
        """During a rolling upgrade."""
        deployment = self.deploy()
        self.execute(
            deployment,
            f"UPDATE {migration.VERSION_TABLE} SET version_num = '9999'",
        )
        self.assert_version(0, '9999', deployment)

    def test_without_keystones_tables_it_says_what_to_do(self):
        """After that it succeeds."""
        deployment = self.deploy(tables=False)
        rename = 'ALTER TABLE {} RENAME TO {}'.format
        self.execute(deployment, rename('application_credential', 'away'))
        process = self.manage(deployment, 'db_sync')
        self.assert_says('keystone-manage db_sync', deployment, process)
        self.execute(deployment, rename('away', 'application_credential'))
        self.assertEqual(0, self.manage(deployment, 'db_sync').returncode)

    def test_wrong_command_lists_the_valid_ones(self):
        deployment = self.deploy()
        for arguments in ((), ('nonsense',)):
            with self.variant(arguments):
                process = self.manage(deployment, *arguments)
                self.assertEqual(2, process.returncode)
                for command in (
                    'db_sync',
                    'db_version',
                    'list_expiring',
                    'purge',
                ):
                    self.assertIn(command, process.stderr)

    def test_missing_configuration_file_is_an_error(self):
        deployment = self.deploy()
        deployment.config_file.unlink()
        process = self.manage(deployment, 'db_version')
        self.assertNotEqual(0, process.returncode)
        self.assertIn('keystone.conf', process.stderr)


class PurgeTest(ManageTestCase):
    """Tokens live for an hour."""

    def moment(self, hours):
        now = datetime.datetime.now(datetime.timezone.utc)
        moment = now + datetime.timedelta(hours=hours)
        return f"'{moment:%Y-%m-%d %H:%M:%S}'"

    def certificate(self, number, hours):
        return (
            f"INSERT INTO {CERTIFICATES} VALUES ('{number}', '{number}', "
            f'{self.moment(hours)})'
        )

    def client(self, number):
        return (
            f'INSERT INTO {CLIENTS} (credential_internal_id, client_id)'
            f" VALUES ({number}, 'client{number}')"
        )

    def authenticator(self, name, number, end):
        return (
            f'INSERT INTO {AUTHENTICATORS} (id, credential_internal_id,'
            ' client_id, kind, fingerprint, created_at, expires_at) VALUES'
            f" ('{name}', {number}, 'client{number}', 'secret', '{name}',"
            f' {self.moment(-3)}, {end})'
        )

    def assertion(self, name, hours):
        return (
            f"INSERT INTO {ASSERTIONS} VALUES ('{name}', {self.moment(hours)})"
        )

    def digest(self, number, key_id):
        return (
            f"INSERT INTO {DIGESTS} VALUES ({number}, 'client{number}', "
            f"'{key_id}', 'digest')"
        )

    def event(self, client_id, days):
        end = self.moment(days)
        return (
            f'INSERT INTO {EVENTS} (client_id, issued_before, revoked_at,'
            f" expires_at) VALUES ('{client_id}', {end}, {end}, {end})"
        )

    def credential(self, number):
        return (
            'INSERT INTO application_credential (internal_id, id, name,'
            ' secret_hash, user_id) VALUES'
            f" ({number}, 'client{number}', 'name{number}', 'x', 'user')"
        )

    def left(self, deployment, column, table):
        rows = self.execute(
            deployment, f'SELECT {column} FROM {table} ORDER BY {column}'
        )
        return [row[0] for row in rows]

    def test_purge_deletes_rows_that_nothing_can_refer_to(self):
        """A token may outlive the certificate that it is bound to."""
        deployment = self.deploy({'token': {'expiration': 3600}})
        key = deployment.folder / 'credential-keys' / '1'
        key_id = secret_digest.derive(
            base64.urlsafe_b64decode(key.read_bytes()), 72
        ).id
        self.execute(
            deployment,
            self.certificate('ended long ago', -2),
            self.certificate('ended just now', -0.5),
            self.certificate('lives', 1),
            self.credential(1),
            self.credential(2),
            self.digest(1, key_id),
            self.digest(2, 'rotated out'),
            self.digest(3, key_id),
            self.client(1),
            self.client(3),
            self.authenticator('of nobody', 3, 'NULL'),
            self.authenticator('ended', 1, self.moment(-0.1)),
            self.authenticator('ends', 1, self.moment(1)),
            self.authenticator('never ends', 1, 'NULL'),
            self.assertion('ended long ago', -1),
            # The clock of another node may be slow.
            self.assertion('ended just now', -0.01),
            self.assertion('lives', 1),
            self.event('ended', -0.1),
            self.event('lives', 1),
        )
        process = self.manage(deployment, 'purge')
        self.assertEqual(0, process.returncode, process.stderr)
        self.assertEqual(
            '1 certificates, 2 digests, 2 authenticators, 1 assertions, '
            '1 revocation events\n',
            process.stdout,
        )
        for column, table, expected in (
            ('thumbprint', CERTIFICATES, ['ended just now', 'lives']),
            ('client_id', DIGESTS, ['client1']),
            ('client_id', CLIENTS, ['client1']),
            ('id', AUTHENTICATORS, ['ends', 'never ends']),
            ('digest', ASSERTIONS, ['ended just now', 'lives']),
            ('client_id', EVENTS, ['lives']),
        ):
            with self.variant(table):
                self.assertEqual(
                    expected, self.left(deployment, column, table)
                )

    def test_purge_without_keys_leaves_digests_of_living_clients(self):
        """It may run on a host that cannot read the keys."""
        deployment = self.deploy(
            {'credential': {'key_repository': '/nonexistent'}}
        )
        self.execute(
            deployment, self.credential(1), self.digest(1, 'some key')
        )
        process = self.manage(deployment, 'purge')
        self.assertEqual(
            '0 certificates, 0 digests, 0 authenticators, 0 assertions, '
            '0 revocation events\n',
            process.stdout,
        )
        self.assertEqual(
            ['client1'], self.left(deployment, 'client_id', DIGESTS)
        )

    def test_purge_without_tables_says_what_to_do(self):
        deployment = self.deploy(tables=False)
        process = self.manage(deployment, 'purge')
        self.assert_says('keystone-oauth2-manage db_sync', deployment, process)

    def test_purge_with_tables_of_an_older_release_says_the_same(self):
        """Some of the tables that it purges are missing."""
        deployment = self.deploy()
        self.execute(
            deployment,
            f'DROP TABLE {ASSERTIONS}',
            f"UPDATE {migration.VERSION_TABLE} SET version_num = '0002'",
        )
        process = self.manage(deployment, 'purge')
        self.assert_says('keystone-oauth2-manage db_sync', deployment, process)
