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

"""Caches and counters that hang: every request ends in a bounded time."""

import time

import pymemcache

from functional import base
from functional import hangs
from functional import programs
from functional import traffic


def redis_command(port):
    """Return the command that starts Redis."""
    return [
        *('redis-server', '--port', str(port), '--bind', programs.HOST),
        *('--save', '', '--appendonly', 'no'),
    ]


class MemcachedTest(hangs.HangTestCase):
    """Keystone's cache hangs. No request fails."""

    cache = 'memcached'
    settings = 'memcached.conf'
    needs = ()
    #: One timeout for each region of Keystone's cache that a request uses.
    bound = 6

    def hang(self):
        """Return a context manager within which memcached hangs."""
        return self.memcached.hanging()

    def test_hang(self):
        """A worker waits once, and uses the cache again afterwards."""
        for outcome in self.outcomes_of_hang():
            self.assertEqual(200, outcome.status, outcome)
            self.assert_within(self.bound, outcome)
        before = self.commands()
        end = time.monotonic() + traffic.PATIENCE
        while self.commands() == before:
            self.assertLess(time.monotonic(), end)
            self.assertEqual(200, self.token().status)

    def commands(self):
        """Return how many times memcached was asked for something."""
        address = (programs.HOST, self.memcached.port)
        return pymemcache.Client(address).stats()[b'cmd_get']


class RedisCacheTest(hangs.HangTestCase):
    """Keystone's cache hangs, and Keystone does not do without it."""

    settings = 'redis.conf'
    needs = ('redis-server',)
    #: Four timeouts, and the pauses of the library in between.
    bound = 18

    @classmethod
    def _options(cls):
        options = super()._options()
        port = programs.free_port()
        cls.redis = cls.use(
            programs.Program('redis', redis_command(port), cls.folder, port)
        )
        options['cache']['enabled'] = True
        options['cache']['redis_server'] = f'{programs.HOST}:{port}'
        return options

    def hang(self):
        """Return a context manager within which Redis hangs."""
        return self.redis.hanging()

    def test_hang(self):
        """Metadata is available meanwhile, and all is well afterwards."""
        self.assert_hang_is_an_outage()


class CounterTests:
    """The storage of failed authentications hangs."""

    settings = None
    needs = ()
    #: One timeout.
    bound = 1

    @classmethod
    def _options(cls):
        options = super()._options()
        cls.storage = cls.start_storage()
        options['oauth2_limits'] = {
            'client_failures': '3/hour',
            'storage': f'{cls.scheme}://{programs.HOST}:{cls.storage.port}',
        }
        return options

    @classmethod
    def start_storage(cls):
        """Return the program that counts."""
        port = programs.free_port()
        return cls.use(
            programs.Program(cls.scheme, cls.command(port), cls.folder, port)
        )

    def hang(self):
        """Return a context manager within which the storage hangs."""
        return self.storage.hanging()

    def test_hang(self):
        """Attempts pass after one timeout each, failed ones after two."""
        for outcome in self.outcomes_of_hang():
            self.assertEqual(200, outcome.status, outcome)
            self.assert_within(self.bound, outcome)

    def test_failures(self):
        """They are counted before and afterwards."""
        client = self.identity.create_application_credential(self.user)
        wrong = client._replace(secret='wrong')
        with self.hang():
            for _ in range(5):
                started = time.monotonic()
                answer = self.post(base.TOKEN, base.GRANT, client=wrong)
                taken = time.monotonic() - started
                self.assertEqual(401, answer.status)
                self.assertLess(taken, 2 * self.bound + hangs.OVERHEAD)
        statuses = [
            self.post(base.TOKEN, base.GRANT, client=wrong).status
            for _ in range(6)
        ]
        self.assertEqual(429, statuses[-1])


class MemcachedCounterTest(CounterTests, hangs.HangTestCase):
    scheme = 'memcached'

    @staticmethod
    def command(port):
        """Return the command that starts the storage."""
        return ['memcached', '-u', 'nobody', '-l', programs.HOST] + [
            '-p',
            str(port),
        ]


class RedisCounterTest(CounterTests, hangs.HangTestCase):
    scheme = 'redis'
    needs = ('redis-server',)
    command = staticmethod(redis_command)
