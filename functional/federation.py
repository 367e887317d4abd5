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

"""A Keystone whose users log in at an OpenID provider."""

import dataclasses
import uuid

from functional import base
from functional import identity_provider
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

ISSUER = 'https://keystone.example.com/v3'
METHODS = (
    *('password', 'token', 'application_credential', 'openid'),
    'oauth2_credential',
)
AT_KEYSTONE = 'authentication at Keystone'
GRANTS = frozenset({'grant by secret', 'grant by key'})
WITH_TOKEN = frozenset({'use', 'introspection'})
#: The names of all requests of :meth:`FederationTestCase.accepted`.
ALL = frozenset({AT_KEYSTONE, *GRANTS, *WITH_TOKEN})
NONE: frozenset[str] = frozenset()
#: What the extension must refuse if Keystone refuses something.
_DEPENDING = {AT_KEYSTONE: GRANTS, 'use': {'introspection'}}


@dataclasses.dataclass(frozen=True)
class EphemeralUser:
    """A user in Keystone that a login created."""

    id: str
    name: str
    path = '/v3/users'
    key = 'user'


class FederationTestCase(base.StackTestCase):
    """Each test has its own identity provider, user, and client of the user.

    The mapping puts the user into a group that has a role on a project. The
    client has a key in addition to its secret.
    """

    front_end = 'apache-mod_wsgi'
    processes = 2
    needs = ('node',)
    options = {
        'auth': {'methods': METHODS},
        'identity': {'password_hash_rounds': '4'},
        'openid': {'remote_id_attribute': 'HTTP_OIDC_ISS'},
        'oauth2': {
            'issuer': ISSUER,
            'oauth2_authn_methods': 'client_secret_basic,private_key_jwt',
        },
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
    }
    #: Minutes until a membership expires after a login.
    authorization_ttl = 60

    @classmethod
    def _missing(cls):
        if absent := identity_provider.missing():
            return f'Not installed: {", ".join(absent)}.'
        return super()._missing()

    @classmethod
    def before_start(cls):
        cls.provider = cls.use(
            identity_provider.OpenIDProvider(
                cls.folder, cls.authority, cls.ca_file
            )
        )
        cls.changes = cls.provider.changes()

    @classmethod
    def create(cls):
        """Create nothing: each test has all of its own."""
        cls.used_secrets = [cls.deployment.admin_password]

    @classmethod
    def secrets(cls):
        yield from cls.used_secrets

    def setUp(self):
        super().setUp()
        self.project = self.identity.create_project()
        self.group = self.create_group()
        self.guests = self.create_group()
        self.role_path = (
            f'/v3/projects/{self.project.id}/groups/{self.group["id"]}'
            f'/roles/{self.identity.role_id("member")}'
        )
        self.ask('PUT', self.role_path, 204)
        self.create_identity_provider()
        self.account = self.provider.create_account(self.group['name'])
        login = self.log_in(self.project)
        self.user = EphemeralUser(login.user_id, login.username)
        self.create_client(login.auth_token)
        self.token = self.issue()
        self.assert_accepted(ALL)

    def ask(self, method, path, status, **body):
        """Send a request as the administrator, and return the body."""
        answer = self.identity.as_admin(method, path, json=body or None)
        self.assertEqual(status, answer.status, answer.text)
        return answer.json if answer.body else None

    def create_group(self):
        """Create a group without any role."""
        group = {
            'name': f'group-{uuid.uuid4().hex[:8]}',
            'domain_id': self.project.domain_id,
        }
        return self.ask('POST', '/v3/groups', 201, group=group)['group']

    def create_identity_provider(self):
        """Register the provider in Keystone, with a mapping."""
        self.provider_id = f'provider-{uuid.uuid4().hex[:8]}'
        path = f'/v3/OS-FEDERATION/identity_providers/{self.provider_id}'
        self.provider_path = path
        self.mapping = f'mapping-of-{self.provider_id}'
        self.identity.create_mapping(self.mapping, self._rules())
        described = {
            'enabled': True,
            'remote_ids': [self.provider.url],
            'authorization_ttl': self.authorization_ttl,
        }
        self.ask('PUT', path, 201, identity_provider=described)
        # Only one can have this remote id.
        self.addCleanup(self.identity.as_admin, 'DELETE', path)
        protocol = {'mapping_id': self.mapping}
        self.ask('PUT', f'{path}/protocols/openid', 201, protocol=protocol)

    def _rules(self):
        # The groups of the user are those of the same names.
        groups = {'groups': '{1}', 'domain': {'id': self.project.domain_id}}
        return [
            {
                'local': [{'user': {'name': '{0}'}}, groups],
                'remote': [
                    {'type': 'HTTP_OIDC_SUB'},
                    {'type': 'HTTP_OIDC_GROUPS'},
                ],
            }
        ]

    def log_in(self, project=None):
        """Log the user in, by default without a scope."""
        return self.provider.log_in(
            self.account,
            self.stack.url,
            self.provider_id,
            project and project.id,
        )

    def create_client(self, token):
        """Create an application credential, and register a key for it.

        :param token: of the user.
        """
        self.client = self.identity.create_application_credential(
            self.user, token=token
        )
        self.used_secrets += [self.account.secret, self.client.secret]
        self.signer = assertions.Signer(self.client.id, ISSUER)
        key = {'jwk': self.signer.jwk}
        clients.register(
            self.https().request, token, self.client, 'key', **key
        )

    def assert_accepted(self, expected):
        """Assert which requests are accepted, and that all others are not."""
        self.assertEqual(expected, self.accepted())

    def accepted(self, names=ALL):
        """Return the names of the requests that are accepted.

        The extension must not accept what Keystone refuses.

        :param names: of the requests to send.
        """
        requests = {
            AT_KEYSTONE: self.authenticate,
            'use': lambda: self.use_token(self.token).status,
            'introspection': self.status_of_token,
            'grant by secret': self.grant_by_secret,
            'grant by key': self.grant_by_key,
        }
        found = {
            name: ask() for name, ask in requests.items() if name in names
        }
        for name, status in found.items():
            self.assertIn(status, (200, 201, 401, 404), name)
        accepted = {name for name, status in found.items() if status < 300}
        for name, depending in _DEPENDING.items():
            if name not in accepted and accepted & depending:
                # Keystone's cache may have expired between the requests.
                self.assertLess(requests[name](), 300, accepted)
        return accepted

    def authenticate(self):
        """Return the status of a request to Keystone for a token."""
        credential = {'id': self.client.id, 'secret': self.client.secret}
        identity = {
            'methods': ['application_credential'],
            'application_credential': credential,
        }
        body = {'auth': {'identity': identity}}
        return (
            self.https().request('POST', '/v3/auth/tokens', json=body).status
        )

    def status_of_token(self):
        """Return 200 if the token is active, and 401 if it is not."""
        answer = self.identity.as_admin(
            'POST', base.INTROSPECT, form={'token': self.token}
        )
        self.assertEqual(200, answer.status, answer.text)
        return 200 if answer.json['active'] else 401

    def grant_by_secret(self):
        """Return the status of a token request with the secret."""
        return self.post_as_client(base.TOKEN, base.GRANT).status

    def grant_by_key(self):
        """Return the status of a token request with the registered key."""
        form = {
            **base.GRANT,
            'client_assertion_type': assertions.TYPE,
            'client_assertion': self.signer.assertion(),
        }
        return self.https().request('POST', base.TOKEN, form=form).status
