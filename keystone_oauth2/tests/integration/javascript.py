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

"""Tests that run JavaScript with packages of npm."""

import pathlib
import shutil
import subprocess

import fixtures

from keystone_oauth2 import tests
from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.support import requirement

CLIENTS = pathlib.Path(tests.__path__[0], 'clients')
INSTALL = ('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
TIMEOUT = 120


class JavaScriptTestCase(authorization_server.AuthorizationServerTestCase):
    """One folder with the programs and packages for each class."""

    @classmethod
    def setUpClass(cls):
        cls.not_installed = cls.install()
        if cls.not_installed is None:
            super().setUpClass()

    @classmethod
    def install(cls):
        """Install the clients into a folder, and return any problem."""
        if shutil.which('node') is None or shutil.which('npm') is None:
            return 'Not installed: node and npm.'
        folder = fixtures.TempDir()
        folder.setUp()
        cls.addClassCleanup(folder.cleanUp)
        cls.folder = pathlib.Path(folder.path, 'clients')
        shutil.copytree(
            CLIENTS, cls.folder, ignore=shutil.ignore_patterns('node_modules')
        )
        process = cls.start(*INSTALL)
        if process.returncode:
            return f'npm ci failed: {process.stderr}'
        return None

    @classmethod
    def start(cls, *command, **arguments):
        """Run a command in the folder of the clients, and wait for it."""
        return subprocess.run(
            command,
            cwd=cls.folder,
            capture_output=True,
            encoding='utf-8',
            timeout=TIMEOUT,
            check=False,
            **arguments,
        )

    def setUp(self):
        if self.not_installed is not None:
            requirement.missing(self, self.not_installed)
        super().setUp()
