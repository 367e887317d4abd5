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

"""Tests of commands, each run in its own process."""

import functools

import fixtures
import sqlalchemy as sa
from sqlalchemy import pool

from keystone_oauth2.fixture import _deployment
from keystone_oauth2.tests import base
from keystone_oauth2.tests.functional.cmd import forked

MODULES = {
    'keystone-oauth2-manage': 'keystone_oauth2.cmd.manage',
    'keystone-oauth2-status': 'keystone_oauth2.cmd.status',
}
TIMEOUT = 120


@functools.cache
def _runner():
    return forked.Runner(MODULES.values())


class CommandTestCase(base.TestCase):
    def deploy(self, options=None, **arguments):
        """Return a deployment of Keystone that is not started."""
        folder = self.useFixture(fixtures.TempDir()).path
        deployment = _deployment.Deployment(
            folder,
            {'database': {'sqlite_synchronous': False}, **(options or {})},
            **arguments,
        )
        deployment.create()
        return deployment

    def run_command(self, name, deployment, *arguments):
        """Run a command on a deployment, and return the finished process."""
        return _runner().run(
            name,
            MODULES[name],
            deployment.folder,
            ['--config-file', f'{deployment.config_file}', *arguments],
            TIMEOUT,
        )

    def execute(self, deployment, *statements):
        """Execute statements, and return the rows of the last one."""
        engine = sa.create_engine(
            deployment.options['database']['connection'],
            poolclass=pool.NullPool,
        )
        with engine.begin() as connection:
            for statement in statements:
                result = connection.execute(sa.text(statement))
            return result.all() if result.returns_rows else None
