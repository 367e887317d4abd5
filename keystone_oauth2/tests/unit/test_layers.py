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

"""The protocol layer needs neither Keystone nor a web framework."""

import pathlib
import re
import subprocess
import sys
import unittest

from keystone_oauth2 import protocol
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit import protocol as protocol_tests

PROLOGUE = """
import importlib.abc
import sys

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition('.')[0]
        if top in BLOCKED or top.startswith(BLOCKED_PREFIX):
            raise ImportError(f'{name} must not be needed')

BLOCKED = set(sys.argv[1].split(','))
BLOCKED_PREFIX = sys.argv[2]
sys.meta_path.insert(0, Blocker())
"""
IMPORT_ALL = """
import importlib
import pkgutil

import keystone_oauth2.protocol as package

names = [
    module.name
    for module in pkgutil.walk_packages(
        package.__path__, package.__name__ + '.'
    )
]
for name in names:
    importlib.import_module(name)
print(len(names), 'modules')
"""
#: With few examples, since these tests also run by themselves.
RUN_TESTS = """
import unittest

import hypothesis

from keystone_oauth2.tests.unit import protocol

hypothesis.settings.register_profile('imports', max_examples=3, deadline=None)
hypothesis.settings.load_profile('imports')
suite = unittest.defaultTestLoader.discover(
    protocol.__path__[0], top_level_dir=sys.argv[3]
)
result = unittest.TextTestRunner(sys.stdout).run(suite)
sys.exit(not result.wasSuccessful())
"""
FRAMEWORKS = 'keystone,flask,flask_restful'
FURTHER = 'keystonemiddleware,sqlalchemy,alembic,stevedore,webob,werkzeug'


def run(script, *arguments):
    """Run a script that cannot import some packages."""
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', PROLOGUE + script, *arguments],
        capture_output=True,
        encoding='utf-8',
        timeout=300,
        check=False,
    )


class ProtocolLayerTest(base.TestCase):
    def test_it_imports_only_the_standard_library_and_cryptography(self):
        process = run(IMPORT_ALL, f'{FRAMEWORKS},{FURTHER}', 'oslo_')
        self.assertEqual(0, process.returncode, process.stderr)
        modules = pathlib.Path(protocol.__path__[0]).rglob('*.py')
        # The package itself is not among the modules of the walk.
        self.assertEqual(
            len(list(modules)) - 1, int(process.stdout.split()[0])
        )

    def test_its_tests_pass_without_keystone(self):
        process = run(RUN_TESTS, FRAMEWORKS, 'blocked_nothing_else', '.')
        self.assertEqual(0, process.returncode, process.stdout)
        found = re.search(
            '^Ran ([0-9]+) tests? in .*\n\nOK$', process.stdout, re.M
        )
        self.assertIsNotNone(found, process.stdout)
        self.assertEqual(self.count_tests(), int(found[1]))

    def count_tests(self):
        """Return the number of tests of the protocol layer."""
        folder = protocol_tests.__path__[0]
        suite = unittest.TestLoader().discover(folder, top_level_dir='.')
        self.assertGreater(suite.countTestCases(), 300)
        return suite.countTestCases()

    def test_blocked_import_is_noticed(self):
        """The two tests above can fail."""
        process = run('import flask', FRAMEWORKS, 'oslo_')
        self.assertIn('flask must not be needed', process.stderr)
        process = run('import oslo_config', FRAMEWORKS, 'oslo_')
        self.assertIn('oslo_config must not be needed', process.stderr)
