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

"""The behaviour of Keystone that the extension relies on.

A failure means that a Keystone release has changed something that
``keystone_oauth2.identity`` uses: look only at the module that the docstring
of the class names. ``test_keystone_names`` covers the imported names and
their calls.
"""

import datetime
import inspect
import pathlib

import fixtures
import flask
from keystone import exception
from keystone import notifications
from keystone.api import os_oauth2
from keystone.auth.plugins import base as auth_plugin
from keystone.common import context
from keystone.common import fernet_utils
from keystone.common import utils
from keystone.common.rbac_enforcer import enforcer
from keystone.common.sql import core
from keystone.common.validation import validators
from keystone.server.flask import application
from keystone.server.flask import common
from oslo_context import context as oslo_context
from oslo_policy import policy
from oslo_utils import timeutils
import sqlalchemy

from keystone_oauth2.compose import routes
from keystone_oauth2.identity import database
from keystone_oauth2.identity import notify
from keystone_oauth2.tests.support import base


class MountTest(base.KeystoneTestCase):
    """identity/mount.py and policy.py."""

    @classmethod
    def create(cls):
        """Create nothing."""

    def test_our_module_replaces_the_in_tree_one(self):
        self.assertIsInstance(application.__apis__, tuple)
        self.assertIn(routes, application.__apis__)
        self.assertNotIn(os_oauth2, application.__apis__)
        self.assertEqual(1, application.__apis__.count(routes))

    def test_blueprint_is_created_once(self):
        rules = [
            rule.rule
            for middleware in [self.keystone.application]
            for rule in rules_of(middleware)
            if rule.rule.startswith('/v3/OS-OAUTH2/token')
        ]
        self.assertEqual(1, len(rules), rules)

    def test_policy_enforcer_accepts_further_rules(self):
        keystones = enforcer.RBACEnforcer()._enforcer
        self.assertIsInstance(keystones, policy.Enforcer)
        self.assertIsInstance(keystones.registered_rules, dict)

    def test_request_context_is_one_of_oslo_context(self):
        """With two members that Keystone's own enforcement reads, too."""
        found = context.RequestContext()
        self.assertIsInstance(found, oslo_context.RequestContext)
        self.assertFalse(found.authenticated)
        self.assertFalse(found.is_admin)

    def test_rule_that_always_allows_has_its_own_notation(self):
        rules = policy.Rules.from_dict({'a': '@', 'b': '', 'c': 'role:x'})
        self.assertEqual(
            ['@', '@', 'role:x'], [str(rules[name]) for name in 'abc']
        )

    def test_flattened_target_is_available_to_rules(self):
        self.assertEqual(
            {'target.client.id': 'x', 'target.grant_type': 'y'},
            utils.flatten_dict(
                {'target': {'client': {'id': 'x'}, 'grant_type': 'y'}}
            ),
        )

    def test_plugin_base_accepts_a_payload(self):
        signature = inspect.signature(
            auth_plugin.AuthMethodHandler.authenticate
        )
        self.assertEqual(['self', 'auth_payload'], list(signature.parameters))


class InTreeMountTest(base.KeystoneTestCase):
    enable = False

    @classmethod
    def create(cls):
        """Create nothing."""

    def test_in_tree_module_has_the_expected_name(self):
        self.assertIsInstance(application.__apis__, tuple)
        self.assertIn(os_oauth2, application.__apis__)


class DatabaseTest(base.KeystoneTestCase):
    """identity/database.py."""

    def test_facade_has_connections_for_reading(self):
        reader = core._get_main_context_manager().reader
        with reader.connection.using(core._get_context()) as connection:
            self.assertEqual(1, connection.scalar(sqlalchemy.text('select 1')))

    def test_session_knows_its_engine(self):
        with core.session_for_write() as session:
            self.assertIsInstance(session.get_bind(), sqlalchemy.Engine)

    def test_tables_have_the_columns_we_read(self):
        for table, names in (
            (
                database.application_credential,
                'internal_id id user_id project_id expires_at',
            ),
            (database.user, 'id domain_id enabled'),
            (database.project, 'id domain_id enabled'),
        ):
            with self.variant(table.name):
                columns = set(table.columns.keys())
                self.assertLessEqual(set(names.split()), columns)


class KeyRepositoryTest(base.KeystoneTestCase):
    """identity/key_repository.py."""

    @classmethod
    def create(cls):
        """Create nothing."""

    def test_primary_key_is_first_and_the_staged_one_last(self):
        folder = self.useFixture(fixtures.TempDir()).path
        for name in '012':
            pathlib.Path(folder, name).write_text(name)
        repository = fernet_utils.FernetUtils(folder, 3, 'credential')
        self.assertEqual(['2', '1', '0'], repository.load_keys())


class NotifyTest(base.KeystoneTestCase):
    """identity/notify.py."""

    @classmethod
    def create(cls):
        """Create nothing."""

    def test_initiator_has_a_host_with_an_address(self):
        environ = {context.REQUEST_CONTEXT_ENV: context.RequestContext()}
        with flask.Flask('test').test_request_context(
            environ_overrides={'REMOTE_ADDR': '192.0.2.1', **environ}
        ):
            initiator = notifications.build_audit_initiator()
        self.assertEqual('192.0.2.1', initiator.host.address)

    def test_audit_functions_accept_our_arguments(self):
        for tell in notify._AUDITS.values():
            with self.variant(tell):
                inspect.signature(tell).bind('type', 'id', initiator=None)

    def test_notifier_and_its_drivers_are_accessible(self):
        self.assertTrue(notifications._get_notifier())
        drivers = notifications.CONF.oslo_messaging_notifications.driver
        self.assertIsInstance(drivers, list)


class WebTest(base.KeystoneTestCase):
    """identity/web.py, and the classes that the api package derives."""

    def test_schema_has_a_validator_that_reports_errors(self):
        schema = {'type': 'object', 'properties': {'a': {'type': 'string'}}}
        validator = validators.SchemaValidator(schema).validator
        [problem] = validator.iter_errors({'a': 1})
        self.assertEqual(['a'], list(problem.path))
        self.assertEqual('type', problem.validator)
        self.assertEqual('string', problem.validator_value)
        self.assertEqual({'type': 'string'}, problem.schema)

    def test_timestamp_can_be_normalized(self):
        for text in ('2100-01-01T00:00:00Z', '2100-01-01T00:00:00'):
            with self.variant(text):
                moment = utils.parse_expiration_date(text)
                self.assertEqual(
                    datetime.datetime(2100, 1, 1),
                    timeutils.normalize_time(moment),
                )
        for text, error in (
            ('2000-01-01T00:00:00Z', exception.Error),
            ('nonsense', exception.ValidationTimeStampError),
        ):
            with self.variant(text):
                self.assertRaises(error, utils.parse_expiration_date, text)

    def test_resource_map_accepts_our_arguments(self):
        common.construct_resource_map(
            resource=None,
            url='/x',
            rel='x',
            resource_relation_func=lambda resource_name: '',
            resource_kwargs={},
        )

    def test_api_has_the_members_ours_overrides_and_calls(self):
        for name in ('api', 'blueprint', 'resource_mapping', 'resources'):
            with self.variant(name):
                self.assertTrue(hasattr(common.APIBase, name))

    def test_auth_context_has_the_token(self):
        answer = self.post(
            'token=x',
            path='/v3/OS-OAUTH2/introspect',
            headers={'X-Auth-Token': self.identity.token_for(self.user)},
        )
        self.assertNotEqual(401, answer.status)


def rules_of(wsgi):
    """Return the URL rules of the Flask application in its middleware."""
    while not hasattr(wsgi, 'url_map'):
        wsgi = (
            getattr(wsgi, 'application', None)
            or getattr(wsgi, 'app', None)
            or wsgi.wsgi_app
        )
    return wsgi.url_map.iter_rules()
