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

"""The list of revocation events, for services that verify tokens."""

import datetime
import uuid

from oslo_utils import timeutils

from keystone_oauth2.db import revocation_events
from keystone_oauth2.identity import database
from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

NEVER = '2999-01-01T00:00:00Z'


class ListTest(jwts.JWTTestCase):
    def list(self, query='', token=None, **headers):
        return self.keystone.request(
            'GET',
            f'{jwts.EVENTS}{query}',
            token=token or self.identity.admin_token(),
            headers=headers,
        )

    def events(self, query=''):
        answer = self.list(query)
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['revocation_events']

    def delete_client(self):
        """Delete a new client, and return its id."""
        client = self.identity.create_application_credential(self.user)
        self.identity.delete_application_credential(self.user, client.id)
        return client.id

    def test_deleted_client(self):
        before = timeutils.utcnow().replace(microsecond=0)
        client_id = self.delete_client()
        (event,) = [
            event
            for event in self.events()
            if event.get('client_id') == client_id
        ]
        self.assertEqual({'client_id', 'issued_before'}, set(event))
        end = timeutils.normalize_time(
            timeutils.parse_isotime(event['issued_before'])
        )
        seconds = (end - before).total_seconds()
        self.assertTrue(5 <= seconds <= 35, event)

    def test_links(self):
        self.assertEqual(
            {
                'self': f'http://localhost{jwts.EVENTS}',
                'next': None,
                'previous': None,
            },
            self.list().json['links'],
        )

    def test_nothing_new_costs_a_304(self):
        self.delete_client()
        first = self.list()
        self.assertEqual('private, no-cache', first.headers['Cache-Control'])
        etag = first.headers['ETag']
        again = self.list(**{'If-None-Match': etag})
        self.assertEqual((304, ''), (again.status, again.text))
        self.assertEqual(etag, again.headers['ETag'])
        self.delete_client()
        self.assertEqual(200, self.list(**{'If-None-Match': etag}).status)

    def test_since(self):
        """What was recorded a minute before is left out."""
        client_id = self.delete_client()
        now = timeutils.utcnow()
        for minutes, expected in ((-1, True), (0, True), (3, False)):
            moment = now + datetime.timedelta(minutes=minutes)
            with self.variant(minutes):
                events = self.events(f'?since={moment.isoformat()}Z')
                found = client_id in [e.get('client_id') for e in events]
                self.assertIs(expected, found)
        self.assertEqual([], self.events(f'?since={NEVER}'))

    def test_since_must_be_a_time(self):
        for text in ('', 'x', '1', '2027-13-01T00:00:00Z', '%00', '9' * 5000):
            with self.variant(text[:30]):
                answer = self.list(f'?since={text}')
                self.assertThat(
                    answer, clients.IsKeystoneError(400, 'must be a time')
                )

    def test_last_of_the_same_ids(self):
        """A user who changes the password each minute has one event."""
        user = self.identity.create_user(self.project, ['member'])
        for password in ('first', 'second'):
            self.identity.update(user, password=password)
        found = [e for e in self.events() if e.get('user_id') == user.id]
        self.assertEqual(1, len(found), found)

    def test_who_may_list_them(self):
        service = self.identity.create_user(self.project, ['service'])
        client = self.identity.create_application_credential(service)
        for token, status in (
            (self.identity.token_for(service), 200),
            (self.issue(client), 200),
            (self.identity.token_for(self.user), 403),
            (self.issue(), 403),
        ):
            with self.variant(status):
                answer = self.list(token=token)
                self.assertEqual(status, answer.status, answer.text)
        answer = self.keystone.request('GET', jwts.EVENTS)
        self.assertThat(answer, clients.IsKeystoneError(401))

    def test_other_methods(self):
        for method in ('POST', 'PUT', 'DELETE'):
            with self.variant(method):
                answer = self.keystone.request(
                    method, jwts.EVENTS, token=self.identity.admin_token()
                )
                self.assertThat(answer, clients.IsKeystoneError(405))
        answer = self.keystone.request('GET', f'{jwts.EVENTS}/x')
        self.assertThat(answer, clients.IsKeystoneError(404))

    def test_opaque_tokens_leave_no_event(self):
        """Only Keystone can validate them, so it is asked anyway."""
        before = self.events()
        token = self.identity.token_for(self.user)
        answer = self.identity.as_admin(
            'DELETE', '/v3/auth/tokens', headers={'X-Subject-Token': token}
        )
        self.assertEqual(204, answer.status)
        token = self.identity.token_for(self.user)
        answer = self.post(
            f'token={token}',
            path='/v3/OS-OAUTH2/revoke',
            token=self.identity.admin_token(),
        )
        self.assertEqual(200, answer.status)
        self.assertEqual(401, self.use(token))
        self.assertEqual(before, self.events())


class SampleTest(jwts.JWTTestCase):
    options = {
        **jwts.OPTIONS,
        'DEFAULT': {'public_endpoint': 'https://keystone.example.com:5000'},
    }

    def test_list_equals_the_sample(self):
        """The one of the API reference: a client, and a token."""
        client = self.identity.create_application_credential(self.user)
        self.identity.delete_application_credential(self.user, client.id)
        self.revoke(self.issue(), self.client)
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        self.assertEqual(
            samples.comparable(
                samples.read('revocation-events-response.json')
            ),
            samples.comparable(answer.json),
        )


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


class PolicyTest(jwts.JWTTestCase):
    policy = {'identity:list_oauth2_revocation_events': 'role:auditor'}

    def test_rule_decides(self):
        """G01: as for each other resource."""
        auditor = self.identity.create_user(self.project, ['auditor'])
        for token, status in (
            (self.identity.token_for(auditor), 200),
            (self.identity.admin_token(), 403),
        ):
            with self.variant(status):
                answer = self.keystone.request('GET', jwts.EVENTS, token=token)
                self.assertEqual(status, answer.status, answer.text)


class OutageTest(jwts.JWTTestCase):
    """An event that cannot be stored."""

    def test_keystone_revokes_all_the_same(self):
        """K03: what has changed cannot be changed again."""
        user = self.identity.create_user(self.project, ['member'])
        old = self.identity.token_for(user)
        self.assertEqual(200, self.use(old))
        self.assert_fails(
            lambda _: self.identity.as_admin(
                'PATCH',
                f'/v3/users/{user.id}',
                json={'user': {'password': 'another'}},
            )
        )
        self.assertEqual(401, self.use(old))

    def revoke_as_client(self, token):
        return self.post_as(
            self.client, f'token={token}', path='/v3/OS-OAUTH2/revoke'
        )

    def revoke_at_keystone(self, token):
        return self.identity.as_admin(
            'DELETE', '/v3/auth/tokens', headers={'X-Subject-Token': token}
        )

    def events(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        return answer.json['revocation_events']

    def test_revocation_can_be_repeated(self):
        """G09: neither half of it has happened."""
        for revoke, done in (
            (self.revoke_as_client, 200),
            (self.revoke_at_keystone, 204),
        ):
            with self.variant(revoke):
                token = self.issue()
                before = self.events()
                self.assert_fails(revoke, token)
                self.assertEqual(200, self.use(token))
                self.assertEqual(done, revoke(token).status)
                self.assertEqual(401, self.use(token))
                self.assertEqual(len(before) + 1, len(self.events()))

    def assert_fails(self, revoke, token=None):
        """Assert that a request fails if there is no table for the event."""
        table = 'oauth2_revocation_event'
        self.execute(f'ALTER TABLE {table} RENAME TO elsewhere')
        try:
            # What Keystone does not handle itself is raised in this process.
            answer = revoke(token)
            self.assertEqual(503, answer.status, answer.text)
        except database.Error as error:
            self.assertIn(table, str(error))
        finally:
            self.execute(f'ALTER TABLE elsewhere RENAME TO {table}')


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


class PurgeTest(jwts.JWTTestCase):
    """Events live until no token that they concern can be left."""

    options = {
        **jwts.OPTIONS,
        'token': {'provider': 'oauth2_fernet', 'expiration': 60},
    }

    def age(self, seconds):
        """Move all events into the past."""
        for row in self.execute(
            'SELECT id, expires_at FROM oauth2_revocation_event'
        ):
            moment = datetime.datetime.fromisoformat(row[1])
            self.execute(
                'UPDATE oauth2_revocation_event SET expires_at = :then '
                'WHERE id = :id',
                id=row[0],
                then=str(moment - datetime.timedelta(seconds=seconds)),
            )

    def count(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        return len(answer.json['revocation_events'])

    def test_end(self):
        client = self.identity.create_application_credential(self.user)
        self.identity.delete_application_credential(self.user, client.id)
        self.assertEqual(1, self.count())
        self.age(seconds=30)
        self.assertEqual(1, self.count())
        self.assertEqual(0, revocation_events.purge())
        self.age(seconds=40)
        self.assertEqual(0, self.count())
        self.assertEqual(0, revocation_events.purge(), 'too early')
        self.age(seconds=300)
        self.assertEqual(1, revocation_events.purge())
        self.assertEqual(0, revocation_events.purge())


class RevokeTokensTest(jwts.JWTTestCase):
    """An authenticator that is removed with the client's tokens."""

    def setUp(self):
        super().setUp()
        self.owner_token = self.identity.token_for(self.user)
        self.use_client()

    def use_client(self):
        """Create a client with a second secret."""
        self.own = self.identity.create_application_credential(self.user)
        self.second = self.register('secret')

    def register(self, kind):
        return clients.register(
            self.keystone.request, self.owner_token, self.own, kind
        )

    def remove(self, identifier, query):
        return self.keystone.request(
            'DELETE',
            clients.path_of(self.own, f'/secrets/{identifier}{query}'),
            token=self.owner_token,
        )

    def test_tokens_of_the_client_alone(self):
        """K03: at each door, whichever authenticator they are from."""
        for own in (False, True):
            with self.variant(own):
                # A token from the second of a removal would be refused, too.
                self.use_client()
                bystander = self.issue()
                token = self.issue(self.own)
                self.assertEqual(200, self.use(token))
                identifier = self.own.id if own else self.second['id']
                answer = self.remove(identifier, '?revoke_tokens=true')
                self.assertEqual(204, answer.status, answer.text)
                self.assertEqual(401, self.use(token))
                self.assertEqual(404, self.seen(token).status)
                self.assertThat(self.introspect(token), tokens.INACTIVE)
                self.assertEqual(200, self.use(bystander))

    def test_others_remain_by_default(self):
        for query in ('', '?revoke_tokens=false'):
            with self.variant(query):
                second = self.register('secret')
                token = self.issue(self.own)
                answer = self.remove(second['id'], query)
                self.assertEqual(204, answer.status, answer.text)
                self.assertEqual(200, self.use(token))

    def test_newer_tokens_count(self):
        """Except those of the next two seconds."""
        self.remove(self.second['id'], '?revoke_tokens=true')
        self.assertEqual(401, self.use(self.issue(self.own)))
        self.execute(
            'UPDATE oauth2_client SET tokens_revoked_at = '
            "datetime(tokens_revoked_at, '-4 seconds') WHERE client_id = :id",
            id=self.own.id,
        )
        self.assertEqual(200, self.use(self.issue(self.own)))

    def test_value_must_be_boolean(self):
        for value in ('', 'True', '1', 'yes', 'true,true'):
            with self.variant(value):
                answer = self.remove(
                    self.second['id'], f'?revoke_tokens={value}'
                )
                self.assertThat(answer, clients.IsKeystoneError(400))
        self.assertEqual(204, self.remove(self.second['id'], '').status)

    def test_nothing_is_recorded_if_nothing_is_removed(self):
        answer = self.remove('0' * 32, '?revoke_tokens=true')
        self.assertThat(answer, clients.IsKeystoneError(404))
        self.assertEqual(
            [],
            self.execute(
                'SELECT id FROM oauth2_revocation_event WHERE client_id = :id',
                id=self.own.id,
            ),
        )


class OpaqueTest(clients.ClientsTestCase):
    """A Keystone whose tokens nobody else can verify."""

    def test_there_is_no_list(self):
        answer = self.identity.as_admin('GET', jwts.EVENTS)
        self.assertThat(answer, clients.IsKeystoneError(404))

    def test_nothing_is_recorded(self):
        client = self.identity.create_application_credential(self.user)
        self.identity.delete_application_credential(self.user, client.id)
        self.assertEqual(
            [], self.execute('SELECT id FROM oauth2_revocation_event')
        )

    def test_tokens_cannot_be_revoked_with_an_authenticator(self):
        """Better than a promise that is not kept."""
        answer = self.keystone.request(
            'DELETE',
            clients.path_of(
                self.client, f'/secrets/{self.client.id}?revoke_tokens=true'
            ),
            token=self.identity.token_for(self.user),
        )
        self.assertThat(answer, clients.IsKeystoneError(400, 'needs JWT'))
