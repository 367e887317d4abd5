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

"""Keystone's slow hash is used once, then a digest."""

import pathlib
import statistics
import time

from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import queries

NO_LIMITS = {'client_failures': '', 'address_failures': ''}


class UseTest(digests.DigestTestCase):
    def test_first_use_stores_a_digest_that_decides_afterwards(self):
        client = self.new_client_without_digest()
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual(1, len(self.digests(client)))
        self.assert_digest_decides(client)

    def test_without_a_digest_the_hash_decides(self):
        """So the test above can fail."""
        self.assert_hash_decides(self.new_client_without_digest())

    def test_generated_secret_has_its_digest_from_the_start(self):
        _, client = self.new_client()
        self.assertEqual(1, len(self.digests(client)))
        self.assert_digest_decides(client)

    def test_secret_chosen_by_the_user_has_one_too(self):
        _, client = self.new_client(secret='chosen by the user')
        self.assert_digest_decides(client)

    def test_later_uses_do_not_change_it(self):
        client = self.new_client_without_digest()
        self.post_as(client)
        stored = self.digests(client)
        self.post_as(client)
        self.post_as((client.id, 'wrong'))
        self.assertEqual(stored, self.digests(client))

    def test_wrong_secret_stores_nothing(self):
        client = self.new_client_without_digest()
        for secret in ('wrong', '', client.secret[1:], f'x{client.secret}'):
            with self.variant(secret):
                answer = self.post_as((client.id, secret))
                self.assertThat(answer, digests.REFUSED)
                self.assertEqual([], self.digests(client))

    def test_credential_that_keystone_refuses_to_create_has_none(self):
        user, client = self.new_client()
        count = f'SELECT COUNT(*) FROM {digests.DIGESTS}'
        before = self.execute(count)
        answer = self.keystone.request(
            'POST',
            f'/v3/users/{user.id}/application_credentials',
            json={'application_credential': {'name': ''}},
            token=self.identity.token_for(user),
        )
        self.assertEqual(400, answer.status)
        self.assertEqual(before, self.execute(count))

    def test_database_contains_neither_the_secret_nor_the_key(self):
        _, client = self.new_client()
        self.post_as(client)
        stored = b''.join(
            path.read_bytes()
            for path in pathlib.Path(self.keystone.folder).glob('keystone.db*')
        )
        self.assertIn(client.id.encode(), stored)
        self.assertNotIn(client.secret.encode(), stored)
        folder = self.keystone.folder / 'credential-keys'
        for path in folder.iterdir():
            self.assertNotIn(path.read_bytes(), stored)

    def test_failure_to_store_a_digest_refuses_no_client(self):
        """The next request pays for the hash again."""
        client = self.new_client_without_digest()
        self.addCleanup(self.execute, 'DROP TRIGGER no_space')
        self.execute(
            f'CREATE TRIGGER no_space BEFORE INSERT ON {digests.DIGESTS}'
            " BEGIN SELECT RAISE(ABORT, 'no space'); END"
        )
        self.assertThat(self.post_as(client), digests.ISSUED)
        _, client = self.new_client()
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual([], self.digests(client))

    def test_each_secret_of_a_user_has_its_own_digest(self):
        user, first = self.new_client()
        second = self.identity.create_application_credential(user)
        self.assertNotEqual(self.digests(first), self.digests(second))
        for client, secret in (
            (first, second.secret),
            (second, first.secret),
        ):
            answer = self.post_as((client.id, secret))
            self.assertThat(answer, digests.REFUSED)

    def test_introspection_and_revocation_use_it_too(self):
        client = self.new_client_without_digest()
        token = self.post_as(client).json['access_token']
        self.replace_hash(client)
        for path in ('/v3/OS-OAUTH2/introspect', '/v3/OS-OAUTH2/revoke'):
            with self.variant(path):
                answer = self.post_as(client, f'token={token}', path=path)
                self.assertEqual(200, answer.status, answer.text)
                wrong = (client.id, digests.OTHER_SECRET)
                answer = self.post_as(wrong, f'token={token}', path=path)
                self.assertThat(answer, digests.REFUSED)


class QueryTest(digests.DigestTestCase):
    def test_refusal_only_reads_the_credential_once(self):
        """B08: whether or not it exists; no cache replaces the query."""
        statements = queries.statements()
        for client_id in (self.client.id, 'unknown'):
            with self.variant(client_id):
                statements.clear()
                answer = self.post_as((client_id, 'wrong'))
                self.assertThat(answer, digests.REFUSED)
                (query,) = (one for one in statements if '\nFROM ' in one)
                self.assertIn('\nFROM application_credential ', query)


class CostTest(digests.DigestTestCase):
    """With a hash that costs about thirty times the rest of a request."""

    options = {
        'DEFAULT': {'debug': False},
        'identity': {'password_hash_rounds': 11},
        'oauth2_limits': NO_LIMITS,
    }

    def seconds(self, secret, *, for_the_first_time=False):
        """Return the processor time of a request."""
        spent = []
        for _ in range(5):
            if for_the_first_time:
                self.remove_digest(self.client)
            start = time.process_time()
            self.post_as((self.client.id, secret))
            spent.append(time.process_time() - start)
        return statistics.median(spent)

    def test_digest_costs_a_fraction_of_the_hash(self):
        """B08: for a wrong secret; a right one also costs a token."""
        for secret, ratio in (('wrong', 5), (self.client.secret, 2)):
            with self.variant(secret):
                self.post_as(self.client)
                with_digest = self.seconds(secret)
                without = self.seconds(secret, for_the_first_time=True)
                self.assertGreater(without, ratio * with_digest)

    def test_wrong_secrets_cost_no_more_than_right_ones(self):
        """B08: once the secret has its digest."""
        self.post_as(self.client)
        right = self.seconds(self.client.secret)
        self.assertLess(self.seconds('wrong'), right)


class OtherWorkerTest(digests.DigestTestCase):
    def test_row_stored_by_another_worker_decides_here(self):
        """No process caches digests."""
        _, client = self.new_client()
        ((key_id, digest),) = self.digests(client)
        self.post_as(client)
        self.execute(
            f'UPDATE {digests.DIGESTS} SET digest = :digest'
            ' WHERE client_id = :id',
            id=client.id,
            digest='0' * 64,
        )
        self.assertThat(self.post_as(client), digests.REFUSED)
        self.execute(
            f'UPDATE {digests.DIGESTS} SET digest = :digest'
            ' WHERE client_id = :id',
            id=client.id,
            digest=digest,
        )
        self.assertThat(self.post_as(client), digests.ISSUED)


class OffTest(digests.DigestTestCase):
    options = {'oauth2_secrets': {'digests': False}}

    def test_nothing_is_stored_and_keystone_decides(self):
        _, client = self.new_client()
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual([], self.digests(client))
        self.assert_hash_decides(client)

    def test_earlier_digest_is_ignored(self):
        """An operator has disabled digests."""
        _, client = self.new_client()
        self.post_as(client)
        self.execute(
            f'INSERT INTO {digests.DIGESTS} SELECT internal_id, id, :key,'
            ' :digest FROM application_credential WHERE id = :id',
            id=client.id,
            key='0' * 32,
            digest='0' * 64,
        )
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assert_hash_decides(client)
        answer = self.post_as((client.id, 'wrong'))
        self.assertThat(answer, digests.REFUSED)
