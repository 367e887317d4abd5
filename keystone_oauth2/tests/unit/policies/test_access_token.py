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

"""Default policy rules."""

import contextlib
import io

from oslo_config import cfg
from oslo_policy import generator
from oslo_policy import policy
import yaml

from keystone_oauth2 import policies
from keystone_oauth2.policies import access_token
from keystone_oauth2.policies import token
from keystone_oauth2.tests import base

SCOPE_TYPES = {'system', 'domain', 'project'}
METHODS = {'DELETE', 'GET', 'HEAD', 'PATCH', 'POST'}


def sample():
    """Return the output of oslopolicy-sample-generator."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        generator.generate_sample(
            ['--namespace', 'keystone_oauth2'], conf=cfg.ConfigOpts()
        )
    return printed.getvalue()


class RulesTest(base.TestCase):
    def test_each_rule_is_documented(self):
        for rule in policies.list_rules():
            with self.variant(rule.name):
                self.assertIsInstance(rule, policy.DocumentedRuleDefault)
                self.assertRegex(rule.name, '^identity:[a-z]+_oauth2_[a-z_]+$')
                self.assertGreater(len(rule.description), 40)
                self.assertIsInstance(rule.scope_types, list)
                self.assertIn('project', rule.scope_types)
                self.assertEqual(set(), set(rule.scope_types) - SCOPE_TYPES)
                self.assertNotEqual([], rule.operations)
                for operation in rule.operations:
                    self.assertEqual({'path', 'method'}, operation.keys())
                    self.assertIn(operation['method'], METHODS)
                    self.assertRegex(operation['path'], '^/v3/OS-OAUTH2/.')

    def test_token_rules_accept_tokens_of_every_scope(self):
        """G01: the check string decides which of them are allowed."""
        for rule in (*access_token.list_rules(), *token.list_rules()):
            with self.variant(rule.name):
                self.assertEqual(SCOPE_TYPES, set(rule.scope_types))

    def test_names_are_unique(self):
        names = [rule.name for rule in policies.list_rules()]
        self.assertEqual(len(names), len(set(names)))

    def test_every_authenticated_client_may_get_a_token(self):
        """A12: by default."""
        (rule,) = access_token.list_rules()
        self.assertEqual('identity:create_oauth2_access_token', rule.name)
        self.assertEqual('@', rule.check_str)
        self.assertEqual(
            [{'path': '/v3/OS-OAUTH2/token', 'method': 'POST'}],
            rule.operations,
        )


class SampleTest(base.TestCase):
    def test_generator_prints_each_rule(self):
        printed = sample()
        for rule in policies.list_rules():
            with self.variant(rule.name):
                self.assertIn(f'#"{rule.name}": ', printed)

    def test_sample_is_a_valid_policy_once_uncommented(self):
        used = '\n'.join(
            line.removeprefix('#')
            for line in sample().splitlines()
            if line.startswith('#"')
        )
        self.assertEqual(
            {rule.name: rule.check_str for rule in policies.list_rules()},
            yaml.safe_load(used),
        )
