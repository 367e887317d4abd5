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

"""Slow and hostile clients behind front ends that do not buffer requests."""

import time

import requests

from functional import base
from functional import test_hostile
from functional import traffic

#: Clients whose header has arrived, and those whose header has not.
IN_BODY = ('body', 'body without end', 'long body', 'chunks')
IN_HEADER = ('no handshake', 'nothing', 'header field', 'header fields')
#: Slow clients of both kinds.
CROWD = 100


class UnbufferedTests(test_hostile.HostileTests):
    """A worker waits for the body of each request."""

    processes = 4

    def test_slow_header_fields(self):
        """No worker waits for a client whose header has not arrived."""
        self.assert_good_clients_served(IN_HEADER, CROWD)

    def test_fewer_slow_bodies_than_workers(self):
        """The other workers serve the good clients."""
        self.assert_good_clients_served(IN_BODY, self.processes - 1)

    def assert_good_clients_served(self, kinds, number):
        """Assert that others get tokens while clients are slow."""
        crowd = self.crowd(kinds, number)
        good = traffic.Traffic(
            {'secret': self.token, 'certificate': self.bound}
        )
        with crowd, good:
            outcomes = good.go_on(10)
            self.assertGreater(crowd.size(), number / 2)
        self.assertEqual({200}, {each.status for each in outcomes})
        self.assert_unharmed()

    def test_as_many_slow_bodies_as_workers(self):
        """They block Keystone, as the guide says, until they disconnect."""
        with self.crowd(IN_BODY, 2 * self.processes):
            self.wait_until_blocked()
        self.assert_unharmed()

    def wait_until_blocked(self):
        """Wait until a good client gets no response."""
        end = time.monotonic() + traffic.PATIENCE
        while time.monotonic() < end:
            try:
                requests.get(
                    self.stack.url,
                    verify=self.ca_file,
                    timeout=test_hostile.PATIENCE,
                )
            except requests.Timeout:
                return
        self.fail('Slow clients do not block Keystone.')

    def crowd(self, kinds, number):
        """Return slow clients."""
        return test_hostile.Crowd(self.stack.port, self.context, kinds, number)


class UWSGITest(UnbufferedTests, base.StackTestCase):
    front_end = 'uwsgi'


class ApacheUWSGITest(UnbufferedTests, base.StackTestCase):
    front_end = 'apache-uwsgi'


class ApacheModWSGITest(UnbufferedTests, base.StackTestCase):
    front_end = 'apache-mod_wsgi'
