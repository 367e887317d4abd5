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

import os
import signal
import sqlite3
import time

import sqlalchemy as sa

from functional import base
from functional import front_ends
from functional import programs
from functional import tcp_proxy
from functional import traffic

#: Durations in seconds.
OUTAGE = 3
UNLIMITED = {'client_failures': '', 'address_failures': ''}
#: Expected statuses other than 200.
REFUSED = {'wrong secret': 401, 'use of nonsense': 401}
#: Requests to Keystone's own API, which has its own error responses.
KEYSTONE = ('use', 'use of nonsense')
_PORTS = {'postgresql': 5432, 'mysql': 3306}


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
        port = url.port or _PORTS[cls.database]
        cls.proxy = cls.use(
            tcp_proxy.TCPProxy('database', f'{url.host}:{port}', cls.folder)
        )
        url = url.set(host=programs.HOST, port=cls.proxy.port)
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
