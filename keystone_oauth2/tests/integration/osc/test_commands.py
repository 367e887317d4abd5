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

"""All commands: what ``openstack`` knows of them."""

import importlib.metadata
import os
import pathlib
import re
import shlex

import fixtures

from keystone_oauth2.osc import plugin
from keystone_oauth2.tests import base
from keystone_oauth2.tests.integration.osc import base as osc_base

GROUP = f'openstack.{plugin.API_NAME}.v{plugin.DEFAULT_API_VERSION}'
COMMANDS = sorted(
    (point.name.replace('_', ' '), point)
    for point in importlib.metadata.entry_points(group=GROUP)
)
#: A line of a page, or of a sample of a session.
LINE = re.compile(r'^ +(?:\$ )?(openstack (?:--\S+ \S+ )?oauth2 .*)$', re.M)
#: What follows the arguments.
REST = re.compile(' [<>|].*')


class CommandsTest(base.TestCase):
    def test_each_command_has_help(self):
        for name, point in COMMANDS:
            with self.variant(name):
                done = osc_base.run_openstack(*name.split(), '--help')
                self.assertEqual((0, ''), (done.status, done.err))
                self.assertIn(f'usage: openstack {name} ', done.out)
                first = point.load().__doc__.splitlines()[0].rstrip('.')
                self.assertIn(first, ' '.join(done.out.split()))
                for action in point.load()(None, None).get_parser('')._actions:
                    self.assertTrue(action.help, action)

    def test_openstack_lists_them(self):
        done = osc_base.run_openstack('help', 'oauth2')
        for name, _ in COMMANDS:
            self.assertIn(f'  {name}\n', done.out)
        self.assertEqual(23, len(COMMANDS))

    def test_no_other_command_has_their_names(self):
        others = {
            (group, point.name)
            for group in importlib.metadata.entry_points().groups
            if group.startswith('openstack.') and group != GROUP
            for point in importlib.metadata.entry_points(group=group)
        }
        self.assertGreater(len(others), 500)
        for group, name in others:
            with self.variant((group, name)):
                self.assertFalse(name.startswith('oauth2_'))

    def test_commands_of_the_guides_are_right(self):
        """Each can be parsed; the other tests show what they do."""
        files = pathlib.Path('README.rst'), *pathlib.Path('doc').rglob('*.rst')
        pages = [re.sub(r'\\\n *', '', file.read_text()) for file in files]
        lines = [line for page in pages for line in LINE.findall(page)]
        self.assertGreater(len(lines), 15)
        points = dict(COMMANDS)
        for name in ('CLIENT_ID', 'SECRET_ID', 'OLD_ID'):
            self.useFixture(fixtures.EnvironmentVariable(name, 'a1'))
        for line in lines:
            with self.variant(line):
                _, _, text = REST.sub('', line).partition('oauth2 ')
                words = [
                    os.path.expandvars(word)
                    for word in shlex.split(f'oauth2 {text}')
                ]
                (name,) = (
                    known
                    for known in points
                    if words[: known.count(' ') + 1] == known.split()
                )
                parser = points[name].load()(None, None).get_parser(name)
                try:
                    parser.parse_args(words[name.count(' ') + 1 :])
                except SystemExit:
                    self.fail(f'{line} cannot be parsed')
