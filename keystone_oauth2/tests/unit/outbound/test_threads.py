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

"""Threads in which things are done that no request waits for."""

import sys
import threading
import types

import fixtures

from keystone_oauth2.outbound import threads
from keystone_oauth2.tests import base

#: Seconds.
PATIENCE = 10


class HasThreadsTest(base.TestCase):
    def set_options(self, **options):
        """Run in uWSGI with these options."""
        module = types.ModuleType('uwsgi')
        module.opt = {
            name.replace('_', '-'): value for name, value in options.items()
        }
        self.useFixture(
            fixtures.MonkeyPatch(
                'sys.modules', {**sys.modules, 'uwsgi': module}
            )
        )

    def test_other_servers(self):
        self.assertTrue(threads.has_threads())

    def test_uwsgi(self):
        for options, expected in (
            ({}, False),
            ({'enable_threads': True}, True),
            ({'enable_threads': b'true'}, True),
            ({'enable_threads': b'1'}, True),
            ({'enable_threads': b'false'}, False),
            ({'enable_threads': b'0'}, False),
            ({'threads': b'2'}, True),
        ):
            with self.variant(options):
                self.set_options(**options)
                self.assertIs(expected, threads.has_threads())


class ShortLivedTest(base.TestCase):
    def test_each_function_is_called_once(self):
        short_lived, called = threads.ShortLived(3), []
        over = threading.Semaphore(0)

        def errand(number):
            called.append((number, threading.current_thread()))
            over.release()

        for number in range(100):
            short_lived.call(lambda number=number: errand(number))
        for _ in range(100):
            self.assertTrue(over.acquire(timeout=PATIENCE))
        self.assertEqual(
            list(range(100)), sorted(number for number, _ in called)
        )
        for _, thread in called:
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive())

    def test_limit(self):
        short_lived, hold = threads.ShortLived(2), threading.Event()
        begun = threading.Semaphore(0)

        def errand():
            begun.release()
            hold.wait(PATIENCE)

        for _ in range(5):
            short_lived.call(errand)
        self.assertTrue(begun.acquire(timeout=PATIENCE))
        self.assertTrue(begun.acquire(timeout=PATIENCE))
        self.assertFalse(begun.acquire(timeout=0.1))
        hold.set()
        for _ in range(3):
            self.assertTrue(begun.acquire(timeout=PATIENCE))
