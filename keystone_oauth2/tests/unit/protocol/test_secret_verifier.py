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

import dataclasses
import datetime

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import secret_stores

STAGED, FIRST, SECOND, THIRD = (bytes([number]) * 32 for number in range(4))
CLIENT = ('client', 'right')
DELEGATION = ports.ApplicationCredential('client', 'user', 'project')


def key_id(master, length=secret_stores.HASHED_LENGTH):
    """Return the key id that is stored with a digest."""
    return secret_digest.derive(master, length).id


class VerifierTestCase(base.TestCase):
    """One client, and keys as ``keystone-manage`` sets them up."""

    def setUp(self):
        super().setUp()
        self.keys = [FIRST, STAGED]
        self.credentials = secret_stores.Credentials()
        self.secrets = secret_stores.Secrets()
        self.add(*CLIENT)
        self.verify = self.new_verifier()

    def new_verifier(self):
        """Return the verifier of another worker."""
        return secret_digest.SecretVerifier(
            self.credentials, self.secrets, lambda: self.keys
        )

    def add(self, client_id, secret, **attributes):
        self.credentials.add(client_id, **attributes)
        self.secrets.add(client_id, secret)

    def assert_refused(self, client_id, secret, reason):
        error = self.assert_raises(
            ports.Refused, self.verify, client_id, secret
        )
        self.assertIn(reason, str(error))
        if secret:
            self.assertNotIn(secret, str(error))

    def assert_cost(self, checks, stored):
        """Assert the number of slow checks, and of stored digests."""
        self.assertEqual(
            (checks, stored), (self.secrets.checks, self.credentials.stored)
        )


class FirstUseTest(VerifierTestCase):
    def test_slow_check_runs_only_once(self):
        for _ in range(3):
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
            self.assert_cost(checks=1, stored=1)
        self.assertEqual(DELEGATION, self.new_verifier()(*CLIENT))
        self.assert_cost(checks=1, stored=1)

    def test_digest_is_stored_under_the_primary_key(self):
        self.verify(*CLIENT)
        stored_id, digest = self.credentials.digest('client')
        key = secret_digest.derive(FIRST, secret_stores.HASHED_LENGTH)
        self.assertEqual(key.id, stored_id)
        self.assertEqual(key.digest('client', b'right'), digest)

    def test_wrong_secret_stores_no_digest(self):
        self.assert_refused('client', 'guessed', 'wrong secret')
        self.assert_cost(checks=1, stored=0)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))

    def test_wrong_secret_needs_no_slow_check_if_there_is_a_digest(self):
        """B08: nor does it change the stored digest."""
        self.verify(*CLIENT)
        for secret in ('guessed', '', 'right ', 'Right', 'x' * 5000):
            with self.variant(secret):
                self.assert_refused('client', secret, 'wrong secret')
                self.assert_cost(checks=1, stored=1)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=1)

    def test_digest_decides_even_if_the_slow_check_would_differ(self):
        self.verify(*CLIENT)
        self.secrets.add('client', 'another')
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_refused('client', 'another', 'wrong secret')
        self.assert_cost(checks=1, stored=1)

    def test_digest_of_another_client_is_refused(self):
        """An attacker who can write to the database has copied a row."""
        self.add('other', 'of the other')
        self.verify('other', 'of the other')
        stored_id, digest = self.credentials.digest('other')
        self.credentials.change(
            'client', digest_key_id=stored_id, digest=digest
        )
        self.assert_refused('client', 'of the other', 'wrong secret')
        self.assert_cost(checks=1, stored=1)

    def test_digest_made_with_another_key_is_refused(self):
        """Even under the id of one of the current keys."""
        forged = secret_digest.derive(THIRD, secret_stores.HASHED_LENGTH)
        digest = forged.digest('client', b'forged')
        for stored_id in (forged.id, key_id(FIRST), ''):
            with self.variant(stored_id):
                self.credentials.change(
                    'client', digest_key_id=stored_id, digest=digest
                )
                self.assert_refused('client', 'forged', 'wrong secret')

    def test_row_without_a_digest_counts_as_none(self):
        for digest in (None, ''):
            with self.variant(digest):
                self.credentials.change(
                    'client', digest_key_id=key_id(FIRST), digest=digest
                )
                self.assertEqual(DELEGATION, self.verify(*CLIENT))


class LearnTest(VerifierTestCase):
    """The secret is known when Keystone creates it."""

    def test_first_use_after_creation_needs_no_slow_check(self):
        self.verify.learn(*CLIENT)
        self.assert_cost(checks=0, stored=1)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_refused('client', 'guessed', 'wrong secret')
        self.assert_cost(checks=0, stored=1)

    def test_nothing_is_stored_if_digests_are_unavailable(self):
        self.verify.learn('unknown', 'right')
        self.credentials.has_digests = False
        self.verify.learn(*CLIENT)
        self.credentials.has_digests, self.keys = True, []
        self.verify.learn(*CLIENT)
        self.assert_cost(checks=0, stored=0)


class RotationTest(VerifierTestCase):
    def test_secondary_key_is_accepted_and_replaced_at_once(self):
        self.verify(*CLIENT)
        self.keys = [SECOND, FIRST, STAGED]
        self.assert_refused('client', 'guessed', 'wrong secret')
        self.assert_cost(checks=1, stored=1)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=2)
        self.assertEqual(key_id(SECOND), self.credentials.digest('client')[0])
        self.verify(*CLIENT)
        self.assert_cost(checks=1, stored=2)

    def test_removed_key_costs_one_slow_check(self):
        self.verify(*CLIENT)
        self.keys = [THIRD, SECOND, STAGED]
        self.assert_refused('client', 'guessed', 'wrong secret')
        self.assert_cost(checks=2, stored=1)
        for _ in range(2):
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
            self.assert_cost(checks=3, stored=2)
        self.assertEqual(key_id(THIRD), self.credentials.digest('client')[0])

    def test_digest_of_a_node_that_rotated_first_is_left_alone(self):
        """That node's primary key is still staged here."""
        self.keys = [SECOND, FIRST, THIRD]
        self.verify(*CLIENT)
        self.keys = [FIRST, STAGED, SECOND]
        for _ in range(2):
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
            self.assert_refused('client', 'guessed', 'wrong secret')
            self.assert_cost(checks=1, stored=1)
        self.assertEqual(key_id(SECOND), self.credentials.digest('client')[0])

    def test_nodes_between_rotation_and_copy_do_not_alternate(self):
        """Otherwise each would rewrite the other's row at each request."""
        rotated, not_yet = [SECOND, FIRST, THIRD], [FIRST, STAGED, SECOND]
        self.keys = not_yet
        self.verify(*CLIENT)
        for self.keys in (rotated, not_yet) * 3:
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=2)

    def test_single_key_is_sufficient(self):
        self.keys = [FIRST]
        for _ in range(2):
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=1)


class WithoutDigestsTest(VerifierTestCase):
    def test_each_request_needs_the_slow_check(self):
        for has_digests, keys in ((False, self.keys), (True, [])):
            with self.variant((has_digests, keys)):
                self.credentials.has_digests = has_digests
                self.keys = keys
                self.secrets.checks = 0
                self.assertEqual(DELEGATION, self.verify(*CLIENT))
                self.assertEqual(DELEGATION, self.verify(*CLIENT))
                self.assert_refused('client', 'guessed', 'wrong secret')
                self.assert_cost(checks=3, stored=0)

    def test_stored_digest_is_ignored_without_its_key(self):
        """The database alone grants no access."""
        self.verify(*CLIENT)
        self.secrets.add('client', 'another')
        self.keys = []
        self.assert_refused('client', 'right', 'wrong secret')
        self.assertEqual(DELEGATION, self.verify('client', 'another'))


class UnknownClientTest(VerifierTestCase):
    def test_it_costs_nothing_if_wrong_secrets_cost_nothing(self):
        """B07: with keys and tables."""
        self.assert_refused('unknown', 'right', 'unknown client')
        self.assertEqual(0, self.secrets.dummies)
        self.assert_cost(checks=0, stored=0)

    def test_it_costs_a_slow_check_if_wrong_secrets_do(self):
        """B07: without keys, or without tables."""
        for has_digests, keys in ((False, self.keys), (True, [])):
            with self.variant((has_digests, keys)):
                self.credentials.has_digests = has_digests
                self.keys = keys
                self.secrets.dummies = 0
                self.assert_refused('unknown', 'right', 'unknown client')
                self.assertEqual(1, self.secrets.dummies)
                self.assert_cost(checks=0, stored=0)

    def test_malformed_client_id_is_redacted_in_the_reason(self):
        for client_id, reason in (
            ('0f' * 16, f'unknown client {"0f" * 16}'),
            ('0F' * 16, 'unknown client (32 characters, redacted)'),
            ('x' * 5000, 'unknown client (5000 characters, redacted)'),
            ('a\nb', 'unknown client (3 characters, redacted)'),
            ('', 'unknown client (0 characters, redacted)'),
        ):
            with self.variant(client_id):
                error = self.assert_raises(
                    ports.Refused, self.verify, client_id, 'right'
                )
                self.assertEqual(reason, str(error))


class RefusalTest(VerifierTestCase):
    """An application credential that cannot be used."""

    def setUp(self):
        super().setUp()
        self.add('disabled', 'right', refusal='the user is disabled')

    def test_it_is_refused_even_with_the_right_secret(self):
        for _ in range(2):
            self.assert_refused('disabled', 'right', 'the user is disabled')

    def test_it_costs_what_a_wrong_secret_costs(self):
        """B07: the secret is always checked first."""
        for secret in ('right', 'guessed'):
            with self.variant(secret):
                self.secrets.checks = 0
                self.credentials.change('disabled', digest=None)
                self.assert_refused('disabled', secret, 'user is disabled')
                self.assertEqual(1, self.secrets.checks)

    def test_it_is_refused_at_the_next_request_if_there_is_a_digest(self):
        self.verify(*CLIENT)
        self.credentials.change('client', refusal='has expired')
        self.assert_refused('client', 'right', 'has expired')
        self.credentials.change('client', refusal=None)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=1)


class HashedPartTest(VerifierTestCase):
    """Secrets that Keystone cannot distinguish are equal here, too."""

    LONG = 'x' * secret_stores.HASHED_LENGTH
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
                self.secrets.checks = 0
                self.add('long', stored)
                for secret in (stored, given, given, stored):
                    self.assertEqual('long', self.verify('long', secret).id)
                self.assertEqual(1, self.secrets.checks)

    def test_secrets_that_differ_within_the_hashed_bytes_differ(self):
        self.add('long', self.LONG)
        for _ in range(2):
            self.assert_refused('long', self.LONG[:-1], 'wrong secret')
            self.assert_refused('long', self.LONG[:-1] + 'y', 'wrong secret')
            self.verify('long', self.LONG)

    def test_digest_of_another_length_is_not_compared(self):
        """An operator has changed how Keystone hashes passwords."""
        self.verify(*CLIENT)
        self.secrets.length = 8
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=2, stored=2)
        self.assertEqual(
            key_id(FIRST, 8), self.credentials.digest('client')[0]
        )


class RegisteredSecretTest(VerifierTestCase):
    """Secrets registered in addition to the one that Keystone created."""

    def setUp(self):
        super().setUp()
        self.use = self.credentials.register('client', 'registered')
        self.keys_there = [
            (True, self.keys),
            (True, []),
            (False, self.keys),
        ]

    def verified(self, use, **attributes):
        return dataclasses.replace(DELEGATION, use=use, **attributes)

    def test_it_needs_no_slow_check_even_the_first_time(self):
        """J02: and does not change the digest of the original secret."""
        for has_digests, keys in self.keys_there:
            with self.variant((has_digests, keys)):
                self.credentials.has_digests, self.keys = has_digests, keys
                self.assertEqual(
                    self.verified(self.use),
                    self.verify('client', 'registered'),
                )
                self.assert_cost(checks=0, stored=0)
        self.assertEqual((None, None), self.credentials.digest('client'))

    def test_client_expires_with_the_secret_that_was_used(self):
        """K04: the original secret expires with the credential."""
        end = datetime.datetime(2099, 1, 1)
        self.credentials.register('client', 'ends', end=end)
        for secret, expected in (
            ('ends', end),
            ('registered', None),
            ('right', None),
        ):
            with self.variant(secret):
                self.assertEqual(
                    expected, self.verify('client', secret).ends_at
                )

    def test_several_secrets_are_valid_at_once(self):
        """J02: so that rotation causes no interruption."""
        own_use = ports.LastUse(0, None, None)
        self.credentials.change('client', own_use=own_use)
        other_use = self.credentials.register('client', 'another')
        for _ in range(2):
            for secret, use in (
                ('registered', self.use),
                ('another', other_use),
                ('right', own_use),
            ):
                with self.variant(secret):
                    self.assertEqual(
                        self.verified(use), self.verify('client', secret)
                    )
        self.assert_cost(checks=1, stored=1)

    def test_removed_secret_is_refused(self):
        """J02: the others are still accepted."""
        self.credentials.unregister('client', 'registered')
        self.assert_refused('client', 'registered', 'wrong secret')
        self.assertEqual(DELEGATION, self.verify(*CLIENT))

    def test_whole_secret_is_compared(self):
        """J02: regardless of how many bytes Keystone's hash uses."""
        long = 'x' * secret_stores.HASHED_LENGTH
        self.credentials.register('client', long)
        self.assertEqual('client', self.verify('client', long).id)
        for secret in (long + 'x', long[:-1], 'registere', 'Registered', ''):
            with self.variant(secret):
                self.assert_refused('client', secret, 'wrong secret')

    def test_secret_of_another_client_is_refused(self):
        self.add('other', 'of the other')
        self.credentials.register('other', 'of another')
        self.assert_refused('client', 'of another', 'wrong secret')
        self.assert_refused('other', 'registered', 'wrong secret')
        self.assertEqual('other', self.verify('other', 'of another').id)

    def test_digest_that_the_database_finds_is_compared(self):
        """A database may treat different values as equal."""
        self.credentials.register('client', 'moved', registered_digest='x')
        self.assert_refused('client', 'moved', 'wrong secret')
        self.assert_cost(checks=1, stored=0)

    def test_digest_is_not_accepted_as_a_secret(self):
        """An attacker with only the database cannot authenticate."""
        digest = registration.secret_fingerprint('client', 'registered')
        self.assert_refused('client', digest, 'wrong secret')

    def test_empty_secret_is_refused(self):
        """Even though there is no registered digest, either."""
        self.add('new', 'right')
        self.assert_refused('new', '', 'wrong secret')

    def test_methods_of_the_client_are_returned(self):
        """B11: the caller checks them."""
        methods = frozenset(['private_key_jwt'])
        self.credentials.change('client', methods=methods)
        for secret, use in (('registered', self.use), ('right', None)):
            with self.variant(secret):
                self.assertEqual(
                    self.verified(use, methods=methods),
                    self.verify('client', secret),
                )

    def test_unusable_credential_is_refused(self):
        """B07: as with its original secret."""
        self.credentials.change('client', refusal='the user is disabled')
        self.assert_refused('client', 'registered', 'user is disabled')
        self.assert_cost(checks=0, stored=0)


class RetiredSecretTest(VerifierTestCase):
    """The secret that Keystone created is no longer valid."""

    def setUp(self):
        super().setUp()
        self.use = self.credentials.register('client', 'registered')

    def retire(self):
        self.credentials.change('client', is_secret_retired=True)

    def test_it_is_refused_although_keystone_still_accepts_it(self):
        """J02: at the next request."""
        self.retire()
        self.assert_refused(*CLIENT, 'wrong secret')
        self.assert_cost(checks=0, stored=0)

    def test_its_digest_is_not_used(self):
        """J02: nor is a new one stored."""
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.retire()
        self.assert_refused(*CLIENT, 'wrong secret')
        self.assert_cost(checks=1, stored=1)

    def test_registered_secret_is_still_accepted(self):
        """J02: there is no interruption."""
        self.retire()
        self.assertEqual(
            dataclasses.replace(DELEGATION, use=self.use),
            self.verify('client', 'registered'),
        )
