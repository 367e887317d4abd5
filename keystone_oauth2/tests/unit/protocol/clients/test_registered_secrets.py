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

"""Registered secrets, and those that are retired."""

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests.unit.protocol import secret_hasher
from keystone_oauth2.tests.unit.protocol.clients import verifiers


class RegisteredSecretTest(verifiers.VerifierTestCase):
    """Secrets registered in addition to the one that Keystone created."""

    def setUp(self):
        super().setUp()
        self.registered = self.clients.register_secret('registered')

    def test_it_needs_no_slow_check_even_the_first_time(self):
        """J02: and does not change the digest of the original secret."""
        for keys in (self.keys, []):
            with self.variant(keys):
                self.keys = keys
                self.assertEqual(
                    self.registered, self.verify('client', 'registered')
                )
                self.assertEqual(0, self.hasher.dummies)
                self.assert_cost(checks=0, stored=0)
        self.assertIsNone(self.clients.digest('client'))

    def test_several_secrets_are_valid_at_once(self):
        """J02: so that rotation causes no interruption."""
        another = self.clients.register_secret('another')
        for _ in range(2):
            for secret, expected in (
                ('registered', self.registered),
                ('another', another),
                ('right', verifiers.OWN),
            ):
                with self.variant(secret):
                    self.assertEqual(expected, self.verify('client', secret))
        self.assert_cost(checks=1, stored=1)

    def test_removed_secret_is_refused(self):
        """J02: the others are still accepted."""
        self.clients.unregister_all()
        self.assert_refused('client', 'registered', was_slow=True)
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))

    def test_whole_secret_is_compared(self):
        """J02: regardless of how many bytes Keystone's hash uses."""
        self.verify(*verifiers.CLIENT)
        long = 'x' * secret_hasher.HASHED_LENGTH
        self.clients.register_secret(long)
        self.assertEqual(
            registration.secret_fingerprint('client', long),
            self.verify('client', long).fingerprint,
        )
        for secret in (long + 'x', long[:-1], 'registere', 'Registered', ''):
            with self.variant(secret):
                self.assert_refused('client', secret)

    def test_secret_of_another_client_is_refused(self):
        self.add('other', 'of the other')
        another = self.clients.register_secret('of another', 'other')
        self.assert_refused('client', 'of another', was_slow=True)
        self.assert_refused('other', 'registered', was_slow=True)
        self.assertEqual(another, self.verify('other', 'of another'))

    def test_digest_that_the_database_finds_is_compared(self):
        """A database may treat different values as equal."""
        self.clients.register_secret('moved', fingerprint='x')
        self.assert_refused('client', 'moved', was_slow=True)
        self.assert_cost(checks=1, stored=0)

    def test_digest_is_not_accepted_as_a_secret(self):
        """An attacker with only the database cannot authenticate."""
        self.assert_refused(
            'client', self.registered.fingerprint, was_slow=True
        )

    def test_only_secrets_are_compared(self):
        """What identifies a key or a certificate is public."""
        fingerprint = registration.secret_fingerprint('client', 'public')
        for kind in (registration.KEY, registration.CERTIFICATE):
            self.clients.register(kind, fingerprint=fingerprint)
        self.assert_refused('client', 'public', was_slow=True)

    def test_empty_secret_is_refused(self):
        """Even though there is no registered digest, either."""
        self.add('new', 'right')
        self.assert_refused('new', '', was_slow=True)


class RetiredSecretTest(verifiers.VerifierTestCase):
    """The secret that Keystone created is no longer valid."""

    def setUp(self):
        super().setUp()
        self.registered = self.clients.register_secret('registered')

    def retire(self):
        self.clients.change('client', is_retired=True)

    def test_it_is_refused_although_keystone_still_accepts_it(self):
        """J02: at the next request."""
        self.retire()
        self.assert_refused(*verifiers.CLIENT)
        self.assertEqual(0, self.hasher.dummies)
        self.assert_cost(checks=0, stored=0)

    def test_it_costs_a_slow_check_if_wrong_secrets_do(self):
        """B07: for each reading."""
        self.retire()
        self.keys = []
        self.assert_refused(*verifiers.CLIENT, was_slow=True)
        self.assertEqual(1, self.hasher.dummies)
        self.assert_raises(
            ports.Refused, self.verify, 'client', 'guessed', 'right'
        )
        self.assertEqual(3, self.hasher.dummies)
        self.assert_cost(checks=0, stored=0)

    def test_its_digest_is_not_used(self):
        """J02: nor is a new one stored."""
        self.assertEqual(verifiers.OWN, self.verify(*verifiers.CLIENT))
        self.retire()
        self.assert_refused(*verifiers.CLIENT)
        self.assert_cost(checks=1, stored=1)

    def test_registered_secret_is_still_accepted(self):
        """J02: there is no interruption."""
        self.retire()
        self.assertEqual(self.registered, self.verify('client', 'registered'))
