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

"""Nodes whose clocks differ, and a clock that is set while clients use it."""

import datetime
import glob
import os
import time

from functional import base
from functional import nodes
from functional import programs
from functional import traffic
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

ISSUER = 'https://keystone.example.com/v3'
LIBRARY = ''.join(glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1'))
#: Seconds until assertions expire, and that they may come from the future.
LIFETIME = 300
SKEW = 30
#: Seconds until a registration expires.
SOON = 12
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
OPTIONS = {
    'oauth2': {
        'issuer': ISSUER,
        'oauth2_authn_methods': (
            'client_secret_basic,private_key_jwt,tls_client_auth'
        ),
    },
    'oauth2_limits': {'client_failures': '', 'address_failures': ''},
}


class ClockTestCase(nodes.NodesTestCase):
    """The second node has another clock."""

    needs = ('faketime',)
    processes = 1
    options = OPTIONS

    def grant(self, node, **credentials):
        """Request a token from a node."""
        return self.post_as_client(
            base.TOKEN, base.GRANT, url=node.url, **credentials
        )

    def register(self, client, token, kind, **attributes):
        """Register an authenticator at the first node.

        :param token: of the owner.
        """
        return clients.register(
            self.https(url=self.nodes[0].url).request,
            token,
            client,
            kind,
            **attributes,
        )

    def new_signer(self):
        """Return a client with a key."""
        token = self.identity.token_for(self.user)
        signer = assertions.Signer(self.client.id, ISSUER)
        self.register(self.client, token, 'key', jwk=signer.jwk)
        return signer

    def status_of(self, node, assertion):
        """Return the status of a token request with an assertion."""
        form = {
            **base.GRANT,
            'client_assertion_type': assertions.TYPE,
            'client_assertion': assertion,
        }
        return self.post(base.TOKEN, form, url=node.url).status

    def assert_revoked(self, token, *others):
        """Assert that nodes refuse a token."""
        for node in others:
            seen = self.introspect(token, url=node.url)
            self.assertEqual({'active': False}, seen)
            answer = self.use_token(token, url=node.url)
            self.assertEqual(401, answer.status)


class AheadTests:
    """The clock of the second node is fast."""

    #: How far it is ahead.
    seconds = None

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.environment = {
            'LD_PRELOAD': LIBRARY,
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
        signer = assertions.Signer(self.client.id, ISSUER)
        ends, expires_at = _soon()
        self.register(
            self.client, token, 'key', jwk=signer.jwk, expires_at=expires_at
        )
        self.assert_ends(
            ends,
            lambda node: self.status_of(node, signer.assertion(exp=_later())),
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
            assertion = signer.assertion(exp=_later())
            self.assertEqual(200, self.status_of(node, assertion))
            # Each is accepted once, by whatever node.
            self.assertEqual(401, self.status_of(other, assertion))
        now = int(time.time())
        early = signer.assertion(iat=now + self.seconds, exp=_later())
        is_early = self.seconds > SKEW
        self.assertEqual(
            401 if is_early else 200, self.status_of(self.on_time, early)
        )
        short = signer.assertion(exp=now + SKEW)
        self.assertEqual(
            401 if is_early else 200, self.status_of(self.ahead, short)
        )


class FiveSecondsTest(AheadTests, ClockTestCase):
    seconds = 5


class MinuteTest(AheadTests, ClockTestCase):
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
            'LD_PRELOAD': LIBRARY,
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


class FiveSecondsLimitTest(LimitTests, ClockTestCase):
    seconds = 5


class MinuteLimitTest(LimitTests, ClockTestCase):
    seconds = 60


class StepTest(ClockTestCase):
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
            'LD_PRELOAD': LIBRARY,
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
        assertion = self.signer.assertion(exp=_later())
        self.assertEqual(
            401 if step < -SKEW else 200, self.status_of(self.node, assertion)
        )


def _soon():
    """Return a moment in seconds, and as text."""
    ends = int(time.time()) + SOON
    moment = datetime.datetime.fromtimestamp(ends, datetime.timezone.utc)
    return ends, moment.strftime('%Y-%m-%dT%H:%M:%SZ')


def _later():
    return int(time.time()) + LIFETIME
