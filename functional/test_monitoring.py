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

"""The files in contrib/monitoring, read by the programs they are for."""

import json
import pathlib
import shutil
import subprocess

import fixtures
import yaml

from functional import programs
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import requirement

FOLDER = pathlib.Path(__file__).parents[1] / 'contrib/monitoring'
PROMTOOL = 'promtool'
TIMEOUT = 120


class PromtoolTest(base.TestCase):
    def setUp(self):
        super().setUp()
        if not programs.is_installed(PROMTOOL):
            requirement.missing(self, f'Not installed: {PROMTOOL}.')

    def promtool(self, *arguments):
        """Run the program, and assert that it reports no fault."""
        process = subprocess.run(
            [shutil.which(PROMTOOL, path=programs.PATH), *arguments],
            cwd=FOLDER,
            capture_output=True,
            encoding='utf-8',
            timeout=TIMEOUT,
            check=False,
        )
        output = process.stdout + process.stderr
        self.assertEqual(0, process.returncode, output)
        self.assertIn('SUCCESS', output)

    def test_alerts_fire_as_their_examples_say(self):
        self.promtool('test', 'rules', 'alerts_test.yml')

    def test_expressions_of_panels_are_valid(self):
        dashboard = json.loads((FOLDER / 'dashboard.json').read_text())
        rules = [
            {
                'record': f'panel_{panel["id"]}_{target["refId"]}',
                'expr': target['expr'].replace('$__rate_interval', '1m'),
            }
            for panel in dashboard['panels']
            for target in panel.get('targets', ())
        ]
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'rules'
        groups = {'groups': [{'name': 'panels', 'rules': rules}]}
        path.write_text(yaml.safe_dump(groups))
        self.promtool('check', 'rules', str(path))
