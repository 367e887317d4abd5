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

import fixtures
from oslo_utils import timeutils

from keystone_oauth2.db import revocation_events
from keystone_oauth2.identity import database
from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import jwts

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
        self.assertEqual({'client_id', 'user_id', 'issued_before'}, set(event))
        end = timeutils.normalize_time(
            timeutils.parse_isotime(event['issued_before'])
        )
        seconds = (end - before).total_seconds()
        self.assertTrue(5 <= seconds <= 35, event)

    def test_links_are_those_of_one_page(self):
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

    def test_older_events_are_left_out(self):
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

    def test_ended_event_is_deleted(self):
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

    def test_recording_deletes_ended_events(self):
        """Without a job of the operator."""
        client = self.identity.create_application_credential(self.user)
        self.identity.delete_application_credential(self.user, client.id)
        self.age(seconds=600)
        self.useFixture(
            fixtures.MonkeyPatch('keystone_oauth2.db.expired_rows._PAUSE', -1)
        )
        client = self.identity.create_application_credential(self.user)
        self.identity.delete_application_credential(self.user, client.id)
        (row,) = self.execute('SELECT client_id FROM oauth2_revocation_event')
        self.assertEqual((client.id,), tuple(row))


class OpaqueTest(clients.ClientsTestCase):
    """A Keystone without tokens that services can verify."""

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
