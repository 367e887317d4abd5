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

"""Counters and timers, as a StatsD daemon receives them."""

import re
import socket

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base as tests_base
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

PACKET = re.compile(rb'keystone_oauth2\.([a-z.]+):([0-9.]+)\|(c|ms)')


class StatsDTest(tokens.TokensTestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.bind(('127.0.0.1', 0))
        cls.daemon.settimeout(0.2)
        cls.options = {
            'oauth2_statsd': {
                'host': '127.0.0.1',
                'port': cls.daemon.getsockname()[1],
            },
            'oauth2_limits': {'client_failures': '1/hour'},
        }
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.own = self.identity.create_application_credential(self.user)
        self.received()

    def received(self):
        """Return the metrics received since the last call."""
        packets = []
        try:
            while True:
                packets.append(self.daemon.recv(4096))
        except TimeoutError:
            return packets

    def counters_and_timers(self):
        """Return both, and assert that there is nothing else."""
        counters, timers = [], []
        for packet in self.received():
            match = PACKET.fullmatch(packet)
            self.assertIsNotNone(match, packet)
            name, value, kind = match.groups()
            if kind == b'c':
                self.assertEqual(b'1', value)
                counters.append(name.decode())
            else:
                self.assertGreater(float(value), 0)
                self.assertLess(float(value), 60_000)
                timers.append(name.decode())
        return counters, timers

    def test_each_event_is_counted_and_each_answer_timed(self):
        self.post_as((self.own.id, 'wrong'))
        self.post_as((self.own.id, 'wrong'))
        self.post_with(self.certificate)
        self.assertEqual(
            (
                ['token.refused', 'token.limited', 'token.issued'],
                ['token'] * 3,
            ),
            self.counters_and_timers(),
        )

    def test_endpoints_have_separate_metrics(self):
        token = self.issue(self.own)
        self.counters_and_timers()
        self.introspect(token)
        self.introspect('unknown')
        self.revoke(token, self.own)
        self.assertEqual(
            (
                [
                    'introspect.introspected',
                    'introspect.introspected',
                    'revoke.revoked',
                ],
                ['introspect', 'introspect', 'revoke'],
            ),
            self.counters_and_timers(),
        )

    def test_answer_without_an_event_is_only_timed(self):
        self.revoke('unknown', self.own)
        self.assertEqual(([], ['revoke']), self.counters_and_timers())

    def test_other_urls_are_not_measured(self):
        self.keystone.request('GET', base.TOKEN)
        self.keystone.request('GET', '/v3')
        self.assertEqual([], self.received())


class DaemonDownTest(mutual_tls.MutualTLSTestCase):
    """The daemon is down, which has no effect on clients."""

    options = {'oauth2_statsd': {'host': '127.0.0.1', 'port': 1}}

    def test_tokens_are_issued(self):
        for _ in range(3):
            self.assertEqual(200, self.post_as(self.client).status)


class WrongHostTest(tests_base.TestCase):
    def test_host_that_does_not_resolve_stops_keystone(self):
        keystone = fixture.Keystone(
            {
                'DEFAULT': {'debug': False},
                'oauth2_statsd': {'host': 'statsd.invalid'},
            }
        )
        error = self.assertRaises(fixture.StartUpRefused, keystone.setUp)
        self.assertIn('[oauth2_statsd] host', str(error))
        self.assertIn('use a host name that can be resolved', str(error))
        self.assertNotIn('Traceback', keystone.log)

    def test_addresses_of_both_families_can_be_named(self):
        for host in ('127.0.0.1', '::1', 'localhost'):
            with self.variant(host):
                options = {'oauth2_statsd': {'host': host}}
                with fixture.Keystone(options) as keystone:
                    answer = keystone.request('POST', base.TOKEN)
                self.assertEqual(400, answer.status)
