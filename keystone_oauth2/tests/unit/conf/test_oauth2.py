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

GROUPS = {
    'oauth2',
    'oauth2_assertions',
    'oauth2_certificates',
    'oauth2_clients',
    'oauth2_limits',
    'oauth2_secrets',
    'oauth2_statsd',
    'oauth2_tokens',
}
#: Old name, a value, the group and the new name, and the value as it is read.
DEPRECATED = (
    (
        'client_certificate_sources',
        'rfc9440,environ',
        'oauth2_certificates',
        'sources',
        ['rfc9440', 'environ'],
    ),
    ('client_certificate_header', 'A', 'oauth2_certificates', 'header', 'A'),
    (
        'client_certificate_verify_header',
        'A',
        'oauth2_certificates',
        'verify_header',
        'A',
    ),
    ('client_certificate_ca_file', 'a', 'oauth2_certificates', 'ca_file', 'a'),
    (
        'enforce_certificate_binding',
        'false',
        'oauth2_certificates',
        'enforce_binding',
        False,
    ),
    ('secret_digests', 'false', 'oauth2_secrets', 'digests', False),
    (
        'secret_digest_key_repository',
        '/a',
        'oauth2_secrets',
        'digest_key_repository',
        '/a',
    ),
    (
        'client_assertion_max_lifetime',
        '60',
        'oauth2_assertions',
        'max_lifetime',
        60,
    ),
    (
        'client_assertion_for_token_endpoint',
        'true',
        'oauth2_assertions',
        'for_token_endpoint',
        True,
    ),
    (
        'client_authenticator_limit',
        '3',
        'oauth2_clients',
        'authenticator_limit',
        3,
    ),
    (
        'client_authenticator_expiry_warning',
        '3',
        'oauth2_clients',
        'authenticator_expiry_warning',
        3,
    ),
    (
        'client_failure_limit',
        '3/hour',
        'oauth2_limits',
        'client_failures',
        (3, 3600),
    ),
    (
        'address_failure_limit',
        '3/hour',
        'oauth2_limits',
        'address_failures',
        (3, 3600),
    ),
    (
        'failure_limit_storage',
        'redis://a',
        'oauth2_limits',
        'storage',
        'redis://a',
    ),
    ('statsd_host', '::1', 'oauth2_statsd', 'host', '::1'),
    ('statsd_port', '3', 'oauth2_statsd', 'port', 3),
)


def options():
    """Return each option with its group."""
    return [
        (group, option)
        for group, found in conf.list_opts()
        for option in found
    ]


class OptionsTest(base.TestCase):
    def test_each_family_has_a_group(self):
        self.assertEqual(GROUPS, {group for group, _ in options()})
        names = [(group, option.name) for group, option in options()]
        self.assertEqual(len(names), len(set(names)))

    def test_each_option_has_a_help_text(self):
        for _, option in options():
            with self.variant(option.name):
                self.assertGreater(len(option.help.strip()), 15)
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

    def configured(self, line, group='oauth2'):
        """Return the configuration of a file with this line."""
        configuration = cfg.ConfigOpts()
        configuration.register_opts(in_tree.ALL_OPTS, group='oauth2')
        conf.register_opts(configuration)
        file = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'conf')
        file.write_text(f'[{group}]\n{line}\n')
        configuration(['--config-file', str(file)])
        return configuration

    def test_options_can_be_registered_beside_the_in_tree_ones(self):
        configuration = cfg.ConfigOpts()
        configuration.register_opts(in_tree.ALL_OPTS, group='oauth2')
        for _ in range(2):
            conf.register_opts(configuration)
        configuration([])
        for group, option in options():
            with self.variant(option.name):
                default = option.default
                if default is not None:
                    default = option.type(default)
                self.assertEqual(default, configuration[group][option.name])

    def test_invalid_values_are_refused(self):
        for group, name in (
            ('oauth2', 'trusted_proxies'),
            ('oauth2', 'issuer'),
            ('oauth2', 'mtls_endpoint'),
            ('oauth2_assertions', 'max_lifetime'),
            ('oauth2_certificates', 'sources'),
            ('oauth2_certificates', 'header'),
            ('oauth2_certificates', 'verify_header'),
            ('oauth2_certificates', 'enforce_binding'),
            ('oauth2_clients', 'authenticator_limit'),
            ('oauth2_limits', 'client_failures'),
            ('oauth2_limits', 'address_failures'),
            ('oauth2_limits', 'storage'),
            ('oauth2_statsd', 'port'),
        ):
            configuration = self.configured(f'{name} = :', group)
            with self.variant(name):
                self.assertRaises(
                    cfg.ConfigFileValueError,
                    getattr,
                    configuration[group],
                    name,
                )

    def test_old_names_are_still_read(self):
        """All options were in one group."""
        for old, value, group, name, expected in DEPRECATED:
            with self.variant(old):
                configuration = self.configured(f'{old} = {value}')
                self.assertEqual(expected, configuration[group][name])
                configuration = self.configured(f'{name} = {value}', group)
                self.assertEqual(expected, configuration[group][name])

    def test_each_option_that_was_moved_has_its_old_name(self):
        self.assertEqual(
            {
                (group, option.name): old
                for group, option in options()
                for old in (
                    [(x.group, x.name) for x in option.deprecated_opts]
                )
            },
            {
                (group, name): ('oauth2', old)
                for old, _, group, name, _ in DEPRECATED
            },
        )


class SampleTest(base.TestCase):
    def test_generator_prints_each_option(self):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            generator.main(['--namespace', 'keystone_oauth2'])
        sample = printed.getvalue()
        for group in GROUPS:
            self.assertIn(f'\n[{group}]\n', sample)
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
            ['environ'], configuration.oauth2_certificates.sources
        )
