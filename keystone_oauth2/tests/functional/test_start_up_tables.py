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

import os
import sqlite3
import subprocess
import sys

import fixtures

from keystone_oauth2.db import migration
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.fixture import _manage
from keystone_oauth2.tests import base

REMEDY = ': run keystone-oauth2-manage db_sync.'
LOAD = 'import keystone.wsgi.api\n'
# Sends a request for each line of its input.
SERVE = """
import sys
from werkzeug import test
from keystone.wsgi import api
print('started', flush=True)
for path in sys.stdin:
    answer = test.Client(api.application).post(path.strip())
    print(answer.status_code, answer.headers.get('Retry-After'), flush=True)
"""
TOKEN = '/v3/OS-OAUTH2/token'
SECRETS = '/v3/OS-OAUTH2/clients/x/secrets'


class TablesTestCase(base.TestCase):
    def deploy(self, **arguments):
        """Return a deployment that is not started."""
        deployment = _deployment.Deployment(
            self.useFixture(fixtures.TempDir()).path,
            {'DEFAULT': {'log_file': None, 'use_stderr': True}},
            **arguments,
        )
        deployment.create()
        return deployment

    def start(self, deployment, script, **arguments):
        """Start Keystone, which logs to standard error."""
        return subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-c', script],
            env={
                **os.environ,
                'OS_KEYSTONE_CONFIG_FILES': f'{deployment.config_file}',
            },
            stdout=subprocess.PIPE,
            encoding='utf-8',
            **arguments,
        )

    def set_version(self, deployment, version):
        """Pretend that another release has created the tables."""
        path = deployment.folder / 'keystone.db'
        with sqlite3.connect(path) as database:
            database.execute(
                f'UPDATE {migration.VERSION_TABLE} SET version_num = ?',
                [version],
            )


class StartUpTest(TablesTestCase):
    """A node on which an operator has not run db_sync does not start."""

    def load(self, deployment):
        """Return the exit status and the log."""
        process = self.start(deployment, LOAD, stderr=subprocess.PIPE)
        _, log = process.communicate(timeout=120)
        return process.returncode, log

    def assert_refused(self, reason, deployment):
        """Assert that Keystone does not start, and names the remedy."""
        status, log = self.load(deployment)
        self.assertEqual(1, status, log)
        self.assertIn(f'The tables of keystone-oauth2 {reason}{REMEDY}', log)
        self.assertNotIn('Traceback', log)

    def test_missing_tables(self):
        deployment = self.deploy(tables=False)
        self.assert_refused('are missing', deployment)
        deployment.manage('db_sync', program=_manage.EXTENSION)
        status, log = self.load(deployment)
        self.assertEqual(0, status, log)

    def test_tables_of_an_older_release(self):
        deployment = self.deploy()
        self.set_version(deployment, '0001')
        self.assert_refused(
            f'have version 0001 instead of {migration.newest_version()}',
            deployment,
        )

    def test_tables_of_a_newer_release_are_used(self):
        """During a rolling upgrade, old nodes are still restarted."""
        deployment = self.deploy()
        self.set_version(deployment, '9999')
        status, log = self.load(deployment)
        self.assertEqual(0, status, log)


class OutageTest(TablesTestCase):
    """The database cannot be reached when Keystone starts."""

    def setUp(self):
        super().setUp()
        self.deployment = self.deploy()
        self.database = self.deployment.folder / 'keystone.db'
        self.kept = self.database.with_name('kept.db')
        self.database.rename(self.kept)
        # SQLite would create a missing file.
        self.database.mkdir()
        self.log_file = self.deployment.folder / 'keystone.log'
        with self.log_file.open('w') as log:
            self.process = self.start(
                self.deployment, SERVE, stdin=subprocess.PIPE, stderr=log
            )
        self.addCleanup(self.stop)
        self.assertEqual('started\n', self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)

    def post(self, path):
        """Return status and ``Retry-After``."""
        print(path, file=self.process.stdin, flush=True)
        status, seconds = self.process.stdout.readline().split()
        return int(status), seconds

    def end_outage(self):
        self.database.rmdir()
        self.kept.rename(self.database)

    def test_tables_are_used_once_the_database_is_back(self):
        """Until then, requests get the error of an outage."""
        log = self.log_file.read_text()
        self.assertIn('are checked at the first request', log)
        for path in (TOKEN, SECRETS):
            self.assertEqual((503, '5'), self.post(path))
        self.end_outage()
        self.assertEqual((400, 'None'), self.post(TOKEN))
        self.assertEqual((401, 'None'), self.post(SECRETS))
        self.assertNotIn('Traceback', self.log_file.read_text())

    def test_outdated_tables_are_found_then(self):
        self.end_outage()
        self.set_version(self.deployment, '0001')
        for path in (TOKEN, SECRETS):
            self.assertEqual((503, '5'), self.post(path))
        log = self.log_file.read_text()
        errors = [x for x in log.splitlines() if ' ERROR keystone_' in x]
        self.assertEqual(2, len(errors), log)
        self.assertIn(REMEDY, errors[0])
        self.set_version(self.deployment, migration.newest_version())
        self.assertEqual((400, 'None'), self.post(TOKEN))
