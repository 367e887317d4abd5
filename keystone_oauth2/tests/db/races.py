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

"""Tests of concurrent requests that each database must pass."""

from concurrent import futures
import datetime
import functools
import threading
import time

from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import registrations
from keystone_oauth2.db import replay
from keystone_oauth2.tests.db import base
from keystone_oauth2.tests.support import assertions as made
from keystone_oauth2.tests.support import clients

ROUNDS = 8
SECONDS = 2
TIMEOUT = 120

do = functools.partial


# SQLite does not delete the rows of a credential, and reuses its number: the
# new credential would get the roles of the old one in Keystone.
_DELETION = (
    'DELETE FROM application_credential_role WHERE application_credential_id '
    'IN (SELECT internal_id FROM application_credential WHERE id = :id)',
    'DELETE FROM application_credential WHERE id = :id',
)


class RaceTests:
    """Tests of requests in threads that only the database serialises."""

    def at_once(self, *actions):
        """Run actions at the same time, and return their results."""
        barrier = threading.Barrier(len(actions))

        def act(action):
            barrier.wait(TIMEOUT)
            return action()

        with futures.ThreadPoolExecutor(len(actions)) as pool:
            started = [pool.submit(act, action) for action in actions]
            return [future.result(TIMEOUT) for future in started]

    def statuses(self, *requests):
        """Return the statuses of concurrent requests."""
        answers = self.at_once(*requests)
        for answer in answers:
            self.assertLess(answer.status, 500, answer.text)
        return sorted(answer.status for answer in answers)

    def new_clients(self):
        """Return unused clients, one for each round."""
        for _ in range(ROUNDS):
            yield self.identity.create_application_credential(self.user)

    def post_secret(self, client):
        return self.manage('POST', '/secrets', {'secret': {}}, client)

    def delete(self, client, kind, one):
        """Remove an authenticator."""
        rest = f'/{clients.COLLECTIONS[kind]}/{one}'
        return self.manage('DELETE', rest, None, client)

    def delete_client(self, client):
        """Delete a client through Keystone."""
        return self.keystone.request(
            'DELETE',
            f'/v3/users/{self.user.id}/application_credentials/{client.id}',
            token=self.owner_token,
        )

    def tokens_by_key(self, signer, count):
        """Return requests for tokens, each with its own assertion."""
        return [
            do(self.get_token, **clients.by_key(signer)) for _ in range(count)
        ]

    def test_assertion_is_accepted_once_of_concurrent_uses(self):
        """C06."""
        signer = self.register_key()
        for _ in range(ROUNDS):
            request = do(self.get_token, **clients.by_key(signer))
            found = self.statuses(*[request] * 4)
            self.assertEqual([200, 401, 401, 401], found)

    def test_only_one_worker_accepts_an_assertion(self):
        """C06: each worker has its own cache."""
        workers = [replay.ReplayCache() for _ in range(6)]
        end = timeutils.utcnow() + datetime.timedelta(minutes=1)
        for number in range(ROUNDS):
            jti = f'{self.own.id} {number}'
            found = self.at_once(
                *(
                    do(worker.consume, 'client_assertion', 'client', jti, end)
                    for worker in workers
                )
            )
            self.assertEqual([False] * 5 + [True], sorted(found))

    def test_limit_holds_for_concurrent_requests(self):
        """The limit holds even for the first registration of a client."""
        for client in self.new_clients():
            requests = [do(self.post_secret, client)] * (base.LIMIT + 2)
            found = self.statuses(*requests)
            self.assertEqual([201] * base.LIMIT + [403] * 2, found)
            shown = self.show('/secrets', client=client)['secrets']
            self.assertEqual(1 + base.LIMIT, len(shown))

    def test_one_of_the_last_two_secrets_stays(self):
        """J02: whichever is removed first."""
        for client in self.new_clients():
            secret = self.register_secret(client)
            found = self.statuses(
                do(self.delete, client, 'secret', client.id),
                do(self.delete, client, 'secret', secret['id']),
            )
            self.assertEqual([204, 409], found)
            shown = self.show('/secrets', client=client)['secrets']
            self.assertEqual(1, len(shown))

    def test_one_of_the_last_two_authenticators_stays(self):
        """J02: even of different kinds, and while methods are chosen."""
        methods = {'client': {'authentication_methods': ['private_key_jwt']}}
        for client in self.new_clients():
            signer = self.register_key(client=client)
            found = self.statuses(
                do(self.delete, client, 'key', signer.id),
                do(self.delete, client, 'secret', client.id),
                do(self.manage, 'PATCH', '', methods, client),
            )
            self.assertIn(409, found)
            shown = self.show('/keys', client=client)['keys']
            if shown:
                answer = self.get_token(**clients.by_key(signer))
            else:
                answer = self.post_as(client)
            self.assertEqual(200, answer.status, answer.text)

    def test_concurrent_rotations_succeed(self):
        """Both new secrets work, and the old one is removed once."""
        for client in self.new_clients():
            results = self.at_once(*[do(self.rotate, client)] * 2)
            deleted = sorted(result[1].status for result in results)
            self.assertEqual([204, 404], deleted)
            for answer, _ in results:
                secret = answer.json['secret']['secret']
                how = clients.by_secret(client, secret)
                self.assertEqual(200, self.get_token(**how).status)

    def rotate(self, client):
        """Replace the client's own secret with a new one."""
        return (
            self.post_secret(client),
            self.delete(client, 'secret', client.id),
        )

    def test_same_key_is_registered_once(self):
        for client in self.new_clients():
            wanted = {'key': {'jwk': made.Signer(client.id, '').jwk}}
            request = do(self.manage, 'POST', '/keys', wanted, client)
            self.assertEqual([201, 409, 409], self.statuses(*[request] * 3))

    def test_same_set_is_registered_once(self):
        """All responses have the same keys."""
        for client in self.new_clients():
            jwks = {'keys': [made.Signer(client.id, '').jwk for _ in '12']}
            wanted = {'key': {'jwks': jwks}}
            request = do(self.manage, 'POST', '/keys', wanted, client)
            answers = self.at_once(*[request] * 3)
            self.assertEqual(
                [200, 200, 201], sorted(answer.status for answer in answers)
            )
            for answer in answers:
                self.assertEqual(answers[0].json, answer.json)

    def test_key_can_be_removed_while_in_use(self):
        for _ in range(ROUNDS):
            signer = self.register_key()
            found = self.statuses(
                do(self.delete, self.own, 'key', signer.id),
                *self.tokens_by_key(signer, 3),
            )
            self.assertEqual(set(), set(found) - {200, 204, 401})
            self.assertIn(204, found)
            answer = self.get_token(**clients.by_key(signer))
            self.assertThat(answer, clients.REFUSED)

    def test_concurrent_first_uses_are_recorded(self):
        """Databases lock gaps between the rows of different clients."""
        ways = [
            (client, self.register_secret(client))
            for client in self.new_clients()
        ]
        found = self.statuses(
            *(
                do(
                    self.get_token,
                    **clients.by_secret(client, secret['secret']),
                )
                for client, secret in ways
            )
        )
        self.assertEqual([200] * ROUNDS, found)
        for client, secret in ways:
            shown = self.shown('secret', secret, client=client)
            self.assertIsNotNone(shown['last_used_at'])

    def test_credential_can_be_deleted_during_other_requests(self):
        """Late requests are refused, and none hangs or fails."""
        for client in self.new_clients():
            secret = self.register_secret(client)
            signer = self.register_key(client=client)
            how = clients.by_secret(client, secret['secret'])
            found = self.statuses(
                do(self.delete_client, client),
                do(self.post_secret, client),
                do(self.post_secret, client),
                do(self.delete, client, 'secret', secret['id']),
                do(self.get_token, **how),
                *self.tokens_by_key(signer, 1),
            )
            self.assertIn(204, found)
            late = {401, 403, 404}
            self.assertEqual(set(), set(found) - {200, 201, 204} - late)
            for way in (how, clients.by_key(signer)):
                self.assertThat(self.get_token(**way), clients.REFUSED)
            self.assert_nothing_left(client)

    def assert_nothing_left(self, client):
        registrations.purge()
        for table in (base.CLIENTS, base.AUTHENTICATORS):
            rows = self.execute(
                f'SELECT client_id FROM {table} WHERE client_id = :id',
                id=client.id,
            )
            self.assertEqual([], rows)

    def test_change_locks_nothing_while_it_waits_for_a_deletion(self):
        """Otherwise they would deadlock.

        The deletion goes on to the rows of the extension.
        """
        secret = self.register_secret()
        methods = {'client': {'authentication_methods': None}}
        for request, status in (
            (do(self.post_secret, self.own), 201),
            (do(self.delete, self.own, 'secret', secret['id']), 204),
            (do(self.manage, 'PATCH', '', methods, self.own), 200),
        ):
            with self.variant(status), futures.ThreadPoolExecutor() as pool:
                with self.engine.connect() as first, first.begin():
                    self.touch(first, 'application_credential', 'name', 'id')
                    second = pool.submit(request)
                    futures.wait([second], 0.5)
                    self.assertFalse(second.done(), 'the change did not wait')
                    self.touch(first, base.CLIENTS, 'methods')
                    self.touch(first, base.AUTHENTICATORS, 'description')
                answer = second.result(TIMEOUT)
                self.assertEqual(status, answer.status, answer.text)

    def touch(self, connection, table, column, key='client_id'):
        """Lock the rows of the test's own client."""
        connection.execute(
            sa.text(
                f'UPDATE {table} SET {column} = {column} WHERE {key} = :id'
            ),
            {'id': self.own.id},
        )

    def test_change_after_a_deletion_is_refused(self):
        """The change waits for the deletion."""
        secret = self.register_secret()
        for request in (
            do(self.post_secret, self.own),
            do(self.delete, self.own, 'secret', secret['id']),
        ):
            with futures.ThreadPoolExecutor() as pool:
                with self.engine.connect() as first, first.begin():
                    for statement in _DELETION:
                        first.execute(sa.text(statement), {'id': self.own.id})
                    second = pool.submit(request)
                    futures.wait([second], 0.5)
                answer = second.result(TIMEOUT)
                self.assertIn(answer.status, (403, 404), answer.text)

    def test_purge_runs_during_other_requests(self):
        """Neither waits long for the other."""
        signer = self.register_key()
        purged, used, rotated, deleted = self.at_once(
            do(self.repeat, self.purge),
            do(self.repeat, do(self.use, signer)),
            do(self.repeat, self.create_and_delete),
            do(self.repeat, self.expire_and_delete),
        )
        self.assertLess(0, len(purged))
        self.assertEqual({200}, set(used))
        self.assertEqual({(201, 204)}, set(rotated))
        self.assertEqual({204}, set(deleted))

    def repeat(self, action):
        end = time.monotonic() + SECONDS
        found = []
        while time.monotonic() < end:
            found.append(action())
        return found

    def purge(self):
        return registrations.purge(), replay.purge()

    def use(self, signer):
        return self.get_token(**clients.by_key(signer)).status

    def create_and_delete(self):
        answer = self.post_secret(self.own)
        one = answer.json['secret']['id']
        return answer.status, self.delete(self.own, 'secret', one).status

    def expire_and_delete(self):
        client = self.identity.create_application_credential(self.user)
        self.expire(self.register_secret(client))
        return self.delete_client(client).status
