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

"""Options of the group [oauth2]."""

import contextlib
import io
import pathlib

import fixtures
from keystone.conf import oauth2 as in_tree
from oslo_config import cfg
from oslo_config import generator

from keystone_oauth2 import conf
from keystone_oauth2.conf import oauth2
from keystone_oauth2.tests import base


def options():
    """Return each option with its group."""
    return [
        (group, option)
        for group, found in conf.list_opts()
        for option in found
    ]


class OptionsTest(base.TestCase):
    def test_all_are_in_one_group(self):
        self.assertEqual({'oauth2'}, {group for group, _ in options()})
        names = [option.name for _, option in options()]
        self.assertEqual(len(names), len(set(names)))

    def test_each_option_has_a_help_text(self):
        for _, option in options():
            with self.variant(option.name):
                self.assertGreater(len(option.help.strip()), 20)
                self.assertTrue(option.help.strip().endswith('.'))

    def test_in_tree_options_keep_name_and_type(self):
        theirs = {option.name: option for option in in_tree.ALL_OPTS}
        ours = {option.name: option for option in oauth2.IN_TREE_OPTS}
        self.assertEqual(theirs.keys(), ours.keys())
        for name, option in ours.items():
            with self.variant(name):
                self.assertIs(type(theirs[name]), type(option))

    def test_default_methods_are_the_in_tree_ones_and_client_secret_post(self):
        """B03: the methods that the in-tree API accepts."""
        (theirs,) = (
            option
            for option in in_tree.ALL_OPTS
            if option.name == 'oauth2_authn_methods'
        )
        self.assertEqual(
            [*theirs.default, 'client_secret_post'],
            oauth2.oauth2_authn_methods.default,
        )

    def test_configured_list_of_methods_is_exact(self):
        """B03: no method is added to it."""
        for value, expected in (
            ('client_secret_basic', ['client_secret_basic']),
            ('', []),
        ):
            configuration = self.configured(f'oauth2_authn_methods = {value}')
            self.assertEqual(
                expected, configuration.oauth2.oauth2_authn_methods
            )

    def configured(self, line):
        """Return the configuration of a file with this line."""
        configuration = cfg.ConfigOpts()
        configuration.register_opts(in_tree.ALL_OPTS, group='oauth2')
        conf.register_opts(configuration)
        file = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'conf')
        file.write_text(f'[oauth2]\n{line}\n')
        configuration(['--config-file', str(file)])
        return configuration

    def test_options_can_be_registered_beside_the_in_tree_ones(self):
        configuration = cfg.ConfigOpts()
        configuration.register_opts(in_tree.ALL_OPTS, group='oauth2')
        for _ in range(2):
            conf.register_opts(configuration)
        configuration([])
        for _, option in options():
            with self.variant(option.name):
                self.assertEqual(
                    option.default, configuration.oauth2[option.name]
                )

    def test_invalid_source_is_refused(self):
        configuration = self.configured('client_certificate_sources = x')
        self.assertRaises(
            cfg.ConfigFileValueError,
            lambda: configuration.oauth2.client_certificate_sources,
        )


class SampleTest(base.TestCase):
    def test_generator_prints_each_option(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            generator.main(['--namespace', 'keystone_oauth2'])
        sample = printed.getvalue()
        self.assertIn('\n[oauth2]\n', sample)
        for _, option in options():
            with self.variant(option.name):
                self.assertRegex(sample, rf'(?m)^#{option.name} =')

    def test_sample_is_a_valid_configuration(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            generator.main(['--namespace', 'keystone_oauth2'])
        file = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'conf')
        file.write_text(printed.getvalue())
        configuration = cfg.ConfigOpts()
        configuration.register_opts(in_tree.ALL_OPTS, group='oauth2')
        conf.register_opts(configuration)
        configuration(['--config-file', str(file)])
        self.assertEqual(
            ['environ'], configuration.oauth2.client_certificate_sources
        )
