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

"""What revocation events apply to, and that they stay few."""

import uuid

from keystone_oauth2.db import revocation_events
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import mutual_tls


class WidthTest(jwts.JWTTestCase):
    """Events of changes that Keystone does not announce exactly."""

    def new_events(self, method, path, **arguments):
        """Return the ids of the events after a request."""
        before = self.events()
        answer = self.identity.as_admin(method, path, **arguments)
        self.assertEqual(204, answer.status, answer.text)
        new = [event for event in self.events() if event not in before]
        for event in new:
            del event['issued_before']
        return new

    def events(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        # Those of the same ids differ in their times only.
        self.execute(
            'UPDATE oauth2_revocation_event SET issued_before = '
            "datetime(issued_before, '-1 hour')"
        )
        return answer.json['revocation_events']

    def group(self):
        """Return the path of a new group without members."""
        answer = self.identity.as_admin(
            'POST', '/v3/groups', json={'group': {'name': uuid.uuid4().hex}}
        )
        return f'/v3/groups/{answer.json["group"]["id"]}'

    def grant(self, group, scope, inherited=False):
        """Give a group a role; return the path of the assignment."""
        role_id = self.identity.role_id('member')
        path = f'{scope}/{group.removeprefix("/v3/")}/roles/{role_id}'
        if inherited:
            path = path.replace('/v3/', '/v3/OS-INHERIT/')
            path = f'{path}/inherited_to_projects'
        answer = self.identity.as_admin('PUT', path)
        self.assertEqual(204, answer.status, answer.text)
        return path

    def test_group_without_roles(self):
        """The manager of a domain could revoke all tokens with it."""
        self.assertEqual([], self.new_events('DELETE', self.group()))

    def test_roles_of_a_group(self):
        """At most the tokens of a project, or of its domain."""
        domain = self.identity.create_domain()
        project = self.identity.create_project(domain=domain)
        in_project = f'/v3/projects/{project.id}'
        in_domain = f'/v3/domains/{domain.id}'
        for scope, inherited, ids in (
            (in_project, False, {'project_id': project.id}),
            (in_project, True, {'domain_id': domain.id}),
            (in_domain, True, {'domain_id': domain.id}),
        ):
            for what in ('group', 'grant'):
                with self.variant((scope, inherited, what)):
                    group = self.group()
                    grant = self.grant(group, scope, inherited)
                    path = group if what == 'group' else grant
                    for found in self.new_events('DELETE', path):
                        self.assertIn(found, (ids, {'project_id': project.id}))
                        ids_found = found
                    self.assertTrue(ids_found)

    def test_users_without_a_provider(self):
        """Keystone may delete them, in whichever domain they are."""
        self.identity.create_mapping('federation', mutual_tls.RULES)
        provider = '/v3/OS-FEDERATION/identity_providers/provider'
        protocol = f'{provider}/protocols/mapped'
        for path, body in (
            (provider, {'identity_provider': {'enabled': True}}),
            (protocol, {'protocol': {'mapping_id': 'federation'}}),
        ):
            self.identity.as_admin('PUT', path, json=body)
        for path in (protocol, provider):
            with self.variant(path):
                self.assertIn({}, self.new_events('DELETE', path))

    def test_other_changes(self):
        """None of these revokes a token."""
        user = self.identity.create_user(self.project, ['member'])
        for change in (
            lambda: self.identity.update(user, description='x'),
            lambda: self.identity.assign(user, 'reader'),
            lambda: self.identity.update(self.project, description='x'),
            lambda: self.identity.update(self.project, enabled=True),
        ):
            before = self.events()
            change()
            self.assertEqual(len(before), len(self.events()))


class ByIdTest(WidthTest):
    """With an option, Keystone does not announce a group's loss of a role."""

    options = {
        **jwts.OPTIONS,
        'token': {'provider': 'oauth2_fernet', 'revoke_by_id': False},
    }


class FloodTest(jwts.JWTTestCase):
    """A client that gets and revokes tokens all the time."""

    def setUp(self):
        super().setUp()
        self.busy = self.identity.create_user(self.project, ['member'])
        self.own = self.identity.create_application_credential(self.busy)

    def events(self):
        """Return the events of the user of the busy client."""
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        return [
            event
            for event in answer.json['revocation_events']
            if event.get('user_id') == self.busy.id
        ]

    def test_list_stays_short(self):
        """After that, one event is about all tokens of the user."""
        limit = revocation_events.TOKENS_OF_USER
        issued = [self.issue(self.own) for _ in range(limit + 1)]
        *most, last = issued
        for token in most:
            self.revoke(token, self.own)
        self.assertEqual(limit, len(self.events()))
        self.revoke(last, self.own)
        (event,) = self.events()
        self.assertEqual({'user_id', 'issued_before'}, set(event))
        for token in issued:
            self.assertTrue(jwts.concerns(event, token))
        self.assertFalse(jwts.concerns(event, self.issue()))
        self.revoke(self.issue(self.own), self.own)
        self.assertEqual(2, len(self.events()))


class RotationTest(jwts.Keys, jwts.JWTTestCase):
    """A key that is gone is no event: whoever has the keys sees it."""

    def count(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        return len(answer.json['revocation_events'])

    def test_no_event(self):
        for arguments in ((), ('--emergency',)):
            with self.variant(arguments):
                before = self.count()
                old = self.issue()
                # Long enough for the oldest key to be deleted.
                self.age(400000)
                self.rotate(*arguments)
                self.age(400000)
                self.rotate(*arguments)
                self.assertEqual(401, self.use(old))
                self.assertEqual(before, self.count())
