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

"""Whether the digest or the slow check decides."""

from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests.unit.protocol import secret_hasher
from keystone_oauth2.tests.unit.protocol.clients import verifiers


class FirstUseTest(verifiers.VerifierTestCase):
    def test_slow_check_runs_only_once(self):
        for _ in range(3):
            self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
            self.assert_cost(checks=1, stored=1)
        self.verifier = self.new_verifier()
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_cost(checks=1, stored=1)

    def test_digest_is_stored_under_the_primary_key(self):
        self.verify(*verifiers.CLIENT)
        key = secret_digest.derive(
            verifiers.FIRST, secret_hasher.HASHED_LENGTH
        )
        self.assertEqual(
            clients.SecretDigest(key.id, key.digest('client', b'right')),
            self.clients.digest('client'),
        )

    def test_wrong_secret_hasher_no_digest(self):
        self.assert_refused('client', 'guessed', was_slow=True)
        self.assert_cost(checks=1, stored=0)
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))

    def test_wrong_secret_needs_no_slow_check_if_there_is_a_digest(self):
        """B08: nor does it change the stored digest."""
        self.verify(*verifiers.CLIENT)
        for secret in ('guessed', '', 'right ', 'Right', 'x' * 5000):
            with self.variant(secret):
                self.assert_refused('client', secret)
                self.assert_cost(checks=1, stored=1)
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_cost(checks=1, stored=1)

    def test_digest_decides_even_if_the_slow_check_would_differ(self):
        self.verify(*verifiers.CLIENT)
        self.hasher.add('client', 'another')
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_refused('client', 'another')
        self.assert_cost(checks=1, stored=1)

    def test_digest_of_another_client_is_refused(self):
        """An attacker who can write to the database has copied a row."""
        self.add('other', 'of the other')
        self.verify('other', 'of the other')
        self.clients.change(
            'client', secret_digest=self.clients.digest('other')
        )
        self.assert_refused('client', 'of the other')
        self.assert_cost(checks=1, stored=1)

    def test_digest_made_with_another_key_is_refused(self):
        """Even under the id of one of the current keys."""
        forged = secret_digest.derive(
            verifiers.THIRD, secret_hasher.HASHED_LENGTH
        )
        digest = forged.digest('client', b'forged')
        for stored_id, was_slow in (
            (forged.id, True),
            (verifiers.key_id(verifiers.FIRST), False),
            ('', True),
        ):
            with self.variant(stored_id):
                stored = clients.SecretDigest(stored_id, digest)
                self.clients.change('client', secret_digest=stored)
                self.assert_refused('client', 'forged', was_slow=was_slow)

    def test_each_reading_is_tried(self):
        """B02: in their order, until one is right."""
        for readings, checks in (
            (('right', 'guessed'), 1),
            (('guessed', 'right'), 3),
        ):
            with self.variant(readings):
                self.clients.change('client', secret_digest=None)
                self.assertEqual(
                    verifiers.OWN, self.verify('client', *readings)
                )
                self.assertEqual(checks, self.hasher.checks)
                self.assertEqual(
                    verifiers.OWN, self.verify('client', *readings)
                )
                self.assertEqual(checks, self.hasher.checks)


class LearnTest(verifiers.VerifierTestCase):
    """The secret is known when Keystone creates it."""

    def test_first_use_after_creation_needs_no_slow_check(self):
        self.verifier.learn(*verifiers.CLIENT)
        self.assert_cost(checks=0, stored=1)
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_refused('client', 'guessed')
        self.assert_cost(checks=0, stored=1)

    def test_nothing_is_stored_if_digests_are_unavailable(self):
        self.keys = []
        self.verifier.learn(*verifiers.CLIENT)
        self.assert_cost(checks=0, stored=0)


class RotationTest(verifiers.VerifierTestCase):
    def test_secondary_key_is_accepted_and_replaced_at_once(self):
        self.verify(*verifiers.CLIENT)
        self.keys = [
            verifiers.SECOND,
            verifiers.FIRST,
            verifiers.STAGED,
        ]
        self.assert_refused('client', 'guessed')
        self.assert_cost(checks=1, stored=1)
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_cost(checks=1, stored=2)
        self.assertEqual(
            verifiers.key_id(verifiers.SECOND),
            self.clients.digest('client').key_id,
        )
        self.verify(*verifiers.CLIENT)
        self.assert_cost(checks=1, stored=2)

    def test_removed_key_costs_one_slow_check(self):
        self.verify(*verifiers.CLIENT)
        self.keys = [
            verifiers.THIRD,
            verifiers.SECOND,
            verifiers.STAGED,
        ]
        self.assert_refused('client', 'guessed', was_slow=True)
        self.assert_cost(checks=2, stored=1)
        for _ in range(2):
            self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
            self.assert_cost(checks=3, stored=2)
        self.assertEqual(
            verifiers.key_id(verifiers.THIRD),
            self.clients.digest('client').key_id,
        )

    def test_digest_of_a_node_that_rotated_first_is_left_alone(self):
        """That node's primary key is still staged here."""
        self.keys = [
            verifiers.SECOND,
            verifiers.FIRST,
            verifiers.THIRD,
        ]
        self.verify(*verifiers.CLIENT)
        self.keys = [
            verifiers.FIRST,
            verifiers.STAGED,
            verifiers.SECOND,
        ]
        for _ in range(2):
            self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
            self.assert_refused('client', 'guessed')
            self.assert_cost(checks=1, stored=1)
        self.assertEqual(
            verifiers.key_id(verifiers.SECOND),
            self.clients.digest('client').key_id,
        )

    def test_nodes_between_rotation_and_copy_do_not_alternate(self):
        """Otherwise each would rewrite the other's row at each request."""
        rotated, not_yet = (
            [verifiers.SECOND, verifiers.FIRST, verifiers.THIRD],
            [verifiers.FIRST, verifiers.STAGED, verifiers.SECOND],
        )
        self.keys = not_yet
        self.verify(*verifiers.CLIENT)
        for self.keys in (rotated, not_yet) * 3:
            self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_cost(checks=1, stored=2)

    def test_single_key_is_sufficient(self):
        self.keys = [verifiers.FIRST]
        for _ in range(2):
            self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_cost(checks=1, stored=1)


class WithoutDigestsTest(verifiers.VerifierTestCase):
    def test_each_request_needs_the_slow_check(self):
        self.keys = []
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_refused('client', 'guessed', was_slow=True)
        self.assert_cost(checks=3, stored=0)

    def test_stored_digest_is_ignored_without_its_key(self):
        """The database alone grants no access."""
        self.verify(*verifiers.CLIENT)
        self.hasher.add('client', 'another')
        self.keys = []
        self.assert_refused('client', 'right', was_slow=True)
        self.assertEqual(verifiers.OWN, self.verify('client', 'another'))


class PretendTest(verifiers.VerifierTestCase):
    """A client that is refused before its secret is verified."""

    def test_it_costs_nothing_if_wrong_secrets_cost_nothing(self):
        """B07: with keys."""
        for readings in (('right',), ('right', 'as sent')):
            with self.variant(readings):
                self.assertIs(False, self.verifier.pretend(readings))
                self.assertEqual(0, self.hasher.dummies)
        self.assert_cost(checks=0, stored=0)

    def test_it_costs_a_slow_check_if_wrong_secrets_do(self):
        """B07: without keys, for each reading of the secret."""
        self.keys = []
        for readings in (('right',), ('right', 'as sent')):
            with self.variant(readings):
                self.hasher.dummies = 0
                self.assertIs(True, self.verifier.pretend(readings))
                self.assertEqual(len(readings), self.hasher.dummies)
        self.assert_cost(checks=0, stored=0)


class HashedPartTest(verifiers.VerifierTestCase):
    """Secrets that Keystone cannot distinguish are equal here, too."""

    LONG = 'x' * secret_hasher.HASHED_LENGTH
    ODD = LONG[:-1] + '\u20ac'

    def test_secrets_that_differ_after_the_hashed_bytes_are_equal(self):
        for stored, given in (
            (self.LONG, self.LONG + 'y'),
            (self.LONG + 'y', self.LONG),
            (self.LONG + 'y', self.LONG + 'z'),
            # The limit may be within a character.
            (self.ODD, self.ODD + 'y'),
        ):
            with self.variant((stored, given)):
                self.hasher.checks = 0
                self.add('long', stored)
                for secret in (stored, given, given, stored):
                    self.assertEqual('long', self.verify('long', secret).id)
                self.assertEqual(1, self.hasher.checks)

    def test_secrets_that_differ_within_the_hashed_bytes_differ(self):
        self.add('long', self.LONG)
        for was_slow in (True, False):
            for secret in (self.LONG[:-1], self.LONG[:-1] + 'y'):
                self.assert_refused('long', secret, was_slow=was_slow)
            self.verify('long', self.LONG)

    def test_digest_of_another_length_is_not_compared(self):
        """An operator has changed how Keystone hashes passwords."""
        self.verify(*verifiers.CLIENT)
        self.hasher.length = 8
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.assert_cost(checks=2, stored=2)
        self.assertEqual(
            verifiers.key_id(verifiers.FIRST, 8),
            self.clients.digest('client').key_id,
        )
