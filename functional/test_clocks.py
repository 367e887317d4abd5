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

"""Nodes whose clocks differ."""

import datetime
import time

from functional import clocks
from functional import programs
from keystone_oauth2.tests.support import assertions

#: Seconds until a registration expires.
SOON = 12


class AheadTests:
    """The clock of the second node is fast."""

    #: How far it is ahead.
    seconds = None

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.environment = {
            'LD_PRELOAD': clocks.LIBRARY,
            'FAKETIME': f'+{cls.seconds}s',
        }

    def setUp(self):
        super().setUp()
        self.on_time, self.ahead = self.nodes

    def both_ways(self):
        """Return each node paired with the other one."""
        return (self.on_time, self.ahead), (self.ahead, self.on_time)

    def test_token_of_the_other_node(self):
        """It is valid on both, and expires about when its client expects."""
        for files in (None, self.files):
            for node, other in self.both_ways():
                before = time.time()
                answer = self.grant(node, files=files)
                after = time.time()
                token = answer.json['access_token']
                expires_in = answer.json['expires_in']
                seen = self.introspect(token, files=files, url=other.url)
                self.assertIs(True, seen['active'])
                late = self.seconds if node is self.ahead else 0
                self.assertGreaterEqual(
                    seen['exp'], int(before) + late + expires_in
                )
                self.assertLessEqual(
                    seen['exp'], after + late + expires_in + 1
                )
                answer = self.use_token(token, files, url=other.url)
                self.assertEqual(200, answer.status, answer.text)

    def test_revocation_by_the_other_node(self):
        """Both nodes refuse the token at once."""
        for node, other in self.both_ways():
            token = self.issue(url=node.url)
            self.revoke(token, url=other.url)
            for each in self.nodes:
                with self.variant((node, each)):
                    seen = self.introspect(token, url=each.url)
                    self.assertEqual({'active': False}, seen)
                    answer = self.use_token(token, url=each.url)
                    self.assertEqual(401, answer.status)

    def test_credential_that_expires(self):
        """Each node uses its own clock."""
        token = self.identity.token_for(self.user)
        ends, expires_at = _soon()
        client = self.on_time.identity.create_application_credential(
            self.user, expires_at=expires_at, token=token
        )
        self.assert_ends(
            ends, lambda node: self.grant(node, client=client).status
        )

    def test_registered_secret_that_expires(self):
        """Each node uses its own clock."""
        token = self.identity.token_for(self.user)
        ends, expires_at = _soon()
        registered = self.register(
            self.client, token, 'secret', expires_at=expires_at
        )
        client = self.client._replace(secret=registered['secret'])
        self.assert_ends(
            ends, lambda node: self.grant(node, client=client).status
        )

    def test_key_that_expires(self):
        """Each node uses its own clock."""
        token = self.identity.token_for(self.user)
        signer = assertions.Signer(self.client.id, clocks.ISSUER)
        ends, expires_at = _soon()
        self.register(
            self.client, token, 'key', jwk=signer.jwk, expires_at=expires_at
        )
        self.assert_ends(
            ends,
            lambda node: self.status_of(
                node, signer.assertion(exp=clocks.later())
            ),
        )

    def assert_ends(self, ends, status):
        """Assert that each node accepts something until a moment."""
        refused = set()
        while len(refused) < 2:
            for node, offset in (
                (self.on_time, 0),
                (self.ahead, self.seconds),
            ):
                before = time.time() + offset
                found = status(node)
                after = time.time() + offset
                # Tokens expire at a whole second, and live at least one.
                if after < ends - 2:
                    self.assertEqual(200, found)
                elif before > ends:
                    self.assertEqual(401, found)
                    refused.add(offset)

    def test_assertion(self):
        """It may be half a minute early, and not a second late."""
        signer = self.new_signer()
        for node, other in self.both_ways():
            assertion = signer.assertion(exp=clocks.later())
            self.assertEqual(200, self.status_of(node, assertion))
            # Each is accepted once, by whatever node.
            self.assertEqual(401, self.status_of(other, assertion))
        now = int(time.time())
        early = signer.assertion(iat=now + self.seconds, exp=clocks.later())
        is_early = self.seconds > clocks.SKEW
        self.assertEqual(
            401 if is_early else 200, self.status_of(self.on_time, early)
        )
        short = signer.assertion(exp=now + clocks.SKEW)
        self.assertEqual(
            401 if is_early else 200, self.status_of(self.ahead, short)
        )


class FiveSecondsTest(AheadTests, clocks.ClockTestCase):
    seconds = 5


class MinuteTest(AheadTests, clocks.ClockTestCase):
    seconds = 60


class LimitTests:
    """Failures are counted in memcached, whose clock decides."""

    cache = 'memcached'
    amount = 3
    period = 10

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.environment = {
            'LD_PRELOAD': clocks.LIBRARY,
            'FAKETIME': f'+{cls.seconds}s',
        }
        cls.deployment.options['oauth2_limits'] = {
            # A hard limit, since there is none for addresses.
            'client_failures': f'{cls.amount}/{cls.period} seconds',
            'address_failures': '',
            'storage': f'memcached://{programs.HOST}:{cls.memcached.port}',
        }
        cls.deployment.write_configuration()

    def test_block(self):
        """It begins and ends for both nodes at once."""
        for node in self.nodes:
            client = self.identity.create_application_credential(self.user)
            wrong = client._replace(secret='wrong')
            for _ in range(self.amount):
                self.assertEqual(401, self.grant(node, client=wrong).status)
            first = time.monotonic()
            self.assertEqual({429}, self.statuses(client))
            for each in self.nodes:
                self.assert_retry_after(node, each, client)
            while self.statuses(client) != {200}:
                self.assertLess(time.monotonic() - first, 2 * self.period)
            self.assertGreater(time.monotonic() - first, self.period / 2)

    def assert_retry_after(self, node, other, client):
        """Assert that it is wrong by the difference of the clocks."""
        late = self.nodes.index(node) - self.nodes.index(other)
        least = late * self.seconds
        answer = self.grant(other, client=client)
        retry_after = int(answer.headers['Retry-After'])
        self.assertGreaterEqual(retry_after, max(1, least))
        self.assertLessEqual(retry_after, max(1, least + self.period + 1))

    def statuses(self, client):
        """Return the statuses that the nodes return to a client."""
        return {self.grant(node, client=client).status for node in self.nodes}


class FiveSecondsLimitTest(LimitTests, clocks.ClockTestCase):
    seconds = 5


class MinuteLimitTest(LimitTests, clocks.ClockTestCase):
    seconds = 60


def _soon():
    """Return a moment in seconds, and as text."""
    ends = int(time.time()) + SOON
    moment = datetime.datetime.fromtimestamp(ends, datetime.timezone.utc)
    return ends, moment.strftime('%Y-%m-%dT%H:%M:%SZ')
