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

"""When the keys of trusted issuers are fetched, and what becomes of them."""

import concurrent.futures
import gc
import json
import logging
import os
import sys
import threading
import time
import types

import fixtures
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from keystone_oauth2.outbound import refresher as refreshers
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.outbound import stores

#: Seconds, after which anything is due.
LONG = 10_000
FETCH = 'fetch the keys of the trusted issuer'
START = 'start to fetch the keys of trusted issuers'


class RefresherTestCase(base.TestCase):
    """The thread of a process looks once, and then no more during a test."""

    def setUp(self):
        super().setUp()
        self.before = threading.enumerate()
        self.clock = self.useFixture(time_fixture.TimeFixture())
        self.logger = self.useFixture(
            fixtures.FakeLogger(
                level=logging.DEBUG, format='%(levelname)s %(message)s'
            )
        )
        self.store = stores.Store()
        self.issuers = stores.Issuers()
        self.refresher = self.new()

    def new(self):
        """Return what a worker has, after it has looked for what is due."""
        found = refreshers.Refresher(self.store, self.issuers.fetch)
        looks = self.store.looks
        self.assertTrue(found.start())
        self.store.wait_until(lambda: self.store.looks > looks)
        return found

    def add(self, name, **members):
        """Add an issuer with keys, which were never fetched."""
        self.issuers.found[name] = stores.key_set()
        return self.store.add(name, **members)

    def want(self, name='a'):
        return self.refresher.want(self.store.get(name))

    def wait_for_keys(self, name='a'):
        """Wait until the published keys of an issuer are stored."""
        expected = set(thumbprints(self.issuers.found[name]))
        return self.store.wait_for(
            name,
            lambda one: (
                one.jwks is not None
                and set(thumbprints(json.loads(one.jwks))) == expected
            ),
        )

    def wait_for_failure(self, name='a'):
        return self.store.wait_for(name, lambda one: one.failure is not None)

    def fetched(self, name='a', **members):
        """Add an issuer whose keys were fetched just now."""
        self.add(name, **members)
        self.assertTrue(self.want(name))
        return self.wait_for_keys(name)

    def refresh_later(self, seconds):
        self.clock.advance_time_seconds(seconds)
        return self.refresher.refresh()

    def threads(self):
        """Return the threads that look for what is due."""
        return [
            one
            for one in threading.enumerate()
            if one.name == 'keystone-oauth2-issuers' and one not in self.before
        ]

    def wait_for_log(self, text):
        """Wait until something has been logged: after it was stored."""
        for _ in range(1000):
            if text in self.logger.output:
                return
            time.sleep(stores.PATIENCE / 1000)
        self.fail(f'{text} is not in {self.logger.output}')


class WantTest(RefresherTestCase):
    def test_keys_are_fetched(self):
        self.add('a')
        self.assertIs(True, self.want())
        found = self.wait_for_keys()
        self.assertEqual(timeutils.utcnow(), found.keys_fetched_at)
        self.assertIsNone(found.failure)

    def test_it_does_not_wait(self):
        """As long as they are being fetched, it says so."""
        self.add('a')
        event = self.issuers.hold('a')
        for _ in range(3):
            self.assertIs(True, self.want())
        event.set()
        self.wait_for_keys()
        self.assertEqual(['a'], self.issuers.requests)

    def test_cool_down(self):
        """After a success, and after a failure."""
        self.fetched('a')
        self.store.add('b')
        self.assertTrue(self.want('b'))
        self.wait_for_failure('b')
        for seconds in (0, refreshers.COOLDOWN - 1):
            self.clock.advance_time_seconds(seconds)
            self.assertIs(False, self.want('a'))
            self.assertIs(False, self.want('b'))
        self.clock.advance_time_seconds(1)
        self.issuers.found |= {name: stores.key_set() for name in 'ab'}
        self.assertIs(True, self.want('a'))
        self.assertIs(True, self.want('b'))
        self.wait_for_keys('a')
        self.wait_for_keys('b')
        self.assertEqual(['a', 'a', 'b', 'b'], sorted(self.issuers.requests))

    def test_fetch_whose_worker_has_ended(self):
        """It is not taken for one that is running for ever."""
        self.add('a')
        self.assertTrue(self.store.claim(self.store.get('a')))
        self.clock.advance_time_seconds(11)
        self.assertIs(True, self.want())
        self.clock.advance_time_seconds(1)
        self.assertIs(False, self.want())
        self.assertEqual([], self.issuers.requests)
        self.clock.advance_time_seconds(18)
        self.assertIs(True, self.want())
        self.wait_for_keys()

    def test_many_threads_cause_one_fetch(self):
        """In several workers, with the issuer as it was before."""
        issuer = self.add('a')
        workers = [self.new() for _ in range(4)]
        event = self.issuers.hold('a')
        start = threading.Barrier(20)

        def want(number):
            start.wait(stores.PATIENCE)
            return workers[number % 4].want(issuer)

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            self.assertEqual(20 * [True], list(pool.map(want, range(20))))
        event.set()
        self.wait_for_keys()
        self.assertEqual(['a'], self.issuers.requests)

    def test_keys_from_a_file(self):
        issuer = self.store.add(
            'a', key_source=trusted_issuer.JWKS, jwks='{"keys":[]}'
        )
        self.assertIs(False, self.refresher.want(issuer))
        self.assertEqual([], self.issuers.requests)

    def test_error_of_the_store(self):
        """The caller knows what to do with one."""
        issuer = self.add('a')
        self.store.failure = KeyError('database')
        self.assertRaises(KeyError, self.refresher.want, issuer)
        self.assertEqual([], self.issuers.requests)


class RefreshTest(RefresherTestCase):
    def test_due_keys_are_fetched(self):
        """Also those that were never fetched, and not those of a file."""
        self.fetched('a')
        self.store.add('file', key_source=trusted_issuer.JWKS)
        self.add('off', is_enabled=False)
        self.refresh_later(200)
        self.add('b')
        self.issuers.found['a'] = stores.key_set()
        self.refresh_later(30)
        self.wait_for_keys('a')
        self.wait_for_keys('b')
        self.assertEqual(['a', 'a', 'b'], sorted(self.issuers.requests))

    def test_keys_are_fetched_within_the_interval(self):
        """With a single worker, and however long a fetch takes."""
        self.fetched('a')
        for _ in range(5):
            pause = self.refresher.refresh()
            self.issuers.found['a'] = stores.key_set()
            self.assertLess(pause + 12, refreshers.INTERVAL)
            self.refresh_later(pause)
            self.wait_for_keys()
            self.clock.advance_time_seconds(12)

    def test_several_workers(self):
        """One of them fetches."""
        self.add('a')
        event = self.issuers.hold('a')
        for worker in (self.refresher, self.new(), self.new()):
            worker.refresh()
        event.set()
        self.wait_for_keys()
        self.assertEqual(['a'], self.issuers.requests)

    def test_issuer_that_another_worker_has_claimed(self):
        """Since this one has seen that it is due."""
        issuer = self.add('a')
        self.assertTrue(self.store.claim(issuer))
        self.store.due = lambda seconds: [issuer]
        self.refresher.refresh()
        for thread in set(threading.enumerate()) - set(self.before):
            if thread not in self.threads():
                thread.join(stores.PATIENCE)
        self.assertEqual([], self.issuers.requests)

    def test_slow_issuer_delays_no_other_one(self):
        names = [f'slow{number}' for number in range(7)]
        events = [self.issuers.hold(name) for name in names]
        for name in (*names, 'a', 'b'):
            self.add(name)
        self.refresher.refresh()
        self.wait_for_keys('a')
        self.wait_for_keys('b')
        self.add('c')
        self.assertTrue(self.want('c'))
        self.wait_for_keys('c')
        for event in events:
            event.set()
        for name in names:
            self.wait_for_keys(name)

    def test_few_are_fetched_at_the_same_time(self):
        """Those that wait are claimed when it is their turn."""
        names = [f'slow{number}' for number in range(12)]
        events = [self.issuers.hold(name) for name in names]
        for name in names:
            self.add(name)
        self.refresher.refresh()
        self.issuers.wait_for_requests(8)
        claimed = [name for name in names if self.store.get(name).attempted_at]
        self.assertEqual(sorted(self.issuers.requests), sorted(claimed))
        self.assertEqual(8, len(claimed))
        for event in events:
            event.set()
        for name in names:
            self.wait_for_keys(name)

    def test_error_of_the_store(self):
        """The next time, all is well."""
        self.add('a')
        self.store.failure = KeyError('database')
        self.assertGreater(self.refresher.refresh(), 0)
        self.store.failure = None
        self.refresher.refresh()
        self.wait_for_keys()

    def test_errors_in_threads(self):
        """There may be more of them than threads."""
        self.add('a')
        for number in range(2 * refreshers.MAX_FETCHES):
            # The text of an error of a database may have secrets.
            error = type(f'Error{number}', (Exception,), {})('secret')
            self.issuers.found['a'] = error
            self.refresh_later(LONG)
            self.wait_for_log(f'Error{number}')
        self.assertNotIn('secret', self.logger.output)
        self.issuers.found['a'] = stores.key_set()
        self.refresh_later(LONG)
        self.wait_for_keys()

    def test_error_of_the_store_in_a_thread(self):
        self.add('a')
        event = self.issuers.hold('a')
        self.refresher.refresh()
        self.issuers.wait_for_requests(1)
        self.store.failure = KeyError('database')
        event.set()
        self.wait_for_log('KeyError')
        self.store.failure = None
        self.refresh_later(LONG)
        self.wait_for_keys()


class BadKeysTest(RefresherTestCase):
    def test_known_keys_stay(self):
        known = self.fetched('a')
        for found, reason in (
            (None, 'There is no server.'),
            ({'keys': []}, 'The key set has no usable key. The set is empty.'),
            ({}, 'The key set is not a JWK set of at most 100 keys.'),
            ([], 'The key set is not a JWK set of at most 100 keys.'),
            ({'keys': [{'kty': 'oct', 'k': 'x'}]}, 'has no usable key.'),
        ):
            with self.variant(found):
                self.issuers.found['a'] = found
                self.clock.advance_time_seconds(LONG)
                self.refresher.refresh()
                failed = self.wait_for_failure()
                self.assertIn(reason, failed.failure)
                self.assertFalse(failed.failure.endswith('..'))
                self.assertEqual(known.jwks, failed.jwks)
                self.assertEqual(known.keys_fetched_at, failed.keys_fetched_at)

    def test_unusable_keys_are_left_out(self):
        found = stores.key_set()
        self.issuers.found['a'] = {
            'keys': [{'kty': 'oct', 'k': 'x'}, *found['keys'], {}]
        }
        self.store.add('a')
        self.assertTrue(self.want())
        stored = self.store.wait_for('a', lambda one: one.jwks is not None)
        self.assertEqual(
            thumbprints(found), thumbprints(json.loads(stored.jwks))
        )
        self.wait_for_log('trusted issuer a: The key at index 0')

    def test_logs(self):
        """One warning, and a message when it succeeds again."""
        failure = f'Cannot {FETCH} a: There is no server.'
        self.store.add('a')
        for level in ('WARNING', 'DEBUG', 'DEBUG'):
            self.refresh_later(LONG)
            self.wait_for_log(f'{level} {failure}')
            self.logger.reset_output()
        self.issuers.found['a'] = stores.key_set()
        self.refresh_later(LONG)
        self.wait_for_log(f'INFO This succeeds again: {FETCH} a')
        self.logger.reset_output()
        del self.issuers.found['a']
        self.refresh_later(LONG)
        self.wait_for_log(f'WARNING {failure}')


class ThreadTest(RefresherTestCase):
    def test_one_thread(self):
        for _ in range(3):
            self.assertIs(True, self.refresher.start())
        self.assertEqual(1, len(self.threads()))

    def test_it_ends_with_the_object(self):
        (thread,) = self.threads()
        del self.refresher
        gc.collect()
        thread.join(stores.PATIENCE)
        self.assertFalse(thread.is_alive())

    def test_it_begins_with_what_is_due(self):
        self.add('a')
        self.new()
        self.wait_for_keys()

    def test_after_a_fork(self):
        """Whatever the threads of the parent were doing."""
        self.add('a')
        process = self.refresher._processes[os.getpid()]
        with process.lock:
            child = os.fork()
            if child == 0:
                self.be_child()
        _, status = os.waitpid(child, 0)
        self.assertEqual(0, status)
        self.assertEqual(1, len(self.threads()))

    def be_child(self):
        """Fetch keys, and exit with 0."""
        code = 1
        try:
            # Those of the parent may be held for ever.
            self.store.changed = threading.Condition()
            self.assertTrue(self.want())
            self.wait_for_keys()
            code = 0
        finally:
            os._exit(code)

    def test_no_thread_can_be_started(self):
        """Another worker may fetch; later, this one can."""
        issuer = self.add('a')
        found = refreshers.Refresher(self.store, self.issuers.fetch)
        with self.no_threads():
            for level in ('WARNING', 'DEBUG'):
                self.logger.reset_output()
                self.assertIs(False, found.start())
                self.assertIs(False, found.want(issuer))
                self.assertIn(f'{level} Cannot {START}', self.logger.output)
            self.assertIsNone(self.store.get('a').attempted_at)
            # Its own thread was started before.
            self.assertIs(False, self.refresher.want(issuer))
            self.assertIn(f'Cannot {FETCH} a: can', self.logger.output)
            self.clock.advance_time_seconds(LONG)
            self.refresher.refresh()
        self.assertIs(True, found.want(issuer))
        self.wait_for_keys()

    def no_threads(self):
        def start(thread):
            raise RuntimeError("can't start new thread")

        return fixtures.MonkeyPatch('threading.Thread.start', start)

    def test_uwsgi_without_threads(self):
        """Nothing is claimed, so that another worker can fetch."""
        issuer = self.add('a')
        module = types.ModuleType('uwsgi')
        module.opt = {}
        self.useFixture(
            fixtures.MonkeyPatch(
                'sys.modules', {**sys.modules, 'uwsgi': module}
            )
        )
        found = refreshers.Refresher(self.store, self.issuers.fetch)
        for _ in range(3):
            self.assertIs(False, found.want(issuer))
        self.assertEqual(1, self.logger.output.count('WARNING'))
        self.assertIn('set enable-threads = true', self.logger.output)
        self.assertIsNone(self.store.get('a').attempted_at)


def thumbprints(jwks):
    """Return what identifies the keys of a JWK set."""
    return [jwk.thumbprint(one) for one in jwks['keys']]
