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

"""Faults under load neither grant access nor lose data."""

import datetime
import glob
import os
import signal
import sqlite3
import time

import sqlalchemy as sa

from functional import base
from functional import front_ends
from functional import nodes
from functional import programs
from functional import traffic

#: Durations in seconds.
OUTAGE = 3
AHEAD = 5
UNLIMITED = {'client_failures': '', 'address_failures': ''}
#: Expected statuses other than 200.
REFUSED = {'wrong secret': 401, 'use of nonsense': 401}
#: Requests to Keystone's own API, which has its own error responses.
KEYSTONE = ('use', 'use of nonsense')
_PORTS = {'postgresql': 5432, 'mysql': 3306}
_PROXY = """\
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h

listen database
    bind {proxy}
    server database {server}
"""


class FaultTestCase(base.StackTestCase):
    """Faults while traffic is running."""

    processes = 2
    # Wrong and right secrets are sent from the same address here.
    options = {'oauth2_limits': UNLIMITED}

    @classmethod
    def create(cls):
        super().create()
        cls.guessed = cls.identity.create_application_credential(cls.user)

    def setUp(self):
        super().setUp()
        token = self.issue()
        wrong = self.guessed._replace(secret='wrong')
        self.flow = traffic.Traffic(
            {
                'secret': lambda: self.post(
                    base.TOKEN, base.GRANT, client=self.client
                ),
                'certificate': lambda: self.post(
                    base.TOKEN, base.GRANT, files=self.files
                ),
                'wrong secret': lambda: self.post(
                    base.TOKEN, base.GRANT, client=wrong
                ),
                'introspection': lambda: self.post(
                    base.INTROSPECT, {'token': token}, client=self.client
                ),
                'use': lambda: self.use_token(token),
                'use of nonsense': lambda: self.use_token(f'{token[:-9]}A'),
            }
        )

    def assert_well(self, outcomes):
        """Assert that all responses are as usual."""
        for outcome in outcomes:
            status = REFUSED.get(outcome.kind, 200)
            self.assertEqual(status, outcome.status, outcome)
            if outcome.kind == 'introspection':
                self.assertIs(True, outcome.answer.json['active'])


class DatabaseTests:
    """The database is unavailable, and then returns."""

    needs = ('haproxy',)

    @classmethod
    def _options(cls):
        options = super()._options()
        url = sa.make_url(options['database']['connection'])
        port = programs.free_port()
        (cls.folder / 'database.cfg').write_text(
            _PROXY.format(
                proxy=f'{programs.HOST}:{port}',
                server=f'{url.host}:{url.port or _PORTS[cls.database]}',
            )
        )
        cls.proxy = cls.use(
            programs.Program(
                'database',
                ['haproxy', '-db', '-f', 'database.cfg'],
                cls.folder,
                port,
            )
        )
        url = url.set(host=programs.HOST, port=port)
        options['database'] = {
            'connection': url.render_as_string(hide_password=False)
        }
        return options

    def test_outage(self):
        """Endpoints return 503 during the outage, and recover at once."""
        with self.flow:
            self.assert_well(self.flow.go_on())
            self.proxy.stop()
            stopped = time.monotonic()
            self.flow.go_on()
            time.sleep(max(0, stopped + OUTAGE - time.monotonic()))
            started = time.monotonic()
            self.proxy.start()
            self.assert_well(self.flow.go_on())
        for outcome in self.flow.outcomes:
            away = stopped < outcome.started and outcome.ended < started
            if outcome.kind not in KEYSTONE:
                self.assert_answered(outcome, away)
            elif outcome.kind in REFUSED:
                self.assertNotEqual(200, outcome.status)

    def assert_answered(self, outcome, away):
        """Assert a usual response, or one that asks to try again."""
        if away or outcome.status == 503:
            answer = outcome.answer
            self.assertEqual(503, outcome.status, outcome)
            self.assertEqual('temporarily_unavailable', answer.json['error'])
            self.assertRegex(answer.headers['Retry-After'], r'^[1-9]\d*$')
        else:
            self.assert_well([outcome])


class PostgreSQLTest(DatabaseTests, FaultTestCase):
    database = 'postgresql'


class MariaDBTest(DatabaseTests, FaultTestCase):
    database = 'mysql'


class MemcachedTest(FaultTestCase):
    """Memcached, which also counts failures, is unavailable and returns."""

    cache = 'memcached'

    @classmethod
    def _options(cls):
        options = super()._options()
        options['oauth2_limits'] = {
            **options['oauth2_limits'],
            'client_failures': '3/hour',
            'storage': (f'memcached://{programs.HOST}:{cls.memcached.port}'),
        }
        return options

    def test_outage(self):
        """Tokens are issued and used throughout, and no client is blocked."""
        with self.flow:
            self.wait_for(429)
            self.memcached.stop()
            meanwhile = self.flow.go_on()
            self.memcached.start()
            self.wait_for(429)
        self.assert_well(meanwhile)
        self.assert_well(
            outcome
            for outcome in self.flow.outcomes
            if outcome.kind != 'wrong secret'
        )
        self.assertIn('Failed authentications cannot be counted', self.log())

    def test_revocation_after_an_outage(self):
        """All workers refuse a token that one worker revoked."""
        self.memcached.stop()
        self.memcached.start()
        token = self.issue()
        self.assertEqual(200, self.use_token(token).status)
        self.revoke(token)
        for _ in range(8):
            self.assertEqual(401, self.use_token(token).status)

    def wait_for(self, status):
        """Wait until the traffic's wrong secrets get this status."""
        end = time.monotonic() + traffic.PATIENCE
        while time.monotonic() < end:
            if status in {
                outcome.status
                for outcome in self.flow.go_on(1)
                if outcome.kind == 'wrong secret'
            }:
                return
        self.fail(f'A wrong secret is not answered {status}.')

    def log(self):
        """Return the log of Keystone."""
        return self.log_texts()['keystone.log']


class WorkersTest(FaultTestCase):
    """Faults and changes of workers."""

    def test_killed_worker(self):
        """At most the request in progress is lost."""
        uwsgi = self.stack.programs['uwsgi']
        with self.flow:
            self.flow.go_on()
            killed = time.monotonic()
            os.kill(uwsgi.children()[0], signal.SIGKILL)
            gone = time.monotonic()
            self.flow.go_on()
        lost = [
            outcome
            for outcome in self.flow.outcomes
            if outcome.started < gone
            and outcome.ended > killed
            and outcome.status in (None, 502, 504)
        ]
        self.assertLessEqual(len(lost), 1, lost)
        self.assert_well(
            outcome for outcome in self.flow.outcomes if outcome not in lost
        )

    def test_rotation_of_keys(self):
        """Tokens and secrets stay valid; digests move to the new key."""
        owner = []
        if os.geteuid() == 0:
            account = front_ends.server_account()
            owner = ['--keystone-user', account, '--keystone-group', account]
        with self.flow:
            self.flow.go_on()
            before = self.key_id()
            self.deployment.manage('fernet_rotate', *owner)
            self.flow.go_on()
            for _ in range(2):
                self.deployment.manage('credential_migrate', *owner)
                self.deployment.manage('credential_rotate', *owner)
                self.flow.go_on()
            self.assertNotEqual(before, self.key_id())
        self.assert_well(self.flow.outcomes)

    def key_id(self):
        """Return the id of the key that made the client's digest."""
        with sqlite3.connect(self.folder / 'keystone.db') as connection:
            ((key_id,),) = connection.execute(
                'SELECT key_id FROM oauth2_secret_digest WHERE client_id = ?',
                [self.client.id],
            )
        return key_id


class ClockTest(nodes.NodesTestCase):
    """The clock of the second node is fast."""

    needs = ('faketime',)
    processes = 1
    options = {'oauth2_limits': UNLIMITED}
    environment = {
        'LD_PRELOAD': ''.join(
            glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')
        ),
        'FAKETIME': f'+{AHEAD}s',
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
                late = AHEAD if node is self.ahead else 0
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
        ends = time.time() + AHEAD + 3
        client = self.identity.create_application_credential(
            self.user,
            expires_at=datetime.datetime.fromtimestamp(ends).astimezone(),
        )
        refused = set()
        while len(refused) < 2:
            for node, offset in ((self.on_time, 0), (self.ahead, AHEAD)):
                before = time.time() + offset
                status = self.grant(node, client=client).status
                after = time.time() + offset
                # Tokens expire at a whole second, and live at least one.
                if after < ends - 2:
                    self.assertEqual(200, status)
                elif before > ends:
                    self.assertEqual(401, status)
                    refused.add(offset)

    def grant(self, node, **credentials):
        """Request a token from a node."""
        return self.post_as_client(
            base.TOKEN, base.GRANT, url=node.url, **credentials
        )


class FullDiskTest(base.StackTestCase):
    """The log cannot be written because the disk is full."""

    processes = 1
    options = {'DEFAULT': {'log_file': '/dev/full'}}

    def test_tokens_are_issued(self):
        """No response shows the failure."""
        self.assert_whole_life(client=self.client)
        self.assert_whole_life(files=self.files)
        wrong = self.client._replace(secret='wrong')
        answer = self.post(base.TOKEN, base.GRANT, client=wrong)
        self.assertEqual(401, answer.status)
        self.assertEqual('invalid_client', answer.json['error'])
        self.assertIn('No space left on device', self.log_texts()['uwsgi.log'])
