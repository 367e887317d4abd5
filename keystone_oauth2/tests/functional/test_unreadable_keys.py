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

"""Key files that Keystone's account cannot read."""

import base64
import os
import pathlib

import fixtures

from keystone_oauth2.identity import key_repository
from keystone_oauth2.tests import base

#: As many as Keystone expects; otherwise it reads its configuration.
NAMES = ('0', '1', '2')
NOBODY = 65534


class UnreadableKeysTest(base.TestCase):
    def setUp(self):
        super().setUp()
        # Not in the folder of the test, which only its owner can read.
        folder = self.useFixture(fixtures.TempDir(rootdir='/tmp')).path
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        for name in NAMES:
            key = base64.urlsafe_b64encode(os.urandom(32))
            (self.folder / name).write_bytes(key)
        self.log = self.useFixture(fixtures.FakeLogger())
        self.repository = key_repository.KeyRepository(f'{self.folder}')

    def load(self):
        """Load the keys as an account that does not own them."""
        if os.geteuid() != 0:
            return self.repository.load()
        os.seteuid(NOBODY)
        try:
            return self.repository.load()
        finally:
            os.seteuid(0)

    def make(self, mode):
        for name in NAMES:
            (self.folder / name).chmod(mode)

    def test_no_keys_are_loaded_with_one_warning(self):
        self.make(0)
        for _ in range(3):
            self.assertEqual((), self.load())
        self.assertEqual(1, self.log.output.count('cannot use the keys'))
        self.assertIn(f'{self.folder}', self.log.output)
        self.assertIn('keystone-manage credential_setup', self.log.output)

    def test_keys_are_used_once_they_are_readable(self):
        """Within a second, while the folder counts as just changed."""
        self.make(0)
        self.assertEqual((), self.load())
        self.make(0o644)
        keys = self.load()
        self.assertEqual(3, len(keys))
        self.assertEqual({32}, {len(key) for key in keys})
