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

import base64
import json
import uuid

from keystone_oauth2.db import revocation_events
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import mutual_tls


class WidthTest(jwts.JWTTestCase):
    """Events of changes that Keystone does not announce exactly."""

    def new_events(self, change):
        """Return the ids of the events of a change."""
        # An event with the same ids replaces an older one.
        self.execute('DELETE FROM oauth2_revocation_event')
        change()
        found = self.events()
        for event in found:
            del event['issued_before']
        return found

    def deleted(self, path):
        """Return the ids of the events after a deletion."""

        def delete():
            answer = self.identity.as_admin('DELETE', path)
            self.assertEqual(204, answer.status, answer.text)

        return self.new_events(delete)

    def events(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
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
        self.assertEqual([], self.deleted(self.group()))

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
                    found = self.deleted(path)
                    self.assertIn(ids, found)
                    for other in found:
                        self.assertIn(other, (ids, {'project_id': project.id}))

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
                self.assertEqual([{}], self.deleted(path))

    def test_other_changes(self):
        """None of these revokes a token."""
        user = self.identity.create_user(self.project, ['member'])
        for change in (
            lambda: self.identity.update(user, description='x'),
            lambda: self.identity.assign(user, 'reader'),
            lambda: self.identity.update(self.project, description='x'),
            lambda: self.identity.update(self.project, enabled=True),
        ):
            self.assertEqual([], self.new_events(change))


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
        limit = revocation_events.LISTED_OF_USER
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

    def test_clients_that_come_and_go(self):
        """Any user can create and delete application credentials."""
        self.execute('DELETE FROM oauth2_revocation_event')
        for _ in range(3):
            client = self.identity.create_application_credential(self.busy)
            self.identity.delete_application_credential(self.busy, client.id)
        self.assertEqual(3, len(self.events()))
        for event in self.events():
            self.assertEqual(
                {'client_id', 'user_id', 'issued_before'}, set(event)
            )


class ForgedTest(jwts.JWTTestCase):
    """Tokens that nobody has verified leave no event."""

    def test_subject_of_a_revocation(self):
        """G01: Keystone looks at the field at another URL only."""
        victim = self.identity.create_user(self.project, ['member'])
        claims = {**jwts.claims(self.issue()), 'exp': 253402300000}
        for changes in (
            {'sub': victim.id, 'jti': 'x'},
            {'sub': victim.id, 'jti': None},
            {'sub': None, 'jti': None},
            {'exp': 'x'},
        ):
            forged = '.'.join(
                base64.urlsafe_b64encode(json.dumps(part).encode())
                .decode()
                .rstrip('=')
                for part in ({'typ': 'at+jwt'}, {**claims, **changes}, {})
            )
            with self.variant(changes):
                token = self.issue()
                answer = self.revoke(
                    token, self.client, headers={'X-Subject-Token': forged}
                )
                self.assertEqual(200, answer.status, answer.text)
                audit_id = jwts.claims(token)['jti']
                self.assertEqual(
                    {audit_id},
                    {event.get('audit_id') for event in self.events()},
                )
                self.execute('DELETE FROM oauth2_revocation_event')

    def test_subject_of_a_deletion(self):
        """Keystone verifies it before anything is recorded."""
        forged = self.issue()[:-4] + 'AAAA'
        answer = self.identity.as_admin(
            'DELETE', '/v3/auth/tokens', headers={'X-Subject-Token': forged}
        )
        self.assertEqual(404, answer.status, answer.text)
        self.assertEqual([], self.events())

    def events(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        return answer.json['revocation_events']


class RotationTest(jwts.Keys, jwts.JWTTestCase):
    """A removed key needs no event, since services fetch the keys."""

    def count(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        return len(answer.json['revocation_events'])

    def test_removed_key_is_no_event(self):
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
