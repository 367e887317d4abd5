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

"""The output of a starting process."""

import importlib.metadata
import os
import subprocess
import sys

import fixtures

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base

VERSION = importlib.metadata.version('keystone-oauth2')
NO_SEAM = """
from keystone.api import os_oauth2
from keystone.server.flask import application
application.__apis__ = tuple(
    api for api in application.__apis__ if api is not os_oauth2
)
"""


class ProcessTest(base.TestCase):
    """The output that an operator sees."""

    def start(self, before='', **options):
        """Load the unmodified WSGI module, which logs to standard error."""
        folder = self.useFixture(fixtures.TempDir()).path
        deployment = fixture.Deployment(
            folder,
            {
                'DEFAULT': {'log_file': None, 'use_stderr': True},
                'oauth2': options,
            },
        )
        deployment.create()
        return subprocess.run(
            [
                sys.executable,
                '-W',
                'ignore',
                '-c',
                f'{before}\nimport keystone.wsgi.api',
            ],
            env={
                **os.environ,
                'OS_KEYSTONE_CONFIG_FILES': f'{deployment.config_file}',
            },
            capture_output=True,
            encoding='utf-8',
            timeout=120,
            check=False,
        )

    def test_unmodified_module_serves_the_extension(self):
        process = self.start()
        self.assertEqual(0, process.returncode, process.stderr)
        self.assertIn(f'keystone-oauth2 {VERSION} serves', process.stderr)

    def test_wrong_option_ends_the_process_and_names_the_option(self):
        process = self.start(oauth2_authn_methods='nonsense')
        self.assertEqual(1, process.returncode)
        self.assertIn(
            '[oauth2] oauth2_authn_methods has unknown methods: nonsense',
            process.stderr,
        )
        self.assertNotIn('Traceback', process.stderr)

    def test_keystone_with_an_unexpected_structure_is_refused(self):
        process = self.start(NO_SEAM)
        self.assertEqual(1, process.returncode)
        self.assertIn('keystone-oauth2 does not support', process.stderr)
        self.assertNotIn('Traceback', process.stderr)
