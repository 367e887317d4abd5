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

"""Counting failures: who is stopped, for how long, and who is not."""

import time
import uuid

import limits.storage

from keystone_oauth2.db import counters
from keystone_oauth2.db import failures
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base
from keystone_oauth2.tests import requirement


def source(*, is_shared=False):
    """Return a source that no other test has."""
    return messages.Source(uuid.uuid4().hex, is_shared)


class FailureGuardTests:
    """What holds wherever failures are counted."""

    url = None

    def setUp(self):
        super().setUp()
        self.require()
        self.client, self.other = uuid.uuid4().hex, uuid.uuid4().hex
        self.attacker, self.owner = source(), source()

    def guard(self, client_limit='3/hour', address_limit=''):
        return failures.FailureGuard(
            counters.connect(self.url), client_limit, address_limit
        )

    def fail(self, guard, client, where, times=1, *, was_slow=False):
        """Have wrong secrets looked at, each of them answered 401."""
        for _ in range(times):
            guard.check(client, where)
            guard.failed(client, where, was_slow=was_slow)

    def fail_again(self, guard, client, where, times=1):
        """Have wrong secrets looked at, each of them answered 429.

        :returns: for how many seconds.
        """
        for _ in range(times):
            guard.check(client, where)
            seconds = self.assert_raises(
                ports.TooManyFailures, self._failed, guard, client, where
            ).seconds
        return seconds

    def _failed(self, guard, client, where):
        guard.failed(client, where, was_slow=False)

    def assert_stopped(self, guard, client, where):
        """Return for how many seconds."""
        return self.assert_raises(
            ports.TooManyFailures, guard.check, client, where
        ).seconds

    def test_client_is_stopped_after_its_last_failure(self):
        """B08: exactly as many are looked at as the limit says."""
        guard = self.guard()
        self.fail(guard, self.client, self.attacker, times=3)
        seconds = self.assert_stopped(guard, self.client, self.attacker)
        self.assertIn(seconds, range(3590, 3602))
        guard.check(self.other, self.attacker)

    def test_attempts_that_do_not_fail_are_not_counted(self):
        guard = self.guard('1/hour', '1/hour')
        for _ in range(5):
            guard.check(self.client, self.owner)

    def test_being_stopped_does_not_prolong_it(self):
        guard = self.guard('1/hour')
        self.fail(guard, self.client, self.attacker)
        before = self.assert_stopped(guard, self.client, self.attacker)
        for _ in range(5):
            after = self.assert_stopped(guard, self.client, self.attacker)
        self.assertLessEqual(after, before)

    def test_owner_is_not_stopped_by_somebody_else(self):
        """B09: who fails from another address locks nobody out."""
        guard = self.guard()
        self.fail(guard, self.client, self.attacker, times=3)
        guard.check(self.client, self.owner)
        for _ in range(9):
            self.fail(guard, self.client, source())
        guard.check(self.client, self.owner)

    def test_owner_who_fails_too_is_stopped(self):
        """B08: or an attacker would have as many tries as addresses."""
        guard = self.guard()
        self.fail(guard, self.client, self.attacker, times=3)
        self.fail(guard, self.client, self.owner)
        self.assert_stopped(guard, self.client, self.owner)

    def test_many_addresses_have_one_try_each(self):
        """B08: once the client's limit is reached."""
        guard = self.guard()
        for _ in range(10):
            where = source()
            self.fail(guard, self.client, where)
        self.assert_stopped(guard, self.client, where)

    def test_made_up_id_is_no_failure_of_another_client(self):
        """B09: whatever an id is made of."""
        for made_up in (
            f'{self.client}/{self.owner.address}',
            f'{self.client}/{self.owner.address}/3/1/hour',
            f'client/{self.client}',
            f'{self.client}\n{self.owner.address}',
        ):
            with self.variant(made_up):
                guard = self.guard()
                self.fail(guard, made_up, self.attacker)
                for _ in range(3):
                    self.fail(guard, self.client, source())
                guard.check(self.client, self.owner)

    def test_odd_ids_are_counted_like_others(self):
        """B08: no storage gives up on a key, and ids do not run together."""
        for odd in ('x' * 5000, 'a b', '\u20ac', 'a\nb', '', '/', '%2F'):
            with self.variant(odd):
                guard = self.guard()
                client = self.client + odd
                self.fail(guard, client, self.attacker, times=3)
                self.assert_stopped(guard, client, self.attacker)
                guard.check(f'{client}.', self.attacker)

    def test_address_is_stopped_whatever_the_client(self):
        """B08: one secret tried with many ids."""
        guard = self.guard('', '3/hour')
        for _ in range(3):
            self.fail(guard, uuid.uuid4().hex, self.attacker)
        seconds = self.assert_stopped(guard, self.client, self.attacker)
        self.assertIn(seconds, range(3590, 3602))
        guard.check(self.client, self.owner)

    def test_shared_address_is_not_stopped_as_a_whole(self):
        """B09: others than the attacker come from there."""
        guard = self.guard('2/hour', '3/hour')
        shared = source(is_shared=True)
        for _ in range(9):
            self.fail(guard, uuid.uuid4().hex, shared)
        guard.check(self.client, shared)

    def test_client_is_stopped_at_a_shared_address(self):
        """B08, B09: that one client, after as many as an address may fail."""
        guard = self.guard('2/hour', '5/hour')
        shared = source(is_shared=True)
        self.fail(guard, self.client, shared, times=2)
        self.fail_again(guard, self.client, shared, times=3)
        self.assert_stopped(guard, self.client, shared)
        guard.check(self.other, shared)
        guard.check(self.client, self.owner)

    def test_failures_at_a_shared_address_count_for_the_client(self):
        """B08: it is stopped where it is told apart."""
        guard = self.guard('3/hour')
        shared = source(is_shared=True)
        self.fail(guard, self.client, shared, times=3)
        guard.check(self.client, self.attacker)
        self.fail(guard, self.client, self.attacker)
        self.assert_stopped(guard, self.client, self.attacker)

    def test_both_limits_count_at_once(self):
        """B08, B09: the client's is soft, the address's is hard."""
        guard = self.guard('2/hour', '4/hour')
        self.fail(guard, self.client, self.attacker, times=2)
        seconds = self.fail_again(guard, self.client, self.attacker)
        self.assertIn(seconds, range(3590, 3602))
        self.fail(guard, self.other, self.attacker)
        for client in (self.client, self.other, uuid.uuid4().hex):
            self.assert_stopped(guard, client, self.attacker)

    def test_windows_may_differ(self):
        """B08: the hard limit is counted in the window of its own option."""
        for client_limit, address_limit, expected in (
            ('2/minute', '5/hour', range(3590, 3602)),
            ('2/hour', '5/minute', range(50, 62)),
        ):
            with self.variant((client_limit, address_limit)):
                guard = self.guard(client_limit, address_limit)
                client, shared = uuid.uuid4().hex, source(is_shared=True)
                self.fail(guard, client, shared, times=2)
                self.fail_again(guard, client, shared, times=3)
                seconds = self.assert_stopped(guard, client, shared)
                self.assertIn(seconds, expected)

    def test_first_mistake_at_an_address_is_no_reason_to_wait(self):
        """B09: whatever others do elsewhere."""
        guard = self.guard('2/hour', '50/hour')
        for _ in range(5):
            self.fail(guard, self.client, source())
        self.fail(guard, self.client, self.owner)
        self.fail_again(guard, self.client, self.owner)

    def test_slow_failures_are_stopped_at_the_limit_of_the_client(self):
        """B09: what costs a slow hash is not looked at past it."""
        guard = self.guard('2/hour', '50/hour')
        self.fail(guard, self.client, self.attacker, times=2, was_slow=True)
        self.assert_stopped(guard, self.client, self.attacker)
        guard.check(self.client, self.owner)
        guard.check(self.other, self.attacker)

    def test_no_limit_stops_nobody(self):
        guard = self.guard('', '')
        self.fail(guard, self.client, self.attacker, times=50)

    def test_it_ends_when_it_was_said_to_end(self):
        """A second is the shortest time that a limit can have."""
        guard = self.guard('1/second', '1/second')
        self.fail(guard, self.client, self.attacker)
        seconds = self.assert_stopped(guard, self.client, self.attacker)
        self.assertIn(seconds, (1, 2))
        end = time.monotonic() + seconds + 0.1
        while self.is_stopped(guard) and time.monotonic() < end:
            time.sleep(0.05)
        self.fail(guard, self.client, self.attacker)

    def is_stopped(self, guard):
        try:
            guard.check(self.client, self.attacker)
        except ports.TooManyFailures:
            return True
        return False


class SharedStorageTests(FailureGuardTests):
    """What holds beyond the memory of one process."""

    def require(self):
        try:
            if limits.storage.storage_from_string(self.url).check():
                return
        except limits.errors.ConfigurationError as error:
            requirement.missing(self, f'{error}.')
        requirement.missing(self, f'Nothing answers at {self.url}.')

    def test_workers_count_together(self):
        """B08: each has a guard of its own."""
        for worker in (self.guard(), self.guard(), self.guard()):
            self.fail(worker, self.client, self.attacker)
        self.assert_stopped(self.guard(), self.client, self.attacker)


class MemoryTest(FailureGuardTests, base.TestCase):
    url = 'memory://'

    def require(self):
        pass


class RedisTest(SharedStorageTests, base.TestCase):
    url = 'redis://127.0.0.1:6379'


class MemcachedTest(SharedStorageTests, base.TestCase):
    url = 'memcached://127.0.0.1:11211'
