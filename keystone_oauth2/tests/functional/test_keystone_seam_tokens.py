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

"""The behaviour of Keystone's tokens and users that the extension relies on.

See ``test_keystone_seam``.
"""

import functools
import operator

from keystone import exception
from keystone.auth import core as auth_core
from keystone.common import password_hashing
from keystone.common import provider_api
from keystone.common import render_token
from keystone.federation import utils as federation_utils
from keystone.identity.backends import base as identity_base
from keystone.models import token_model

from keystone_oauth2.db import clients as client_store
from keystone_oauth2.identity import tokens
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests.support import mutual_tls

PROVIDERS = provider_api.ProviderAPIs
#: Members of a token that tokens.py, token_models.py and callers.py read.
TOKEN_MODEL = {
    'application_credential': 'access rules of a caller',
    'application_credential_id': 'the client of a token, and its roles',
    'audit_id': 'revocation',
    'domain': 'scope of a caller',
    'expires_at': 'expires_in',
    'id': 'access_token',
    'methods': 'whether a token is bound to a certificate',
    'mint': 'the checks that a token is issued with',
    'oauth_scoped': 'who may register something for clients',
    'oauth2_thumbprint': 'the certificate that a token is bound to',
    'project': 'domain of the project in a rule',
    'project_domain': 'scope of a caller',
    'project_id': 'scope of a caller',
    'roles': 'scope, and the rules of policy.yaml',
    'system_scoped': 'scope of a caller',
    'trust_scoped': 'who may register something for clients',
    'user': 'the user of a caller',
    'user_domain': 'the rules of policy.yaml',
    'user_id': 'the user of a token',
}


class TokensTest(mutual_tls.MutualTLSTestCase):
    """identity/tokens.py and identity/callers.py."""

    def issue(self):
        """Have Keystone issue a token itself."""
        return PROVIDERS.token_provider_api.issue_token(
            self.user.id,
            ['application_credential'],
            project_id=self.project.id,
            app_cred_id=self.client.id,
        )

    def test_token_has_the_attributes_we_read(self):
        token = self.issue()
        missing = [
            f'TokenModel.{name}, used for: {purpose}'
            for name, purpose in TOKEN_MODEL.items()
            if not hasattr(token, name)
        ]
        self.assertEqual([], missing)

    def test_rendered_token_has_the_members_we_read(self):
        rendered = render_token.render_token_response_from_model(
            self.issue(), include_catalog=False
        )['token']
        for names in (
            ('user', 'id'),
            ('user', 'name'),
            ('user', 'domain', 'id'),
            ('user', 'domain', 'name'),
            ('project', 'id'),
            ('project', 'name'),
            ('project', 'domain', 'id'),
            ('project', 'domain', 'name'),
            ('roles', 0, 'name'),
            ('application_credential', 'id'),
            ('issued_at',),
            ('expires_at',),
        ):
            with self.variant(names):
                value = functools.reduce(operator.getitem, names, rendered)
                self.assertIsInstance(value, str)

    def test_thumbprint_of_a_bound_token_is_rendered(self):
        token = PROVIDERS.token_provider_api.issue_token(
            self.user.id,
            ['oauth2_credential'],
            project_id=self.project.id,
            thumbprint='x',
        )
        rendered = render_token.render_token_response_from_model(token)
        self.assertEqual(
            {'x5t#S256': 'x'}, rendered['token']['oauth2_credential']
        )
        self.assertEqual('x', token.oauth2_thumbprint)

    def test_provider_shows_what_it_has_put_into_a_token(self):
        """A Fernet token has only one of the two."""
        driver = PROVIDERS.token_provider_api.driver
        credential_id, thumbprint = tokens._CREDENTIAL_ID, tokens._THUMBPRINT
        read = driver.validate_token(self.issue().id)
        self.assertEqual(self.client.id, read[credential_id])
        self.assertIsNone(read[thumbprint])
        token = PROVIDERS.token_provider_api.issue_token(
            self.user.id,
            ['oauth2_credential'],
            project_id=self.project.id,
            thumbprint='x',
        )
        read = driver.validate_token(token.id)
        self.assertIsNone(read[credential_id])
        self.assertEqual('x', read[thumbprint])

    def test_token_has_its_application_credential(self):
        token = self.issue()
        self.assertFalse(token.trust_scoped)
        self.assertFalse(token.oauth_scoped)
        self.assertFalse(token.application_credential['unrestricted'])
        self.assertLessEqual({'id', 'name'}, set(token.roles[0]))

    def test_token_is_as_keystone_would_issue_it(self):
        """It is validated as the one that ``issue_token`` makes."""
        credential = ports.Delegation(
            client_id=self.client.id,
            user_id=self.user.id,
            project_id=self.project.id,
            application_credential_id=self.client.id,
            roles=client_store.find(self.client.id).roles,
        )
        certificate = ports.Delegation(
            client_id=self.user.id,
            user_id=self.user.id,
            project_id=self.project.id,
            confirmation=confirmation.Confirmation('x', 'y'),
        )
        bound = PROVIDERS.token_provider_api.issue_token(
            self.user.id,
            ['oauth2_credential'],
            project_id=self.project.id,
            thumbprint='x',
        )
        for delegation, keystones in (
            (credential, self.issue()),
            (certificate, bound),
        ):
            with self.variant(delegation.client_id):
                ours = tokens.Tokens().issue(delegation)
                self.assertEqual(
                    self.rendered(keystones.id), self.rendered(ours.value)
                )

    def rendered(self, value):
        """Return the parts of a valid token that all such tokens share."""
        token = PROVIDERS.token_provider_api.validate_token(value)
        rendered = render_token.render_token_response_from_model(token)
        members = rendered['token']
        self.assertEqual(1, len(members.pop('audit_ids')))
        for name in ('issued_at', 'expires_at'):
            members.pop(name)
        for name in ('roles', 'methods'):
            members[name].sort(key=str)
        return members

    def test_minting_performs_the_checks_of_a_token(self):
        project, user, _ = self.new_user()
        token = token_model.TokenModel()
        token.user_id = user.id
        token.project_id = project.id
        token.mint('', '')
        self.identity.unassign(user, 'member', project)
        token = token_model.TokenModel()
        token.user_id = user.id
        token.project_id = project.id
        self.assertRaises(exception.Unauthorized, token.mint, '', '')

    def test_exceptions_we_catch_are_keystones(self):
        for error in (
            exception.Conflict,
            exception.ForbiddenAction,
            exception.ForbiddenNotSecurity,
            exception.ValidationError,
            exception.Forbidden,
            exception.MappingNotFound,
            exception.NotFound,
            exception.PasswordVerificationError,
            exception.Unauthorized,
        ):
            with self.variant(error):
                self.assertTrue(issubclass(error, exception.Error))

    def test_one_function_checks_the_rules_for_several_factors(self):
        check = (
            auth_core.UserMFARulesValidator.check_auth_methods_against_rules
        )
        self.assertTrue(check(self.user.id, {'application_credential'}))


class UsersTest(mutual_tls.MutualTLSTestCase):
    """identity/application_credentials.py, mapping.py and users.py.

    And identity/clients.py.
    """

    def test_application_credential_has_the_attributes_we_read(self):
        credential = (
            PROVIDERS.application_credential_api.get_application_credential(
                self.client.id
            )
        )
        names = 'id name description expires_at user_id project_id roles'
        self.assertLessEqual(set(names.split()), set(credential))
        self.assertLessEqual({'id', 'name'}, set(credential['roles'][0]))
        project = PROVIDERS.resource_api.get_project(credential['project_id'])
        self.assertLessEqual({'id', 'name', 'domain_id'}, set(project))

    def test_wrong_secret_is_an_assertion_error(self):
        api = PROVIDERS.application_credential_api
        api.authenticate(*self.client)
        self.assertRaises(
            AssertionError, api.authenticate, self.client.id, 'wrong'
        )

    def test_secret_is_truncated_before_it_is_hashed(self):
        cut = password_hashing.verify_length_and_trunc_password('x' * 100)
        self.assertEqual(b'x' * 72, cut)

    def test_hash_is_in_a_supported_format(self):
        hashed = password_hashing.hash_password('x')
        self.assertTrue(password_hashing.check_password('x', hashed))
        self.assertFalse(password_hashing.check_password('y', hashed))

    def test_mapping_returns_a_user(self):
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

    def test_driver_tells_whether_users_are_in_the_database(self):
        identity_api = PROVIDERS.identity_api
        self.assertIs(True, identity_api.driver.is_sql)
        identity_api.get_user(self.user.id)
        self.assertIsNone(
            identity_api.domain_configs.get_domain_driver('default')
        )
        self.assertIs(
            False, identity_base.IdentityDriverBase.is_sql.fget(None)
        )

    def test_user_and_domain_have_the_attributes_we_read(self):
        user = PROVIDERS.identity_api.get_user(self.user.id)
        self.assertLessEqual({'id', 'name', 'domain_id'}, set(user))
        domain = PROVIDERS.resource_api.get_domain(user['domain_id'])
        self.assertLessEqual({'id', 'name'}, set(domain))
