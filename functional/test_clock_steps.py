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

"""A clock that is set while clients use its node."""

import os
import time

from functional import base
from functional import clocks
from functional import traffic

#: Seconds that the node's clock is off, one after another.
STEPS = (0, 5, -5, 60, -60, 0)
# With a real monotonic clock, libfaketime 0.9.10 fails in clock_nanosleep().
_SLEEP = """\
import select
import time


def sleep(seconds):
    select.select([], [], [], seconds)


time.sleep = sleep
"""


class StepTest(clocks.ClockTestCase):
    """The clock of a node is set while clients use it."""

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.clock = cls.folder / 'clock'
        cls.set_clock(0)
        modules = cls.folder / 'modules'
        modules.mkdir()
        (modules / 'sitecustomize.py').write_text(_SLEEP)
        cls.environment = {
            'LD_PRELOAD': clocks.LIBRARY,
            'FAKETIME_TIMESTAMP_FILE': str(cls.clock),
            'FAKETIME_NO_CACHE': '1',
            'FAKETIME_DONT_FAKE_MONOTONIC': '1',
            'PYTHONPATH': os.pathsep.join(
                [str(modules), *os.environ.get('PYTHONPATH', '').split()]
            ),
        }

    @classmethod
    def set_clock(cls, seconds):
        """Set how far the clock of the second node is ahead."""
        new = cls.folder / 'clock.new'
        new.write_text(f'{seconds:+d}s')
        new.chmod(0o644)
        new.rename(cls.clock)

    def setUp(self):
        super().setUp()
        self.node = self.nodes[1]
        signer = self.new_signer()
        token = self.issue(url=self.node.url)
        self.flow = traffic.Traffic(
            {
                'secret': lambda: self.grant(self.node),
                'certificate': lambda: self.grant(self.node, files=self.files),
                'introspection': lambda: self.post_as_client(
                    base.INTROSPECT, {'token': token}, url=self.node.url
                ),
                'use': lambda: self.use_token(token, url=self.node.url),
            }
        )
        self.signer = signer

    def test_steps(self):
        """Tokens stay valid until they are revoked."""
        tokens = [self.issue(url=self.node.url)]
        with self.flow:
            for step in STEPS:
                with self.variant(step):
                    self.set_clock(step)
                    self.assert_well(self.flow.go_on())
                    self.assert_moved(step)
                    tokens.append(self.issue(url=self.node.url))
                    self.revoke(tokens[-2], url=self.node.url)
                    self.assert_revoked(tokens[-2], *self.nodes)
        for token in tokens[:-1]:
            self.assert_revoked(token, *self.nodes)

    def assert_well(self, outcomes):
        """Assert that all responses are as usual."""
        for outcome in outcomes:
            self.assertEqual(200, outcome.status, outcome)
            if outcome.kind == 'introspection':
                self.assertIs(True, outcome.answer.json['active'])

    def assert_moved(self, step):
        """Assert what the node's clock says about assertions and tokens."""
        before = int(time.time()) + step
        token = self.issue(url=self.node.url)
        issued_at = self.introspect(token, url=self.node.url)['iat']
        self.assertGreaterEqual(issued_at, before)
        self.assertLessEqual(issued_at, time.time() + step)
        assertion = self.signer.assertion(exp=clocks.later())
        self.assertEqual(
            401 if step < -clocks.SKEW else 200,
            self.status_of(self.node, assertion),
        )
