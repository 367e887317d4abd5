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

"""Tests of the limits of failures: which attempts are blocked, and when."""

import time
import uuid

import limits.storage

from keystone_oauth2.conf import option_types
from keystone_oauth2.limits import counters
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import requirement

RATE = option_types.RateType()


def source(*, is_shared=False):
    """Return a source that no other test uses."""
    return messages.Source(uuid.uuid4().hex, is_shared)


class FailureGuardTests:
    """Tests for every storage of failures."""

    url = None

    def setUp(self):
        super().setUp()
        self.require()
        self.client, self.other = uuid.uuid4().hex, uuid.uuid4().hex
        self.attacker, self.owner = source(), source()

    def guard(self, client_limit='3/hour', address_limit=''):
        return failures.FailureGuard(
            counters.connect(self.url), RATE(client_limit), RATE(address_limit)
        )

    def fail(self, guard, client, where, times=1, *, was_slow=False):
        """Send wrong secrets that are checked and get 401."""
        for _ in range(times):
            guard.check(client, where)
            guard.failed(client, where, was_slow=was_slow)

    def fail_again(self, guard, client, where, times=1):
        """Send wrong secrets that are checked and get 429.

        :returns: the last number of seconds to wait.
        """
        for _ in range(times):
            guard.check(client, where)
            seconds = self.assert_raises(
                ports.TooManyFailures, self._failed, guard, client, where
            ).seconds
        return seconds

    def _failed(self, guard, client, where):
        guard.failed(client, where, was_slow=False)

    def assert_blocked(self, guard, client, where):
        """Assert that an attempt is blocked, and return for how long."""
        return self.assert_raises(
            ports.TooManyFailures, guard.check, client, where
        ).seconds

    def test_client_is_blocked_at_its_limit(self):
        """B08: exactly as many attempts are checked as the limit says."""
        guard = self.guard()
        self.fail(guard, self.client, self.attacker, times=3)
        seconds = self.assert_blocked(guard, self.client, self.attacker)
        self.assertIn(seconds, range(3590, 3602))
        guard.check(self.other, self.attacker)

    def test_attempts_that_do_not_fail_are_not_counted(self):
        guard = self.guard('1/hour', '1/hour')
        for _ in range(5):
            guard.check(self.client, self.owner)

    def test_blocked_attempts_do_not_prolong_the_block(self):
        guard = self.guard('1/hour')
        self.fail(guard, self.client, self.attacker)
        before = self.assert_blocked(guard, self.client, self.attacker)
        for _ in range(5):
            after = self.assert_blocked(guard, self.client, self.attacker)
        self.assertLessEqual(after, before)

    def test_owner_is_not_blocked_by_an_attacker(self):
        """B09: failures from another address lock no client out."""
        guard = self.guard()
        self.fail(guard, self.client, self.attacker, times=3)
        guard.check(self.client, self.owner)
        for _ in range(9):
            self.fail(guard, self.client, source())
        guard.check(self.client, self.owner)

    def test_owner_that_fails_too_is_blocked(self):
        """B08: otherwise each address would give an attacker more tries."""
        guard = self.guard()
        self.fail(guard, self.client, self.attacker, times=3)
        self.fail(guard, self.client, self.owner)
        self.assert_blocked(guard, self.client, self.owner)

    def test_many_addresses_have_one_try_each(self):
        """B08: after the limit of the client is reached."""
        guard = self.guard()
        for _ in range(10):
            where = source()
            self.fail(guard, self.client, where)
        self.assert_blocked(guard, self.client, where)

    def test_invented_id_does_not_count_for_another_client(self):
        """B09: whatever characters the id contains."""
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
        """B08: every storage accepts them and tells them apart."""
        for odd in ('x' * 5000, 'a b', '\u20ac', 'a\nb', '', '/', '%2F'):
            with self.variant(odd):
                guard = self.guard()
                client = self.client + odd
                self.fail(guard, client, self.attacker, times=3)
                self.assert_blocked(guard, client, self.attacker)
                guard.check(f'{client}.', self.attacker)

    def test_address_is_blocked_for_all_clients(self):
        """B08: even if one secret is tried with many ids."""
        guard = self.guard('', '3/hour')
        for _ in range(3):
            self.fail(guard, uuid.uuid4().hex, self.attacker)
        seconds = self.assert_blocked(guard, self.client, self.attacker)
        self.assertIn(seconds, range(3590, 3602))
        guard.check(self.client, self.owner)

    def test_shared_address_is_not_blocked_as_a_whole(self):
        """B09: other clients share it with the attacker."""
        guard = self.guard('2/hour', '3/hour')
        shared = source(is_shared=True)
        for _ in range(9):
            self.fail(guard, uuid.uuid4().hex, shared)
        guard.check(self.client, shared)

    def test_client_is_blocked_at_a_shared_address(self):
        """B08, B09: only that client, at the limit of the address."""
        guard = self.guard('2/hour', '5/hour')
        shared = source(is_shared=True)
        self.fail(guard, self.client, shared, times=2)
        self.fail_again(guard, self.client, shared, times=3)
        self.assert_blocked(guard, self.client, shared)
        guard.check(self.other, shared)
        guard.check(self.client, self.owner)

    def test_failures_at_a_shared_address_count_for_the_client(self):
        """B08: they block it at addresses that are not shared."""
        guard = self.guard('3/hour')
        shared = source(is_shared=True)
        self.fail(guard, self.client, shared, times=3)
        guard.check(self.client, self.attacker)
        self.fail(guard, self.client, self.attacker)
        self.assert_blocked(guard, self.client, self.attacker)

    def test_both_limits_apply_together(self):
        """B08, B09: that of the client is soft, that of the address hard."""
        guard = self.guard('2/hour', '4/hour')
        self.fail(guard, self.client, self.attacker, times=2)
        seconds = self.fail_again(guard, self.client, self.attacker)
        self.assertIn(seconds, range(3590, 3602))
        self.fail(guard, self.other, self.attacker)
        for client in (self.client, self.other, uuid.uuid4().hex):
            self.assert_blocked(guard, client, self.attacker)

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
                seconds = self.assert_blocked(guard, client, shared)
                self.assertIn(seconds, expected)

    def test_first_failure_at_an_address_does_not_block_it(self):
        """B09: whatever fails at other addresses."""
        guard = self.guard('2/hour', '50/hour')
        for _ in range(5):
            self.fail(guard, self.client, source())
        self.fail(guard, self.client, self.owner)
        self.fail_again(guard, self.client, self.owner)

    def test_slow_failures_are_blocked_at_the_client_limit(self):
        """B09: past the limit, no slow hash is computed."""
        guard = self.guard('2/hour', '50/hour')
        self.fail(guard, self.client, self.attacker, times=2, was_slow=True)
        self.assert_blocked(guard, self.client, self.attacker)
        guard.check(self.client, self.owner)
        guard.check(self.other, self.attacker)

    def test_empty_limits_block_no_client(self):
        guard = self.guard('', '')
        self.fail(guard, self.client, self.attacker, times=50)

    def test_block_ends_after_the_announced_time(self):
        """A second is the shortest window of a limit."""
        guard = self.guard('1/second', '1/second')
        self.fail(guard, self.client, self.attacker)
        seconds = self.assert_blocked(guard, self.client, self.attacker)
        self.assertIn(seconds, (1, 2))
        end = time.monotonic() + seconds + 0.1
        while self.is_blocked(guard) and time.monotonic() < end:
            time.sleep(0.05)
        self.fail(guard, self.client, self.attacker)

    def is_blocked(self, guard):
        try:
            guard.check(self.client, self.attacker)
        except ports.TooManyFailures:
            return True
        return False


class SharedStorageTests(FailureGuardTests):
    """Tests for storages that several processes share."""

    def require(self):
        try:
            if limits.storage.storage_from_string(self.url).check():
                return
        except limits.errors.ConfigurationError as error:
            requirement.missing(self, f'{error}.')
        requirement.missing(self, f'There is no server at {self.url}.')

    def test_workers_count_together(self):
        """B08: each worker has its own guard."""
        for worker in (self.guard(), self.guard(), self.guard()):
            self.fail(worker, self.client, self.attacker)
        self.assert_blocked(self.guard(), self.client, self.attacker)


class MemoryTest(FailureGuardTests, base.TestCase):
    url = 'memory://'

    def require(self):
        pass


class RedisTest(SharedStorageTests, base.TestCase):
    url = 'redis://127.0.0.1:6379'


class MemcachedTest(SharedStorageTests, base.TestCase):
    url = 'memcached://127.0.0.1:11211'
