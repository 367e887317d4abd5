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

"""Where failures are counted: its bound, and what happens in an outage."""

import socketserver
import threading
import time

from keystone_oauth2.db import counters
from keystone_oauth2.db import failures
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base
from keystone_oauth2.tests import requirement

#: Nothing listens on the first port of all.
NOBODY = '127.0.0.1:1'
PATIENCE = 3
HOUR = 3600
WHERE = messages.Source('198.51.100.1', is_shared=False)
SHARED = messages.Source('198.51.100.1', is_shared=True)


class MemoryTest(base.TestCase):
    """What is in the memory of a worker has a bound."""

    BOUND = 40

    def setUp(self):
        super().setUp()
        self.memory = counters.Memory(self.BOUND)

    def flood(self, times):
        """Count what an attacker makes up.

        :returns: how many of these counters there are afterwards.
        """
        keys = [f'made up {number}' for number in range(times)]
        for key in keys:
            self.memory.incr(key, HOUR)
        return sum(self.memory.get(key) > 0 for key in keys)

    def test_bound_holds(self):
        with self.assertLogs('keystone_oauth2', 'WARNING'):
            self.assertLessEqual(self.flood(10 * self.BOUND), self.BOUND)

    def test_smallest_numbers_are_dropped(self):
        """B08: a flood does not switch off what stops an attacker."""
        for _ in range(2):
            self.memory.incr('own', HOUR)
        with self.assertLogs('keystone_oauth2', 'WARNING'):
            self.flood(10 * self.BOUND)
        self.assertEqual(2, self.memory.get('own'))

    def test_bound_holds_for_large_numbers_too(self):
        for number in range(3 * self.BOUND):
            for _ in range(5):
                self.memory.incr(f'{number}', HOUR)
        kept = [self.memory.get(f'{n}') for n in range(3 * self.BOUND)]
        self.assertLessEqual(sum(map(bool, kept)), self.BOUND)

    def test_what_has_ended_goes_first(self):
        """And no warning is logged, since nothing is lost."""
        for number in range(self.BOUND - 5):
            self.memory.incr(f'ended {number}', -1)
        with self.assertNoLogs('keystone_oauth2', 'WARNING'):
            self.assertEqual(self.BOUND // 2, self.flood(self.BOUND // 2))

    def test_room_is_made_for_many_at_a_time(self):
        """It costs a look at all counters, so it must be rare."""
        times = 10 * self.BOUND
        with self.assertLogs('keystone_oauth2', 'WARNING') as caught:
            self.flood(times)
        self.assertLessEqual(len(caught.output), times // (self.BOUND // 4))
        self.assertIn('Too many failed authentications', caught.output[0])

    def test_it_begins_again_when_it_has_ended(self):
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
    """B08: made-up ids in any number switch the limits off for no client."""

    def stop(self, where):
        """Return a guard that has stopped the client from an address."""
        guard = failures.FailureGuard(counters.Memory(200), '3/hour', '6/hour')
        for _ in range(6):
            try:
                guard.failed('client', where, was_slow=False)
            except ports.TooManyFailures:
                pass
        return guard

    def test_client_that_is_stopped_remains_stopped(self):
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
    """Takes a connection and says nothing, for so long that it is noticed."""

    def handle(self):
        self.server.end.wait(PATIENCE + 1)


class OutageTests:
    """A storage that is down stops nobody, and an operator hears of it."""

    scheme = None

    def silent(self):
        """Return the address of a server that never answers."""
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
        return failures.FailureGuard(storage, '1/hour', '1/hour')

    def test_attempts_pass_where_nothing_listens(self):
        guard = self.guard(NOBODY)
        for _ in range(3):
            guard.check('client', WHERE)
            guard.failed('client', WHERE, was_slow=False)

    def test_it_is_logged_once_an_attempt(self):
        guard = self.guard(NOBODY)
        with self.assertLogs('keystone_oauth2', 'WARNING') as caught:
            guard.check('client', WHERE)
            guard.failed('client', WHERE, was_slow=False)
        self.assertEqual(1, len(caught.output), caught.output)
        self.assertIn(
            'Failed authentications cannot be counted', caught.output[0]
        )

    def test_name_that_does_not_resolve_is_an_outage_too(self):
        guard = self.guard('storage.invalid:6379')
        guard.check('client', WHERE)
        guard.failed('client', WHERE, was_slow=False)

    def test_storage_that_never_answers_is_not_waited_for(self):
        """It would take the whole service down with it."""
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
    def test_storage_that_cannot_be_understood_is_refused(self):
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

    def test_limit_that_cannot_be_understood_is_refused(self):
        for limits_of in (
            ('x', ''),
            ('', '30'),
            ('-1/minute', ''),
            ('', '30/fortnight'),
        ):
            with self.variant(limits_of):
                self.assert_raises(
                    ValueError,
                    failures.FailureGuard,
                    counters.Memory(),
                    *limits_of,
                )

    def test_limit_that_means_something_else_is_refused(self):
        """Nobody passes, and a part that is not looked at."""
        for limit in ('0/minute', '30/minute;5/second', '30/minute, 5/second'):
            with self.variant(limit):
                for limits_of in ((limit, ''), ('', limit)):
                    self.assert_raises(
                        ValueError,
                        failures.FailureGuard,
                        counters.Memory(),
                        *limits_of,
                    )
