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

"""When a digest decides, and when the slow check (DESIGN, 7)."""

import dataclasses
import datetime

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import registration
from keystone_oauth2.protocol import secret_digest
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import secret_stores

STAGED, FIRST, SECOND, THIRD = (bytes([number]) * 32 for number in range(4))
CLIENT = ('client', 'right')
DELEGATION = ports.ApplicationCredential('client', 'user', 'project')


def key_id(master, length=secret_stores.HASHED_LENGTH):
    """Return what is stored beside a digest."""
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
        """Return another worker's."""
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
        """Assert how many slow checks there were, and digests stored."""
        self.assertEqual(
            (checks, stored), (self.secrets.checks, self.credentials.stored)
        )


class FirstUseTest(VerifierTestCase):
    def test_slow_check_comes_once_and_never_again(self):
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

    def test_wrong_secret_leaves_no_digest(self):
        self.assert_refused('client', 'guessed', 'wrong secret')
        self.assert_cost(checks=1, stored=0)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))

    def test_wrong_secret_costs_no_slow_check_once_there_is_a_digest(self):
        """B08: nor does it change what is stored."""
        self.verify(*CLIENT)
        for secret in ('guessed', '', 'right ', 'Right', 'x' * 5000):
            with self.variant(secret):
                self.assert_refused('client', secret, 'wrong secret')
                self.assert_cost(checks=1, stored=1)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=1)

    def test_digest_decides_whatever_the_slow_check_would_say(self):
        self.verify(*CLIENT)
        self.secrets.add('client', 'another')
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_refused('client', 'another', 'wrong secret')
        self.assert_cost(checks=1, stored=1)

    def test_digest_of_another_client_opens_nothing(self):
        """Somebody who can write to the database moves a row."""
        self.add('other', 'of the other')
        self.verify('other', 'of the other')
        stored_id, digest = self.credentials.digest('other')
        self.credentials.change(
            'client', digest_key_id=stored_id, digest=digest
        )
        self.assert_refused('client', 'of the other', 'wrong secret')
        self.assert_cost(checks=1, stored=1)

    def test_digest_made_with_another_key_opens_nothing(self):
        """Nor does one under the id of a key of ours."""
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
    """The secret is known at the moment when Keystone makes it."""

    def test_first_use_needs_no_slow_check(self):
        self.verify.learn(*CLIENT)
        self.assert_cost(checks=0, stored=1)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_refused('client', 'guessed', 'wrong secret')
        self.assert_cost(checks=0, stored=1)

    def test_nothing_is_stored_where_it_cannot_be(self):
        self.verify.learn('unknown', 'right')
        self.credentials.has_digests = False
        self.verify.learn(*CLIENT)
        self.credentials.has_digests, self.keys = True, []
        self.verify.learn(*CLIENT)
        self.assert_cost(checks=0, stored=0)


class RotationTest(VerifierTestCase):
    def test_secondary_key_still_decides_and_is_replaced_at_once(self):
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
        """Its primary key is still staged here."""
        self.keys = [SECOND, FIRST, THIRD]
        self.verify(*CLIENT)
        self.keys = [FIRST, STAGED, SECOND]
        for _ in range(2):
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
            self.assert_refused('client', 'guessed', 'wrong secret')
            self.assert_cost(checks=1, stored=1)
        self.assertEqual(key_id(SECOND), self.credentials.digest('client')[0])

    def test_nodes_between_rotation_and_copy_do_not_take_turns(self):
        """Each would rewrite the row of the other at each request."""
        rotated, not_yet = [SECOND, FIRST, THIRD], [FIRST, STAGED, SECOND]
        self.keys = not_yet
        self.verify(*CLIENT)
        for self.keys in (rotated, not_yet) * 3:
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=2)

    def test_one_key_alone_is_enough(self):
        self.keys = [FIRST]
        for _ in range(2):
            self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=1)


class WithoutDigestsTest(VerifierTestCase):
    def test_each_request_pays_the_slow_check(self):
        for has_digests, keys in ((False, self.keys), (True, [])):
            with self.variant((has_digests, keys)):
                self.credentials.has_digests = has_digests
                self.keys = keys
                self.secrets.checks = 0
                self.assertEqual(DELEGATION, self.verify(*CLIENT))
                self.assertEqual(DELEGATION, self.verify(*CLIENT))
                self.assert_refused('client', 'guessed', 'wrong secret')
                self.assert_cost(checks=3, stored=0)

    def test_digest_that_is_there_is_not_looked_at_without_its_key(self):
        """A database alone gives nothing."""
        self.verify(*CLIENT)
        self.secrets.add('client', 'another')
        self.keys = []
        self.assert_refused('client', 'right', 'wrong secret')
        self.assertEqual(DELEGATION, self.verify('client', 'another'))


class UnknownClientTest(VerifierTestCase):
    def test_it_costs_nothing_where_wrong_secrets_cost_nothing(self):
        """B07: keys and tables are there."""
        self.assert_refused('unknown', 'right', 'unknown client')
        self.assertEqual(0, self.secrets.dummies)
        self.assert_cost(checks=0, stored=0)

    def test_it_costs_a_slow_check_where_wrong_secrets_do(self):
        """B07: without keys, or without tables."""
        for has_digests, keys in ((False, self.keys), (True, [])):
            with self.variant((has_digests, keys)):
                self.credentials.has_digests = has_digests
                self.keys = keys
                self.secrets.dummies = 0
                self.assert_refused('unknown', 'right', 'unknown client')
                self.assertEqual(1, self.secrets.dummies)
                self.assert_cost(checks=0, stored=0)

    def test_what_is_no_id_is_not_in_the_reason(self):
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
    """A credential that must not be used."""

    def setUp(self):
        super().setUp()
        self.add('disabled', 'right', refusal='the user is disabled')

    def test_it_is_refused_though_the_secret_holds(self):
        for _ in range(2):
            self.assert_refused('disabled', 'right', 'the user is disabled')

    def test_it_costs_what_a_wrong_secret_costs(self):
        """B07: the secret is checked first, whatever comes out."""
        for secret in ('right', 'guessed'):
            with self.variant(secret):
                self.secrets.checks = 0
                self.credentials.change('disabled', digest=None)
                self.assert_refused('disabled', secret, 'user is disabled')
                self.assertEqual(1, self.secrets.checks)

    def test_it_is_refused_at_the_next_request_once_a_digest_is_there(self):
        self.verify(*CLIENT)
        self.credentials.change('client', refusal='has expired')
        self.assert_refused('client', 'right', 'has expired')
        self.credentials.change('client', refusal=None)
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=1, stored=1)


class HashedPartTest(VerifierTestCase):
    """Secrets that Keystone cannot tell apart are one secret here too."""

    LONG = 'x' * secret_stores.HASHED_LENGTH
    ODD = LONG[:-1] + '\u20ac'

    def test_what_differs_behind_the_hashed_bytes_is_the_same(self):
        for stored, given in (
            (self.LONG, self.LONG + 'y'),
            (self.LONG + 'y', self.LONG),
            (self.LONG + 'y', self.LONG + 'z'),
            # The cut may go through a character.
            (self.ODD, self.ODD + 'y'),
        ):
            with self.variant((stored, given)):
                self.secrets.checks = 0
                self.add('long', stored)
                for secret in (stored, given, given, stored):
                    self.assertEqual('long', self.verify('long', secret).id)
                self.assertEqual(1, self.secrets.checks)

    def test_what_differs_within_them_is_another(self):
        self.add('long', self.LONG)
        for _ in range(2):
            self.assert_refused('long', self.LONG[:-1], 'wrong secret')
            self.assert_refused('long', self.LONG[:-1] + 'y', 'wrong secret')
            self.verify('long', self.LONG)

    def test_digest_of_other_bytes_is_not_compared(self):
        """An operator has changed how passwords are hashed."""
        self.verify(*CLIENT)
        self.secrets.length = 8
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.assert_cost(checks=2, stored=2)
        self.assertEqual(
            key_id(FIRST, 8), self.credentials.digest('client')[0]
        )


class RegisteredSecretTest(VerifierTestCase):
    """Secrets that were made here, beside the one that Keystone made."""

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

    def test_it_costs_no_slow_check_even_the_first_time(self):
        """J02: and leaves the digest of the other one alone."""
        for has_digests, keys in self.keys_there:
            with self.variant((has_digests, keys)):
                self.credentials.has_digests, self.keys = has_digests, keys
                self.assertEqual(
                    self.verified(self.use),
                    self.verify('client', 'registered'),
                )
                self.assert_cost(checks=0, stored=0)
        self.assertEqual((None, None), self.credentials.digest('client'))

    def test_client_ends_with_the_secret_that_it_has_shown(self):
        """K04: the own one ends with the credential."""
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

    def test_several_live_at_once(self):
        """J02: so that rotation has no gap."""
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

    def test_one_that_is_removed_opens_nothing(self):
        """J02: and the others still do."""
        self.credentials.unregister('client', 'registered')
        self.assert_refused('client', 'registered', 'wrong secret')
        self.assertEqual(DELEGATION, self.verify(*CLIENT))

    def test_it_is_the_whole_secret(self):
        """J02: no part of it, whatever Keystone's hash looks at."""
        long = 'x' * secret_stores.HASHED_LENGTH
        self.credentials.register('client', long)
        self.assertEqual('client', self.verify('client', long).id)
        for secret in (long + 'x', long[:-1], 'registere', 'Registered', ''):
            with self.variant(secret):
                self.assert_refused('client', secret, 'wrong secret')

    def test_that_of_another_client_opens_nothing(self):
        self.add('other', 'of the other')
        self.credentials.register('other', 'of another')
        self.assert_refused('client', 'of another', 'wrong secret')
        self.assert_refused('other', 'registered', 'wrong secret')
        self.assertEqual('other', self.verify('other', 'of another').id)

    def test_digest_that_is_found_is_compared(self):
        """What a database takes for the same is not the same."""
        self.credentials.register('client', 'moved', registered_digest='x')
        self.assert_refused('client', 'moved', 'wrong secret')
        self.assert_cost(checks=1, stored=0)

    def test_digest_is_no_secret(self):
        """Who has the database alone learns nothing from it."""
        digest = registration.secret_fingerprint('client', 'registered')
        self.assert_refused('client', digest, 'wrong secret')

    def test_empty_secret_is_none(self):
        """Though there is no registered digest either."""
        self.add('new', 'right')
        self.assert_refused('new', '', 'wrong secret')

    def test_methods_of_the_client_are_answered(self):
        """B11: for whoever has to compare them."""
        methods = frozenset(['private_key_jwt'])
        self.credentials.change('client', methods=methods)
        for secret, use in (('registered', self.use), ('right', None)):
            with self.variant(secret):
                self.assertEqual(
                    self.verified(use, methods=methods),
                    self.verify('client', secret),
                )

    def test_credential_that_must_not_be_used_is_refused(self):
        """B07: as with its own secret."""
        self.credentials.change('client', refusal='the user is disabled')
        self.assert_refused('client', 'registered', 'user is disabled')
        self.assert_cost(checks=0, stored=0)


class RetiredSecretTest(VerifierTestCase):
    """The secret that Keystone made is none any more."""

    def setUp(self):
        super().setUp()
        self.use = self.credentials.register('client', 'registered')

    def retire(self):
        self.credentials.change('client', is_secret_retired=True)

    def test_it_opens_nothing_though_keystone_still_takes_it(self):
        """J02: at the very next request."""
        self.retire()
        self.assert_refused(*CLIENT, 'wrong secret')
        self.assert_cost(checks=0, stored=0)

    def test_its_digest_opens_nothing(self):
        """J02: nor is it made anew."""
        self.assertEqual(DELEGATION, self.verify(*CLIENT))
        self.retire()
        self.assert_refused(*CLIENT, 'wrong secret')
        self.assert_cost(checks=1, stored=1)

    def test_registered_one_still_does(self):
        """J02: there is no gap."""
        self.retire()
        self.assertEqual(
            dataclasses.replace(DELEGATION, use=self.use),
            self.verify('client', 'registered'),
        )
