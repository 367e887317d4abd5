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

"""Tests of how many guesses are checked, whatever an attacker does."""

import collections

import hypothesis
from hypothesis import strategies

from keystone_oauth2.conf import option_types
from keystone_oauth2.limits import counters
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base

OWNER = messages.Source('192.0.2.99', is_shared=False)

sources = strategies.builds(
    messages.Source,
    strategies.sampled_from(['192.0.2.1', '192.0.2.2', '192.0.2.3', '']),
    is_shared=strategies.booleans(),
)
guesses = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(['victim', 'made up']),
        sources,
        strategies.booleans(),
    ),
    max_size=80,
)
limits = strategies.integers(1, 12)
RATE = option_types.RateType()


def is_checked(guard, client, source, was_slow):
    """Guess a secret once, and return whether the guess is checked."""
    try:
        guard.check(client, source)
    except ports.TooManyFailures as error:
        assert error.seconds > 0
        return False
    try:
        guard.failed(client, source, was_slow=was_slow)
    except ports.TooManyFailures as error:
        assert error.seconds > 0
    return True


class BoundTest(base.TestCase):
    """The guarantees of the guide hold for any sequence of guesses."""

    @hypothesis.given(limits, limits, guesses)
    def test_guesses_at_a_client_are_bounded(self, of_client, of_all, guesses):
        """B08: in total, and for each further address."""
        found = self.guess(of_client, of_all, guesses)
        for client in ('victim', 'made up'):
            addresses = {
                source.address for name, source, _ in guesses if name == client
            }
            self.assertLessEqual(
                found[client], of_all + of_client * len(addresses)
            )

    def test_windows_may_differ(self):
        """B08: the shorter one ends, and the bound of the longer one stays."""
        source = OWNER
        for of_client, of_all, bound in (
            ('3/second', '10/minute', 13),
            ('3/minute', '10/second', 13),
        ):
            memory = counters.Memory()
            guard = failures.FailureGuard(
                memory, RATE(of_client), RATE(of_all)
            )
            found = 0
            for _ in range(8):
                found += sum(
                    is_checked(guard, 'victim', source, False)
                    for _ in range(20)
                )
                self.end_shorter_windows(memory)
            with self.variant(of_client):
                expected = bound if of_all.endswith('minute') else 8 * bound
                self.assertLessEqual(found, expected)

    def end_shorter_windows(self, memory):
        for key in list(memory._counters):
            if '/1/' in key:
                del memory._counters[key]

    @hypothesis.given(limits, guesses)
    def test_client_limit_alone_bounds_guesses_too(self, of_client, guesses):
        """B08: without an address limit, it is a hard limit."""
        found = self.guess(of_client, '', guesses)
        for client in ('victim', 'made up'):
            addresses = {
                source.address for name, source, _ in guesses if name == client
            }
            self.assertLessEqual(found[client], of_client + len(addresses))

    @hypothesis.given(limits, limits, guesses)
    def test_slow_hashes_are_bounded(self, of_client, of_all, guesses):
        """B09: by the limit of the client."""
        slow = [(name, source, True) for name, source, _ in guesses]
        found = self.guess(of_client, of_all, slow)
        for client in ('victim', 'made up'):
            addresses = {
                source.address for name, source, _ in guesses if name == client
            }
            self.assertLessEqual(found[client], of_client + len(addresses))

    @hypothesis.given(limits, limits, guesses)
    def test_address_without_an_attacker_is_not_blocked(
        self, of_client, of_all, guesses
    ):
        """B09: nor are other clients at a shared address."""
        guard = self.guard(of_client, of_all)
        for guess in guesses:
            is_checked(guard, *guess)
        guard.check('victim', OWNER)
        for _, source, _ in guesses:
            if source.is_shared:
                guard.check('another', source)

    def guard(self, of_client, of_all):
        return failures.FailureGuard(
            counters.Memory(),
            RATE(f'{of_client}/day' if of_client else ''),
            RATE(f'{of_all}/day' if of_all else ''),
        )

    def guess(self, of_client, of_all, guesses):
        """Return how many guesses at each client are checked."""
        guard = self.guard(of_client, of_all)
        return collections.Counter(
            guess[0] for guess in guesses if is_checked(guard, *guess)
        )
