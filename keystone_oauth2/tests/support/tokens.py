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

"""Tests with tokens of every kind, and their introspection."""

import datetime
import json

from oslo_utils import timeutils

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import copies
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

INTROSPECT = '/v3/OS-OAUTH2/introspect'
REVOKE = '/v3/OS-OAUTH2/revoke'
ISSUER = 'https://keystone.example.com/v3'


class IsAnswer(matchers._Answer):
    """A 200 of a protocol endpoint with exactly this body.

    :param body: an object, or None for no body at all.
    """

    def __init__(self, body):
        self.body = body

    def __str__(self):
        return f'IsAnswer({self.body})'

    def _wrong(self, answer):
        yield from self._wrong_status(answer, 200)
        # Clients parse a body that has a media type.
        yield from self._wrong_headers(
            answer, {'Content-Type': None} if self.body is None else {}
        )
        if self._read(answer) != self.body:
            yield f'the body is not {self.body}'

    def _read(self, answer):
        if not answer.body:
            return None
        try:
            return json.loads(answer.body)
        except ValueError:
            return f'no JSON: {answer.text}'


INACTIVE = IsAnswer({'active': False})
REVOKED = IsAnswer(None)


def epoch(text):
    """Return the seconds since 1970 for a time in Keystone's format."""
    moment = timeutils.normalize_time(timeutils.parse_isotime(text))
    return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())


class TokensTestCase(mutual_tls.MutualTLSTestCase):
    """Adds a client with the role service that introspects tokens."""

    options = {'oauth2': {'issuer': ISSUER}}

    @classmethod
    @copies.shared
    def create(cls):
        super().create()
        cls.service_user, cls.service = cls.new_client('service')

    @classmethod
    def new_client(cls, *roles, domain='default', **attributes):
        """Return a new client of a new user, with these roles."""
        project = cls.identity.create_project(domain=domain)
        user = cls.identity.create_user(project, roles, domain=domain)
        client = cls.identity.create_application_credential(user, **attributes)
        return user, client

    def ask(self, path, subject, client=None, **arguments):
        """Post a token to an endpoint.

        :param client: authenticates with its secret; other callers use
            ``token``, an X-Auth-Token, or headers and parameters.
        """
        headers = dict(arguments.pop('headers', {}))
        if client is not None:
            headers['Authorization'] = base.basic(*client)
        form = {'token': subject, **arguments.pop('form', {})}
        return self.keystone.request(
            'POST', path, form=form, headers=headers, **arguments
        )

    def introspect(self, subject, client=None, **arguments):
        """Introspect a token, by default as the service."""
        return self.ask(
            INTROSPECT, subject, client or self.service, **arguments
        )

    def revoke(self, subject, client=None, **arguments):
        """Revoke a token."""
        return self.ask(REVOKE, subject, client, **arguments)

    def issue(self, client=None):
        """Return an access token of a client."""
        answer = self.post_as(client or self.client)
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def issue_with(self, certificate, user=None):
        """Return an access token bound to a certificate."""
        answer = self.post_with(certificate, user)
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def token_by_password(self, user, scope='unscoped'):
        """Return a token of a user."""
        named = {'id': user.id, 'password': user.password}
        return self._authenticate(
            {'methods': ['password'], 'password': {'user': named}}, scope
        )

    def token_by_token(self, token, scope='unscoped'):
        """Return a token derived from another one."""
        return self._authenticate(
            {'methods': ['token'], 'token': {'id': token}}, scope
        )

    def token_by_trust(self, trustor, trustee, impersonation):
        """Return a token of the trustee, and the id of the trust."""
        answer = self.keystone.request(
            'POST',
            '/v3/OS-TRUST/trusts',
            json={
                'trust': {
                    'trustor_user_id': trustor.id,
                    'trustee_user_id': trustee.id,
                    'impersonation': impersonation,
                    'project_id': trustor.project_id,
                    'roles': [{'name': 'member'}],
                }
            },
            token=self.identity.token_for(trustor),
        )
        self.assertEqual(201, answer.status, answer.text)
        trust_id = answer.json['trust']['id']
        scope = {'OS-TRUST:trust': {'id': trust_id}}
        return self.token_by_password(trustee, scope), trust_id

    def admin_token(self, scope):
        """Return a token of the administrator, with a scope."""
        named = {
            'name': 'admin',
            'domain': {'id': 'default'},
            'password': self.keystone.deployment.admin_password,
        }
        return self._authenticate(
            {'methods': ['password'], 'password': {'user': named}}, scope
        )

    def _authenticate(self, identity, scope):
        answer = self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={'auth': {'identity': identity, 'scope': scope}},
        )
        self.assertEqual(201, answer.status, answer.text)
        return answer.headers['X-Subject-Token']

    def override(self, name, rule):
        """Change a rule in the policy file of the running Keystone."""
        self.override_all({name: rule})

    def assert_valid(self, token):
        """Assert that Keystone and introspection accept a token."""
        self.assertEqual(200, self.identity.validate(token).status)
        answer = self.introspect(token)
        self.assertEqual(200, answer.status, answer.text)
        self.assertIs(True, answer.json['active'])

    def assert_invalid(self, token):
        """Assert that Keystone and introspection refuse a token."""
        self.assertEqual(404, self.identity.validate(token).status)
        self.assertThat(self.introspect(token), INACTIVE)

    def assert_described(self, expected, token, answer):
        """Assert that an answer describes a token exactly.

        :param expected: all members except those that Keystone generates; the
            roles sorted, since Keystone returns them in any order.
        """
        validated = self.identity.validate(token).json['token']
        issued_at = epoch(validated['issued_at'])
        body = answer.json
        found = {'roles': ''} | body
        found['roles'] = ','.join(sorted(found['roles'].split(',')))
        self.assertEqual(
            {
                'roles': '',
                **expected,
                'active': True,
                'token_type': 'Bearer',
                'exp': epoch(validated['expires_at']),
                'iat': issued_at,
                'nbf': issued_at,
                'iss': ISSUER,
                'jti': validated['audit_ids'][0],
            },
            found,
        )
        self.assertThat(answer, IsAnswer(body))
        for name in ('exp', 'iat', 'nbf'):
            self.assertIs(int, type(body[name]))
        self.assertEqual('roles' in expected, 'roles' in body)
