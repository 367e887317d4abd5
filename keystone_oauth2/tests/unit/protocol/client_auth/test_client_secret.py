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

"""Secrets of clients, and what their refusal costs."""

import datetime

from keystone_oauth2.protocol import errors
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.client_auth import secrets

OTHER_METHODS = frozenset(['private_key_jwt'])


class RefusalCostTest(secrets.ClientSecretTestCase):
    """B07: refusals before the secret is verified, and wrong secrets."""

    def setUp(self):
        super().setUp()
        for client_id in ('disabled', 'restricted'):
            self.clients.add(client_id)
            self.hasher.add(client_id, 'a+b')
        self.clients.refusals['disabled'] = 'the user is disabled'
        self.clients.change('restricted', methods=OTHER_METHODS)
        # Retired, and without any other secret.
        self.clients.add('retired', is_retired=True)
        self.early = {
            'unknown': 'unknown client',
            'disabled': 'the user is disabled',
            'restricted': 'not registered for',
            'retired': 'nothing is registered for',
        }

    def requests(self, client_id, secret):
        """Yield requests by each method, and how many readings they have."""
        quoted = protocol_base.basic(f'{client_id}:{secret}')
        yield 2, lambda: self.authenticate(quoted)
        plain = protocol_base.basic(f'{client_id}:plain')
        yield 1, lambda: self.authenticate(plain)
        form = {'client_id': client_id, 'client_secret': secret}
        yield 1, lambda: self.authenticate(**form)

    def refuse(self, request):
        """Return the refusal of a request, and reset what it has cost."""
        self.hasher.checks = self.hasher.dummies = 0
        self.guard.failures.clear()
        return self.assert_raises(errors.InvalidClient, request)

    def test_it_costs_a_slow_check_for_each_reading_without_digests(self):
        """B07: as a wrong secret does; and the guard is told."""
        self.keys = []
        for client_id, reason in self.early.items():
            for readings, request in self.requests(client_id, 'a+b'):
                with self.variant((client_id, readings)):
                    self.assertIn(reason, self.refuse(request).detail)
                    self.assertEqual(0, self.hasher.checks)
                    self.assertEqual(readings, self.hasher.dummies)
                    self.assertEqual([True], self.guard.failures)
        for readings, request in self.requests('client', 'c+d'):
            with self.variant(readings):
                self.assertIn('wrong secret', self.refuse(request).detail)
                self.assertEqual(readings, self.hasher.checks)
                self.assertEqual(0, self.hasher.dummies)
                self.assertEqual([True], self.guard.failures)

    def test_it_costs_nothing_slow_with_digests(self):
        """B07: as a wrong secret does; and the guard is told."""
        self.authenticate(client_id='client', client_secret='a+b')
        for client_id, reason in (
            *self.early.items(),
            ('client', 'wrong secret'),
        ):
            for readings, request in self.requests(client_id, 'c+d'):
                with self.variant((client_id, readings)):
                    self.assertIn(reason, self.refuse(request).detail)
                    self.assertEqual(0, self.hasher.checks)
                    self.assertEqual(0, self.hasher.dummies)
                    self.assertEqual([False], self.guard.failures)

    def test_retired_secret_costs_what_a_wrong_one_costs(self):
        """B07: also if another secret is registered."""
        self.clients.register_secret('registered', 'retired')
        for keys, is_slow in (([], True), (self.keys, False)):
            self.keys = keys
            for readings, request in self.requests('retired', 'a+b'):
                with self.variant((keys, readings)):
                    self.assertIn('wrong secret', self.refuse(request).detail)
                    self.assertEqual(0, self.hasher.checks)
                    self.assertEqual(readings * is_slow, self.hasher.dummies)
                    self.assertEqual([is_slow], self.guard.failures)

    def test_first_wrong_secret_is_slow_even_with_digests(self):
        """B09: there is no digest to compare; the guard is told."""
        for readings, request in self.requests('client', 'c+d'):
            with self.variant(readings):
                self.assertIn('wrong secret', self.refuse(request).detail)
                self.assertEqual(readings, self.hasher.checks)
                self.assertEqual([True], self.guard.failures)

    def test_registered_secret_of_a_refused_client_is_not_looked_at(self):
        """B07: it costs what any other secret costs."""
        self.clients.register_secret('registered', 'disabled')
        for keys, dummies in (([], 1), (self.keys, 0)):
            self.keys = keys
            for secret in ('registered', 'a+b', 'guessed'):
                with self.variant((keys, secret)):
                    refusal = self.refuse(
                        lambda secret=secret: self.authenticate(
                            client_id='disabled', client_secret=secret
                        )
                    )
                    self.assertEqual('the user is disabled', refusal.detail)
                    self.assertEqual(dummies, self.hasher.dummies)
        self.assertEqual([], self.clients.uses)

    def test_malformed_request_costs_nothing(self):
        self.keys = []
        self.assert_raises(
            errors.InvalidRequest,
            lambda: self.authenticate(
                protocol_base.basic('client:a+b'), client_id='other'
            ),
        )
        self.assertEqual(0, self.hasher.checks + self.hasher.dummies)
        self.assertEqual([], self.guard.failures)


class SecretTest(secrets.ClientSecretTestCase):
    def authenticate(self, secret):
        return super().authenticate(client_id='client', client_secret=secret)

    def test_client_is_refused_at_the_next_request_if_there_is_a_digest(self):
        """Until it may be used again; without another slow check."""
        self.authenticate('a+b')
        self.clients.refusals['client'] = 'it has expired'
        error = self.assert_raises(
            errors.InvalidClient, self.authenticate, 'a+b'
        )
        self.assertEqual('it has expired', error.detail)
        self.clients.refusals.clear()
        self.assertEqual('client', self.authenticate('a+b').id)
        self.assertEqual((1, 1), (self.hasher.checks, self.clients.stored))

    def test_client_expires_with_the_secret_that_was_used(self):
        """K04: the original secret expires with the credential."""
        end = datetime.datetime(2099, 1, 1)
        self.clients.register_secret('ends', expires_at=end)
        self.clients.register_secret('registered')
        for secret, expected in (
            ('ends', end),
            ('registered', None),
            ('a+b', None),
        ):
            with self.variant(secret):
                self.assertEqual(expected, self.authenticate(secret).ends_at)

    def test_methods_of_the_client_apply_to_each_secret(self):
        """B11: a registered one, too."""
        self.clients.register_secret('registered')
        self.clients.change(methods=OTHER_METHODS)
        for secret in ('registered', 'a+b'):
            with self.variant(secret):
                error = self.assert_raises(
                    errors.InvalidClient, self.authenticate, secret
                )
                self.assertIn('not registered for', error.detail)
