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

"""The policy on clients: role by scope by ownership."""

import pathlib
import re

import yaml

from keystone_oauth2 import policies
from keystone_oauth2.policies import client as rules
from keystone_oauth2.policies import client_authenticator
from keystone_oauth2.policies import client_federated_identity
from keystone_oauth2.tests.support import clients

UNKNOWN = 'f' * 32
#: Method, rest of the URL, body, and the status if the policy allows it:
#: neither the id nor the body is valid.
OPERATIONS = {
    rules.GET: ('GET', '', None, 200),
    rules.UPDATE: ('PATCH', '', {}, 400),
}
for kind, collection in clients.COLLECTIONS.items():
    of_kind = client_authenticator.OF_KIND[kind]
    OPERATIONS.update(
        {
            of_kind.create: ('POST', f'/{collection}', {}, 400),
            of_kind.list: ('GET', f'/{collection}', None, 200),
            of_kind.get: ('GET', f'/{collection}/{UNKNOWN}', None, 404),
            of_kind.delete: (
                'DELETE',
                f'/{collection}/{UNKNOWN}',
                None,
                404,
            ),
        }
    )
OPERATIONS[client_federated_identity.TEST] = (
    'POST',
    '/federated_identities/test',
    {},
    400,
)
NOTHING = set()
READ = {
    name
    for name in OPERATIONS
    if name.startswith(('identity:get_', 'identity:list_'))
}
REMOVE = {name for name in OPERATIONS if name.startswith('identity:delete_')}
#: A dry run of client authentication changes nothing.
OWNER_READ = READ | {client_federated_identity.TEST}
ALL = set(OPERATIONS)
#: By role, scope and ownership.
TABLE = {
    'owner on the project of the client': ALL,
    'owner on another project': OWNER_READ,
    'owner without a scope': OWNER_READ,
    'owner on the system': READ,
    'owner on the domain of the owner': NOTHING,
    'owner with an unrestricted application credential': ALL,
    'owner with a restricted application credential': OWNER_READ,
    'the client itself': OWNER_READ,
    'another client of the owner': OWNER_READ,
    'admin on the project of the client': READ | REMOVE,
    'manager on the project of the client': NOTHING,
    'member on the project of the client': NOTHING,
    'reader on the project of the client': NOTHING,
    'admin on another project': READ | REMOVE,
    'service on another project': NOTHING,
    'client of another user of the project': NOTHING,
    'admin on the system': READ | REMOVE,
    'manager on the system': READ,
    'member on the system': READ,
    'reader on the system': READ,
    'service on the system': NOTHING,
    'admin on the domain of the owner': NOTHING,
    'manager on the domain of the owner': NOTHING,
    'member on the domain of the owner': NOTHING,
    'reader on the domain of the owner': NOTHING,
    'service on the domain of the owner': NOTHING,
    'admin on another domain': NOTHING,
    'manager on another domain': NOTHING,
    'reader on another domain': NOTHING,
    'trustee who is the owner': NOTHING,
    'trustee who stays what it is': NOTHING,
    'anybody without a scope': NOTHING,
}


def example_rules():
    """Return the rules for the domain personas of the guide."""
    guide = pathlib.Path(__file__).parents[3] / 'doc/source/admin/clients.rst'
    found = re.findall(
        r'^   ("identity:.*domain_id:None.*)$', guide.read_text(), re.M
    )
    return yaml.safe_load('\n'.join(found))


class PolicyTestCase(clients.ClientsTestCase):
    """A client, and one caller of each kind.

    They send many requests; Keystone's data for them does not change.
    """

    options = {
        'DEFAULT': {'debug': False},
        'cache': {'backend': 'oslo_cache.dict'},
        **clients.OPTIONS,
    }
    _tokens = None

    @classmethod
    def create(cls):
        super().create()
        cls.target = cls.client
        cls.other_project = cls.identity.create_project()
        cls.other_domain = cls.identity.create_domain()
        cls.identity.assign(cls.user, 'member', cls.other_project)

    def setUp(self):
        super().setUp()
        if type(self)._tokens is None:
            type(self)._tokens = self.new_tokens()

    def new_tokens(self):
        """Return a token of each kind of caller."""
        user, project = self.user, self.project
        other = self.new_user_with('member')
        mine = self.identity.create_application_credential
        on_projects = {
            f'{role} on {name}': self.token_by_password(
                self.new_user_with(role, project), self.on(project)
            )
            for name, project, roles in (
                (
                    'the project of the client',
                    project,
                    ('admin', 'manager', 'member', 'reader'),
                ),
                ('another project', self.other_project, ('admin', 'service')),
            )
            for role in roles
        }
        trusted, _ = self.token_by_trust(user, other, True)
        trustee, _ = self.token_by_trust(user, other, False)
        return {
            'owner on the project of the client': self.owner_token,
            'owner on another project': self.identity.token_for(
                user, self.other_project
            ),
            'owner without a scope': self.token_by_password(user),
            'owner with an unrestricted application credential': (
                self.keystones(mine(user, unrestricted=True))
            ),
            'owner with a restricted application credential': (
                self.keystones(mine(user))
            ),
            'the client itself': self.issue(self.target),
            'another client of the owner': self.issue(mine(user)),
            'client of another user of the project': self.issue(mine(other)),
            **on_projects,
            **self.on_system_and_domains(),
            'trustee who is the owner': trusted,
            'trustee who stays what it is': trustee,
            'anybody without a scope': self.token_by_password(other),
        }

    def on_system_and_domains(self):
        """Return tokens of users with roles on the system and on domains."""
        roles = ('owner', 'admin', 'manager', 'member', 'reader', 'service')
        found = {}
        for role in roles:
            for name, path, scope in (
                ('the system', 'system', {'system': {'all': True}}),
                (
                    'the domain of the owner',
                    'domains/default',
                    {'domain': {'id': 'default'}},
                ),
                (
                    'another domain',
                    f'domains/{self.other_domain.id}',
                    {'domain': {'id': self.other_domain.id}},
                ),
            ):
                if f'{role} on {name}' in TABLE:
                    found[f'{role} on {name}'] = self.token_there(
                        role, path, scope
                    )
        return found

    def token_there(self, role, path, scope):
        """Return a token for a scope, of a user or of the owner as reader."""
        user = self.user if role == 'owner' else self.identity.create_user()
        role_id = self.identity.role_id('reader' if role == 'owner' else role)
        answer = self.identity.as_admin(
            'PUT', f'/v3/{path}/users/{user.id}/roles/{role_id}'
        )
        self.assertEqual(204, answer.status)
        return self.token_by_password(user, scope)

    def new_user_with(self, role, project=None):
        return self.identity.create_user(project or self.project, [role])

    def on(self, project):
        return {'project': {'id': project.id}}

    def keystones(self, credential):
        """Return a token that Keystone itself issues for a credential."""
        answer = self.token_of_keystone(**credential._asdict())
        self.assertEqual(201, answer.status, answer.text)
        return answer.headers['X-Subject-Token']

    def is_permitted(self, name, token, client=None):
        """Whether the holder of a token may perform an operation."""
        method, rest, json, status = OPERATIONS[name]
        answer = self.manage(method, rest, json, client or self.target, token)
        if answer.status == 403:
            return False
        self.assertEqual(status, answer.status, (name, answer.text))
        return True

    def permitted_to(self, token, client=None):
        """Return all operations that the holder of a token may perform."""
        return {
            name
            for name in OPERATIONS
            if self.is_permitted(name, token, client)
        }


class DefaultPolicyTest(PolicyTestCase):
    def test_table_of_role_by_scope_by_ownership(self):
        """K01: a token of the owner alone does not suffice."""
        self.assertEqual(TABLE.keys(), self._tokens.keys())
        for name, token in self._tokens.items():
            with self.variant(name):
                self.assertEqual(TABLE[name], self.permitted_to(token))

    def test_table_covers_all_rules(self):
        """Each rule of the extension is in the table."""
        self.assertEqual(
            {
                rule.name
                for rule in policies.list_rules()
                if '_oauth2_client' in rule.name
            },
            set(OPERATIONS),
        )
        self.assertEqual(19, len(OPERATIONS))

    def test_body_does_not_change_the_owner_of_the_client(self):
        """Before Keystone 29.1, its members were part of the target."""
        stranger = self._tokens['member on the project of the client']
        secret = self.register_secret()
        user_id = self.permitted_user(stranger)
        body = {
            'secret': {},
            'target': {
                'client': {'user_id': user_id, 'user_domain_id': 'default'}
            },
            'target.client.user_id': user_id,
        }
        for method, rest in (
            ('GET', ''),
            ('POST', '/secrets'),
            ('DELETE', f'/secrets/{secret["id"]}'),
        ):
            for query in ('', f'?target.client.user_id={user_id}'):
                with self.variant((method, query)):
                    answer = self.manage(
                        method, rest + query, body, token=stranger
                    )
                    self.assertEqual(403, answer.status, answer.text)
        self.assert_issued(**clients.by_secret(self.own, secret['secret']))

    def permitted_user(self, token):
        return self.identity.validate(token).json['token']['user']['id']


class OverriddenPolicyTest(PolicyTestCase):
    policy = {}

    def test_operators_rule_applies_to_its_operation_only(self):
        other = self._tokens['member on the project of the client']
        reader = self._tokens['reader on the system']
        names = sorted(READ | REMOVE)
        for name, next_one in zip(names, names[1:] + names[:1], strict=True):
            with self.variant(name):
                self.override(name, 'role:member and not role:manager')
                self.assertTrue(self.is_permitted(name, other))
                self.assertFalse(self.is_permitted(next_one, other))
                self.assertFalse(self.is_permitted(name, reader))
                self.assertTrue(self.is_permitted(next_one, self.owner_token))

    def test_operators_rule_can_deny_registration_to_the_owner(self):
        names = sorted(ALL - READ - REMOVE)
        for name, next_one in zip(names, names[1:] + names[:1], strict=True):
            with self.variant(name):
                self.override(name, '!')
                self.assertFalse(self.is_permitted(name, self.owner_token))
                self.assertTrue(self.is_permitted(next_one, self.owner_token))

    def test_operators_rule_can_allow_domain_personas(self):
        """The example of the guide."""
        examples = example_rules()
        self.override_all(
            {
                **dict.fromkeys(READ, examples[rules.GET]),
                **dict.fromkeys(
                    REMOVE,
                    examples[client_authenticator.OF_KIND['key'].delete],
                ),
            }
        )
        project = self.identity.create_project(domain=self.other_domain)
        self.identity.assign(self.user, 'member', project)
        client = self.identity.create_application_credential(
            self.user, project=project
        )
        for name, expected in (
            ('reader on the domain of the owner', READ),
            ('member on the domain of the owner', READ),
            ('manager on the domain of the owner', READ | REMOVE),
            ('service on the domain of the owner', NOTHING),
            ('manager on another domain', NOTHING),
            ('reader on another domain', NOTHING),
            ('admin on another domain', NOTHING),
            ('reader on the system', READ),
            ('admin on another project', READ | REMOVE),
        ):
            with self.variant(name):
                token = self._tokens[name]
                self.assertEqual(expected, self.permitted_to(token, client))

    def test_operators_rule_allows_no_delegated_token(self):
        """K01: nor any other user to register an authenticator."""
        self.override_all(dict.fromkeys(OPERATIONS, '@'))
        for name, expected in (
            ('anybody without a scope', OWNER_READ | REMOVE),
            ('admin on the project of the client', OWNER_READ | REMOVE),
            ('client of another user of the project', OWNER_READ),
            ('owner on another project', OWNER_READ),
            ('owner without a scope', OWNER_READ),
            ('trustee who is the owner', NOTHING),
            ('trustee who stays what it is', NOTHING),
            ('owner with a restricted application credential', OWNER_READ),
            ('another client of the owner', OWNER_READ),
        ):
            with self.variant(name):
                token = self._tokens[name]
                self.assertEqual(expected, self.permitted_to(token))

    def test_rule_can_use_each_member_of_the_target(self):
        """And Keystone's attributes of the caller."""
        client = '%(target.client.'
        self.override_and_ask(
            (f'"{self.target.id}":{client}id)s', True),
            (f'"{self.own.id}":{client}id)s', False),
            (f'"{self.user.id}":{client}user_id)s', True),
            (f'"default":{client}user_domain_id)s', True),
            (f'"{self.project.id}":{client}project_id)s', True),
            (f'"default":{client}project_domain_id)s', True),
            (f'"{self.other_domain.id}":{client}user_domain_id)s', False),
            (f'project_id:{client}project_id)s', True),
            (f'domain_id:{client}user_domain_id)s', False),
            ('project_domain_id:default', True),
            ('role:member', True),
            ('role:admin', False),
        )

    def override_and_ask(self, *rows):
        other = self._tokens['member on the project of the client']
        for rule, expected in rows:
            with self.variant(rule):
                self.override(rules.GET, rule)
                answer = self.manage('GET', '', None, self.target, other)
                self.assertEqual(200 if expected else 403, answer.status)


class AdminTokenTest(clients.ClientsTestCase):
    """Keystone accepts an admin token from its configuration."""

    options = {
        'DEFAULT': {'admin_token': 'of-the-configuration'},
        **clients.OPTIONS,
    }

    def test_it_manages_no_client(self):
        for method, rest, json, _ in OPERATIONS.values():
            with self.variant((method, rest)):
                answer = self.manage(
                    method, rest, json, token='of-the-configuration'
                )
                self.assertThat(answer, clients.IsKeystoneError(403))
