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

"""What ``make bench`` counts, and the names that its report looks up."""

import dataclasses
import os
import socket
import subprocess
import sys
import threading

from bench import cases
from bench import meters
from bench import report
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import requirement

MESSAGES = 100
NOTHING = meters.Reading({}, {}, {}, {}, {})


class MetersTest(base.TestCase):
    """Processor time and messages."""

    def test_processor_time_is_that_of_the_process(self):
        seconds = meters.processor_seconds([os.getpid()])

        own = sum(os.times()[:2])
        self.assertAlmostEqual(own, seconds[os.getpid()], delta=0.1)

    def test_an_ended_process_has_no_processor_time(self):
        process = subprocess.Popen([sys.executable, '-c', ''])
        process.wait()

        self.assertEqual({}, meters.processor_seconds([process.pid]))

    def test_each_small_message_counts_as_one(self):
        requirement.programs(self, 'ss')
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        threading.Thread(target=_echo, args=(listener,)).start()
        port = listener.getsockname()[1]
        with socket.create_connection(('127.0.0.1', port)) as client:
            _exchange(client, 1)
            before = meters.sent_segments([os.getpid()], port)
            _exchange(client, MESSAGES)
            after = meters.sent_segments([os.getpid()], port)

        self.assertEqual(1, len(before))
        self.assertEqual(before.keys(), after.keys())
        self.assertEqual(MESSAGES, sum(after.values()) - sum(before.values()))

    def test_messages_of_other_processes_do_not_count(self):
        requirement.programs(self, 'ss')
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        with socket.create_connection(('127.0.0.1', port)):
            self.assertEqual({}, meters.sent_segments([os.getppid()], port))

    def test_a_new_process_counts_as_a_whole(self):
        cost = self._cost({1: 3.0}, {1: 5.0, 2: 2.0})

        self.assertEqual(2.0, cost.database)
        self.assertEqual(2.0, cost.total)

    def test_nothing_is_known_of_a_process_that_has_ended(self):
        cost = self._cost({1: 3.0, 2: 1.0}, {1: 5.0})

        self.assertIsNone(cost.database)
        self.assertIsNone(cost.total)

    def test_nothing_is_known_of_a_remote_server(self):
        self.assertIsNone(self._cost(None, None).total)

    def _cost(self, before, after):
        return meters.cost(
            dataclasses.replace(NOTHING, database=before),
            dataclasses.replace(NOTHING, database=after),
            requests=2,
        )


class ReportTest(base.TestCase):
    """The report of all cases."""

    def test_it_compares_only_what_is_measured(self):
        measured = {
            (name, side)
            for case in cases.CASES
            for name in case.measures
            for side in case.sides
        }
        for ratio in report.ratios('memory'):
            with self.variant(ratio.text):
                self.assertIn(ratio.upper, measured)
                self.assertIn(ratio.lower, measured)
        for key in (
            report.BUSY,
            report.ALONE,
            report.ATTACKED,
            report.KEPT,
        ):
            self.assertIn(key, measured)


def _echo(listener):
    connection, _ = listener.accept()
    with connection:
        while message := connection.recv(100):
            connection.sendall(message)


def _exchange(client, count):
    for _ in range(count):
        client.sendall(b'SELECT 1')
        client.recv(100)
