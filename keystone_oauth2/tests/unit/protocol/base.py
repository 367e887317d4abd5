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

"""Requests for the protocol layer, and an in-memory Keystone."""

import base64
import collections
import dataclasses

from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports

FORM = 'application/x-www-form-urlencoded'
ISSUER = 'https://keystone.example.com/v3'


def request(body=b'', **attributes):
    """Return a request with a form body, given as text or as bytes."""
    if isinstance(body, str):
        body = body.encode('utf-8')
    return messages.Request(
        **{'content_type': FORM, 'body': body, **attributes}
    )


def basic(credentials):
    """Return an Authorization field, from credentials as text or as bytes."""
    if isinstance(credentials, str):
        credentials = credentials.encode('utf-8')
    return 'Basic ' + base64.b64encode(credentials).decode('ascii')


def form(**values):
    """Return parameters in the form that the reader returns."""
    return parameters.Parameters(values)


class NoLimit:
    """A guard that allows every attempt."""

    def check(self, client_id, source):
        pass

    def failed(self, client_id, source, *, was_slow):
        pass


def authenticator(methods, enabled, guard=None):
    """Return an authenticator with these methods."""
    return client_auth.ClientAuthentication(
        methods, enabled, describe_client=None, guard=guard or NoLimit()
    )


class InMemoryKeystone:
    """The ports that the protocol layer needs, implemented with dictionaries.

    :ivar projects: ids of projects as stored, by the id that finds them.
    :ivar methods: the methods that a client is registered for, by its id.
    :ivar refusals: why a client must not be used, by its id.
    :ivar uses: the recorded uses of secrets, keys and certificates.
    :ivar consumed: the expiry of each assertion that was used, by client and
        jti.
    """

    def __init__(self):
        self.users = {}
        self.projects = {'project': 'project'}
        self.secrets = {}
        self.methods = {}
        self.refusals = {}
        self.uses = []
        self.consumed = {}
        self.assertion_rules = ports.AssertionRules(frozenset([ISSUER]), 3600)
        self._registered = collections.defaultdict(list)
        self.mapped = {}
        self.remembered = []
        self.roles = ('member', 'reader')
        self.denied_grants = ()
        self.refuses_tokens = False
        self.binds_tokens = True

    def add_user(self, user_id='user', **attributes):
        """Add an enabled user."""
        self.users[user_id] = messages.User(
            **{
                'id': user_id,
                'name': f'name of {user_id}',
                'domain_id': 'domain',
                'default_project_id': 'project',
                **attributes,
            }
        )
        return self.users[user_id]

    def add_credential(self, client_id='client', secret='secret'):
        """Add an application credential of the user ``user``."""
        self.secrets[client_id] = secret

    def register(
        self, kind, value, client_id='client', fingerprint='x', expires_at=None
    ):
        """Register a key or a certificate for a client.

        :returns: the value that is recorded when it is used.
        """
        registered = self._registered[client_id, kind]
        use = ports.LastUse(
            1, f'{kind} {len(registered)} of {client_id}', None
        )
        registered.append(
            ports.RegisteredAuthenticator(value, fingerprint, use, expires_at)
        )
        return use

    def unregister_all(self):
        """Remove all keys and certificates."""
        self._registered.clear()

    @property
    def ports(self):
        """Return this Keystone as the ports that methods and grants expect."""
        known = {
            'verify_secret': self._verify_secret,
            'find_authenticators': self._find_authenticators,
            'note_use': self.uses.append,
            'consume_assertion': self._consume_assertion,
            'assertion_rules': self.assertion_rules,
            'find_user': self._find_user,
            'find_project': self._find_project,
            'domain_name': {'domain': 'CA'}.__getitem__,
            'evaluate_mapping': self._evaluate_mapping,
            'issue_token': self._issue_token,
            'permit_issue': self._permit_issue,
            'remember_certificate': self.remembered.append,
        }
        names = (field.name for field in dataclasses.fields(ports.Ports))
        return ports.Ports(**{name: known.get(name) for name in names})

    def _verify_secret(self, client_id, client_secret):
        if self.secrets.get(client_id) != client_secret:
            raise ports.Refused('unknown client or wrong secret')
        use = ports.LastUse(1, None, None)
        return dataclasses.replace(self._credential(client_id), use=use)

    def _find_authenticators(self, client_id, kind):
        if client_id not in self.secrets:
            raise ports.UnknownClient('unknown client')
        if client_id in self.refusals:
            raise ports.Refused(self.refusals[client_id])
        return self._credential(client_id), self._registered[client_id, kind]

    def _credential(self, client_id):
        return ports.ApplicationCredential(
            client_id, 'user', 'project', self.methods.get(client_id)
        )

    def _consume_assertion(self, client_id, jti, expires_at):
        if (client_id, jti) in self.consumed:
            return False
        self.consumed[client_id, jti] = expires_at
        return True

    def _find_user(self, user_id, *, is_enabled=False):
        if user_id not in self.users:
            raise ports.Refused('unknown user')
        return self.users[user_id]

    def _find_project(self, project_id):
        if project_id not in self.projects:
            raise ports.Refused('unknown project')
        return self.projects[project_id]

    def _evaluate_mapping(self, assertion):
        """Copy each remote attribute of the mapping from the assertion."""
        return {
            name: assertion[remote] for name, remote in self.mapped.items()
        }

    def _issue_token(self, client):
        if self.refuses_tokens:
            raise ports.Refused('no role')
        if client.certificate and not self.binds_tokens:
            raise ports.CannotBind('no place for both')
        return messages.IssuedToken(
            value=f'token of {client.id}',
            audit_id='audit',
            expires_in=3599,
            roles=self.roles,
            project_domain_id='domain',
        )

    def _permit_issue(self, client, grant_type, token):
        return grant_type not in self.denied_grants
