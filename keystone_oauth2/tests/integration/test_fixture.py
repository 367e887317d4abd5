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

"""The fixture as other projects use it, by its documentation."""

import importlib.util
import pathlib
import unittest

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base

PAGE = pathlib.Path('doc/source/user/testing.rst')
SAMPLE = pathlib.Path('doc/source/user/samples/test_service.py')


class FixtureTest(base.TestCase):
    def test_public_names_are_documented(self):
        page = PAGE.read_text()
        for name in fixture.__all__:
            with self.variant(name):
                self.assertRegex(page, rf'``{name}\b')
                self.assertEqual(name, getattr(fixture, name).__name__)

    def test_public_modules(self):
        folder = pathlib.Path(fixture.__file__).parent
        self.assertEqual(
            {'certificates', 'keystone', 'server', 'service'},
            {
                path.stem
                for path in folder.glob('*.py')
                if not path.stem.startswith('_')
            },
        )

    def test_sample_passes(self):
        specification = importlib.util.spec_from_file_location(
            'sample', SAMPLE
        )
        sample = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(sample)
        suite = unittest.defaultTestLoader.loadTestsFromModule(sample)
        result = unittest.TestResult()
        suite.run(result)
        self.assertEqual(1, result.testsRun)
        self.assertEqual([], result.errors + result.failures)
