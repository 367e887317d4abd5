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

"""What the extension relies on inside Keystone.

When one of these fails, a Keystone release has changed something that
``keystone_oauth2.identity`` uses: look there, and at nothing else.
"""

import inspect

from keystone import exception
from keystone.api import os_oauth2
from keystone.auth import core as auth_core
from keystone.auth.plugins import base as auth_plugin
from keystone.common import provider_api
from keystone.common import utils
from keystone.common.rbac_enforcer import enforcer
from keystone.federation import utils as federation_utils
from keystone.server.flask import application
from oslo_policy import policy

from keystone_oauth2.api import routes
from keystone_oauth2.tests.functional import base
from keystone_oauth2.tests.functional import mutual_tls

PROVIDERS = provider_api.ProviderAPIs


class MountTest(base.KeystoneTestCase):
    """Keystone builds its application from a tuple of modules."""

    @classmethod
    def create(cls):
        """Nothing is needed."""

    def test_our_module_is_in_the_place_of_the_in_tree_one(self):
        self.assertIsInstance(application.__apis__, tuple)
        self.assertIn(routes, application.__apis__)
        self.assertNotIn(os_oauth2, application.__apis__)
        self.assertEqual(1, application.__apis__.count(routes))

    def test_known_actions_are_a_frozen_set_with_ours(self):
        actions = enforcer._POSSIBLE_TARGET_ACTIONS
        self.assertIsInstance(actions, frozenset)
        self.assertIn('identity:create_oauth2_access_token', actions)
        self.assertIn('identity:create_user', actions)

    def test_blueprint_is_made_once(self):
        rules = [
            rule.rule
            for middleware in [self.keystone.application]
            for rule in rules_of(middleware)
            if rule.rule.startswith('/v3/OS-OAUTH2/token')
        ]
        self.assertEqual(1, len(rules), rules)

    def test_policy_enforcer_takes_further_rules(self):
        keystones = enforcer.RBACEnforcer()._enforcer
        self.assertIsInstance(keystones, policy.Enforcer)
        self.assertIsInstance(keystones.registered_rules, dict)

    def test_flattened_target_is_what_rules_refer_to(self):
        self.assertEqual(
            {'target.client.id': 'x', 'target.grant_type': 'y'},
            utils.flatten_dict(
                {'target': {'client': {'id': 'x'}, 'grant_type': 'y'}}
            ),
        )

    def test_plugin_base_takes_a_payload(self):
        signature = inspect.signature(
            auth_plugin.AuthMethodHandler.authenticate
        )
        self.assertEqual(['self', 'auth_payload'], list(signature.parameters))


class InTreeMountTest(base.KeystoneTestCase):
    enable = False

    @classmethod
    def create(cls):
        """Nothing is needed."""

    def test_in_tree_module_is_where_we_look_for_it(self):
        self.assertIsInstance(application.__apis__, tuple)
        self.assertIn(os_oauth2, application.__apis__)
        self.assertIsInstance(enforcer._POSSIBLE_TARGET_ACTIONS, frozenset)


class ProvidersTest(mutual_tls.MutualTLSTestCase):
    def test_tokens_are_issued_for_a_credential_or_a_thumbprint(self):
        parameters = inspect.signature(
            PROVIDERS.token_provider_api.issue_token
        ).parameters
        for name in ('project_id', 'app_cred_id', 'thumbprint'):
            with self.variant(name):
                self.assertIn(name, parameters)
        self.assertEqual(['user_id', 'method_names'], list(parameters)[:2])

    def test_wrong_secret_is_an_assertion_error(self):
        api = PROVIDERS.application_credential_api
        api.authenticate(*self.client)
        self.assertRaises(
            AssertionError, api.authenticate, self.client.id, 'wrong'
        )

    def test_rules_for_several_factors_are_looked_at_by_one_function(self):
        check = (
            auth_core.UserMFARulesValidator.check_auth_methods_against_rules
        )
        self.assertTrue(check(self.user.id, {'application_credential'}))

    def test_mapping_answers_a_user(self):
        rules = PROVIDERS.federation_api.get_mapping(mutual_tls.MAPPING)
        processor = federation_utils.RuleProcessor(rules['id'], rules['rules'])
        names = {
            'SSL_CLIENT_SUBJECT_DN_CN': 'x',
            'SSL_CLIENT_ISSUER_DN_CN': 'Test CA',
        }
        user = processor.process(names)['user']
        self.assertEqual('x', user['name'])
        self.assertEqual('default', user['domain']['id'])
        self.assertRaises(exception.Error, processor.process, {})

    def test_disabled_user_and_domain_are_assertion_errors(self):
        _, user, _ = self.new_user()
        self.identity.disable(user)
        self.assertRaises(
            AssertionError, PROVIDERS.identity_api.assert_user_enabled, user.id
        )
        domain = self.identity.create_domain()
        self.identity.disable(domain)
        self.assertRaises(
            AssertionError,
            PROVIDERS.resource_api.assert_domain_enabled,
            domain.id,
        )


def rules_of(wsgi):
    """Answer the rules of the Flask application within its middleware."""
    while not hasattr(wsgi, 'url_map'):
        wsgi = (
            getattr(wsgi, 'application', None)
            or getattr(wsgi, 'app', None)
            or wsgi.wsgi_app
        )
    return wsgi.url_map.iter_rules()
