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

"""Tests of the storage of failures: its bound, and its outages."""

import socketserver
import threading
import time

from keystone_oauth2.conf import option_types
from keystone_oauth2.limits import counters
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import requirement

#: Nothing listens on the first port.
UNREACHABLE = '127.0.0.1:1'
PATIENCE = 3
HOUR = 3600
WHERE = messages.Source('198.51.100.1', is_shared=False)
SHARED = messages.Source('198.51.100.1', is_shared=True)
RATE = option_types.RateType()


class MemoryTest(base.TestCase):
    """The memory of a worker holds a bounded number of counters."""

    BOUND = 40

    def setUp(self):
        super().setUp()
        self.memory = counters.Memory(self.BOUND)

    def flood(self, times):
        """Count failures of ids that an attacker invents.

        :returns: the number of these counters that are left afterwards.
        """
        keys = [f'made up {number}' for number in range(times)]
        for key in keys:
            self.memory.incr(key, HOUR)
        return sum(self.memory.get(key) > 0 for key in keys)

    def test_bound_holds(self):
        with self.assertLogs('keystone_oauth2', 'WARNING'):
            self.assertLessEqual(self.flood(10 * self.BOUND), self.BOUND)

    def test_smallest_counters_are_dropped(self):
        """B08: a flood does not lift the block of an attacker."""
        for _ in range(2):
            self.memory.incr('own', HOUR)
        with self.assertLogs('keystone_oauth2', 'WARNING'):
            self.flood(10 * self.BOUND)
        self.assertEqual(2, self.memory.get('own'))

    def test_bound_holds_for_large_counters_too(self):
        for number in range(3 * self.BOUND):
            for _ in range(5):
                self.memory.incr(f'{number}', HOUR)
        kept = [self.memory.get(f'{n}') for n in range(3 * self.BOUND)]
        self.assertLessEqual(sum(map(bool, kept)), self.BOUND)

    def test_expired_counters_are_dropped_first(self):
        """No warning is logged, since nothing is lost."""
        for number in range(self.BOUND - 5):
            self.memory.incr(f'ended {number}', -1)
        with self.assertNoLogs('keystone_oauth2', 'WARNING'):
            self.assertEqual(self.BOUND // 2, self.flood(self.BOUND // 2))

    def test_many_counters_are_dropped_at_a_time(self):
        """It takes a pass over all counters, so it must be rare."""
        times = 10 * self.BOUND
        with self.assertLogs('keystone_oauth2', 'WARNING') as caught:
            self.flood(times)
        self.assertLessEqual(len(caught.output), times // (self.BOUND // 4))
        self.assertIn('Too many failed authentications', caught.output[0])

    def test_expired_counter_starts_again(self):
        self.memory.incr('x', -1)
        self.assertEqual(0, self.memory.get('x'))
        self.assertEqual(1, self.memory.incr('x', HOUR))
        self.assertEqual(2, self.memory.incr('x', 1))
        end = self.memory.get_expiry('x')
        self.assertAlmostEqual(time.time() + HOUR, end, delta=60)

    def test_threads_count_together(self):
        threads = [
            threading.Thread(
                target=lambda: [self.memory.incr('x', HOUR) for _ in range(99)]
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(4 * 99, self.memory.get('x'))


class FloodTest(base.TestCase):
    """B08: no number of invented ids disables the limits for a client."""

    def stop(self, where):
        """Return a guard that has blocked the client at an address."""
        guard = failures.FailureGuard(
            counters.Memory(200), RATE('3/hour'), RATE('6/hour')
        )
        for _ in range(6):
            try:
                guard.failed('client', where, was_slow=False)
            except ports.TooManyFailures:
                pass
        return guard

    def test_blocked_client_remains_blocked(self):
        for where in (WHERE, SHARED):
            with self.variant(where):
                guard = self.stop(where)
                with self.assertLogs('keystone_oauth2', 'WARNING'):
                    for number in range(2000):
                        elsewhere = messages.Source(f'{number}', True)
                        guard.failed(f'{number}', elsewhere, was_slow=False)
                self.assertRaises(
                    ports.TooManyFailures, guard.check, 'client', where
                )


class Silent(socketserver.BaseRequestHandler):
    """Accept a connection, and send nothing for longer than the patience."""

    def handle(self):
        self.server.end.wait(PATIENCE + 1)


class OutageTests:
    """An outage of the storage blocks no client, and is logged."""

    scheme = None

    def silent(self):
        """Return the address of a server that never responds."""
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
            storage = counters.connect(f'{self.scheme}://{where}')
        except ValueError as error:
            requirement.missing(self, f'{error}.')
        return failures.FailureGuard(storage, RATE('1/hour'), RATE('1/hour'))

    def test_attempts_pass_if_the_storage_is_down(self):
        guard = self.guard(UNREACHABLE)
        for _ in range(3):
            guard.check('client', WHERE)
            guard.failed('client', WHERE, was_slow=False)

    def test_outage_is_logged_once_per_attempt(self):
        guard = self.guard(UNREACHABLE)
        with self.assertLogs('keystone_oauth2', 'WARNING') as caught:
            guard.check('client', WHERE)
            guard.failed('client', WHERE, was_slow=False)
        self.assertEqual(1, len(caught.output), caught.output)
        self.assertIn(
            'Failed authentications cannot be counted', caught.output[0]
        )

    def test_unresolvable_host_name_is_an_outage_too(self):
        guard = self.guard('storage.invalid:6379')
        guard.check('client', WHERE)
        guard.failed('client', WHERE, was_slow=False)

    def test_silent_storage_does_not_delay_requests(self):
        """Otherwise the whole service would be down as well."""
        guard = self.guard(self.silent())
        started = time.monotonic()
        guard.check('client', WHERE)
        guard.failed('client', WHERE, was_slow=False)
        self.assertLess(time.monotonic() - started, PATIENCE)


class RedisOutageTest(OutageTests, base.TestCase):
    scheme = 'redis'


class MemcachedOutageTest(OutageTests, base.TestCase):
    scheme = 'memcached'


class WrongOptionTest(base.TestCase):
    def test_unknown_or_malformed_storage_is_refused(self):
        for url in (
            'nonsense://x',
            'memory',
            'memcached://host',
            'redis://host:x',
            'async+memory://',
            '',
        ):
            with self.variant(url):
                self.assert_raises(ValueError, counters.connect, url)
