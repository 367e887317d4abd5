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

import socketserver
import threading
import time
import uuid

import limits.storage

from keystone_oauth2.db import failures
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base
from keystone_oauth2.tests import requirement

#: Nothing listens on the first port of all.
NOBODY = '127.0.0.1:1'
PATIENCE = 3


def source(*, is_shared=False):
    """Answer a source that no other test has."""
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
        return failures.FailureGuard(self.url, client_limit, address_limit)

    def fail(self, guard, client, where, times=1):
        for _ in range(times):
            guard.check(client, where)
            guard.failed(client, where)

    def assert_stopped(self, guard, client, where):
        """Answer for how many seconds."""
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
            guard.failed(self.client, self.attacker)
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
                guard.failed(made_up, self.attacker)
                for _ in range(3):
                    guard.failed(self.client, self.attacker)
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

    def test_shared_address_is_not_stopped(self):
        """B09: what happens there may be everybody's doing."""
        guard = self.guard('1/hour', '1/hour')
        shared = source(is_shared=True)
        self.fail(guard, self.client, shared, times=3)

    def test_failures_at_a_shared_address_count_for_the_client(self):
        """B08: it is stopped where it is told apart."""
        guard = self.guard('3/hour')
        shared = source(is_shared=True)
        self.fail(guard, self.client, shared, times=3)
        guard.check(self.client, self.attacker)
        guard.failed(self.client, self.attacker)
        self.assert_stopped(guard, self.client, self.attacker)

    def test_both_limits_count_at_once(self):
        guard = self.guard('2/hour', '3/hour')
        self.fail(guard, self.client, self.attacker, times=2)
        self.assert_stopped(guard, self.client, self.attacker)
        self.fail(guard, self.other, self.attacker)
        self.assert_stopped(guard, self.other, self.attacker)
        self.assert_stopped(guard, uuid.uuid4().hex, self.attacker)

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


class Silent(socketserver.BaseRequestHandler):
    """Takes a connection and says nothing, for so long that it is noticed."""

    def handle(self):
        self.server.end.wait(PATIENCE + 1)


class OutageTests:
    """A storage that is down stops nobody, and an operator hears of it."""

    scheme = None

    def silent(self):
        """Answer the address of a server that never answers."""
        server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Silent)
        server.end = threading.Event()
        self.addCleanup(server.server_close)
        self.addCleanup(server.end.set)
        self.addCleanup(server.shutdown)
        threading.Thread(
            target=server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return f'127.0.0.1:{server.server_address[1]}'

    def guard(self, where):
        try:
            return failures.FailureGuard(
                f'{self.scheme}://{where}', '1/hour', '1/hour'
            )
        except ValueError as error:
            requirement.missing(self, f'{error}.')

    def test_attempts_pass_where_nothing_listens(self):
        guard = self.guard(NOBODY)
        for _ in range(3):
            guard.check('client', source())
            guard.failed('client', source())

    def test_it_is_logged_once_an_attempt(self):
        guard = self.guard(NOBODY)
        with self.assertLogs('keystone_oauth2', 'WARNING') as caught:
            guard.check('client', source())
            guard.failed('client', source())
        self.assertEqual(1, len(caught.output), caught.output)
        self.assertIn(
            'Failed authentications cannot be counted', caught.output[0]
        )

    def test_name_that_does_not_resolve_is_an_outage_too(self):
        guard = self.guard('storage.invalid:6379')
        guard.check('client', source())
        guard.failed('client', source())

    def test_storage_that_never_answers_is_not_waited_for(self):
        """It would take the whole service down with it."""
        guard = self.guard(self.silent())
        started = time.monotonic()
        guard.check('client', source())
        guard.failed('client', source())
        self.assertLess(time.monotonic() - started, PATIENCE)


class RedisOutageTest(OutageTests, base.TestCase):
    scheme = 'redis'


class MemcachedOutageTest(OutageTests, base.TestCase):
    scheme = 'memcached'


class WrongOptionTest(base.TestCase):
    def test_what_cannot_be_understood_is_refused(self):
        for arguments in (
            ('nonsense://x', '', ''),
            ('memory', '', ''),
            ('memcached://host', '', ''),
            ('redis://host:x', '', ''),
            ('async+memory://', '', ''),
            ('memory://', 'x', ''),
            ('memory://', '', '30'),
            ('memory://', '-1/minute', ''),
            ('memory://', '', '30/fortnight'),
        ):
            with self.variant(arguments):
                self.assert_raises(
                    ValueError, failures.FailureGuard, *arguments
                )

    def test_limit_that_means_something_else_is_refused(self):
        """Nobody passes, and a part that is not looked at."""
        for limit in ('0/minute', '30/minute;5/second', '30/minute, 5/second'):
            with self.variant(limit):
                for limits_of in ((limit, ''), ('', limit)):
                    self.assert_raises(
                        ValueError,
                        failures.FailureGuard,
                        'memory://',
                        *limits_of,
                    )
