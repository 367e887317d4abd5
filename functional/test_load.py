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


"""Sustained load leaks nothing."""

import collections
import itertools
import os
import pathlib
import statistics
import time
import typing as ty

import sqlalchemy as sa
from testtools import content
from testtools import matchers

from functional import base
from functional import traffic
from keystone_oauth2.tests.support import base as wire
from keystone_oauth2.tests.support import requirement

VARIABLE = 'KEYSTONE_OAUTH2_LOAD_SECONDS'
SECONDS = float(
    os.environ.get(VARIABLE)
    or (150 if os.environ.get(requirement.VARIABLE) else 30)
)
#: More than there are workers, so that no worker is idle.
CLIENTS = 16
SAMPLES = 40
WAIT_SECONDS = 20
#: ``[database] max_pool_size`` of oslo.db.
POOL_SIZE = 5
#: The allowed ratio of the last quarter to the second one. Python and the C
#: library return memory in pieces, so memory use always varies a little.
GROWTH = {'memory': 1.05, 'files': 1, 'connections': 1}
EXPECTED = {
    ('token by secret', 200),
    ('token by certificate', 200),
    ('wrong secret', 401),
    ('use of a token', 200),
    ('introspection', True),
    ('revocation', 200),
    ('introspection after revocation', False),
    ('use after revocation', 401),
}
#: Whether the limit is reached depends on the speed of the machine.
LIMITED = ('wrong secret', 429)


class Sample(ty.NamedTuple):
    """Totals of all workers: memory pages, open files, connections."""

    memory: int
    files: int
    connections: int


class Seen(ty.NamedTuple):
    """An outcome, kept small because there are many."""

    status: tuple[str, ty.Any]


class LoadTest(base.StackTestCase):
    """Mixed traffic at the rate that the workers can serve."""

    database = 'postgresql'
    cache = 'memcached'
    options = {
        # All failures come from one address here.
        'oauth2_limits': {'address_failures': ''},
        # Used only during setup: no request needs the slow hash.
        'identity': {'password_hash_rounds': 4},
    }

    @classmethod
    def create(cls):
        super().create()
        cls.clients = [
            cls.identity.create_application_credential(cls.user)
            for _ in range(2 * CLIENTS)
        ]
        cls.engine = sa.create_engine(
            cls.deployment.options['database']['connection']
        )
        cls.addClassCleanup(cls.engine.dispose)

    def test_nothing_is_left(self):
        """No error; no growth of memory, open files or connections."""
        at_rest = sum(self.open_files('nginx'))
        load = traffic.Traffic(
            {
                f'client {number}': self.requests(number).__next__
                for number in range(CLIENTS)
            }
        )
        with load:
            samples = list(self.samples())
        seen = collections.Counter(each.status for each in load.outcomes)
        self.report(seen, samples)
        self.assertEqual(EXPECTED, set(seen) - {LIMITED})
        quarter = len(samples) // 4
        self.assert_no_growth(
            samples[quarter : 2 * quarter], samples[-quarter:]
        )
        self.assert_connections_end(at_rest)

    def requests(self, number):
        """Send one request after another, and yield the outcomes."""
        plain = self.https().request
        bound = self.https(self.files).request
        for client in itertools.cycle(self.clients[number::CLIENTS]):
            for name, outcome in self.round(plain, bound, client):
                yield Seen((name, outcome))

    def round(self, plain, bound, client):
        """Send requests of each kind, mostly for tokens."""
        for _ in range(4):
            answer = post(plain, base.TOKEN, base.GRANT, client)
            yield 'token by secret', answer.status
            form = {'token': answer.json['access_token']}
            known = post(plain, base.INTROSPECT, form, client)
            yield 'introspection', known.json['active']
        yield 'use of a token', use(plain, form['token'])
        yield 'revocation', post(plain, base.REVOKE, form, client).status
        known = post(plain, base.INTROSPECT, form, client)
        yield 'introspection after revocation', known.json['active']
        yield 'use after revocation', use(plain, form['token'])
        wrong = self.client._replace(secret='wrong')
        answer = post(plain, base.TOKEN, base.GRANT, wrong)
        yield 'wrong secret', answer.status
        form = {**base.GRANT, 'client_id': self.user.id}
        answer = post(bound, base.TOKEN, form)
        yield 'token by certificate', answer.status
        yield 'use of a token', use(bound, answer.json['access_token'])

    def samples(self):
        """Sample the workers until the time has elapsed."""
        for _ in range(SAMPLES):
            time.sleep(SECONDS / SAMPLES)
            memory = sum(map(resident, self.workers('uwsgi')))
            files = sum(self.open_files('uwsgi'))
            yield Sample(memory, files, len(self.database_connections()))

    def assert_no_growth(self, before, after):
        """Compare two parts of the samples."""
        for name, tolerance in GROWTH.items():
            first, last = (
                statistics.median(getattr(sample, name) for sample in part)
                for part in (before, after)
            )
            # A worker may be serving a request when sampled.
            self.assertThat(
                last,
                matchers.LessThan(first * tolerance + self.processes),
                name,
            )
        allowed = self.processes * POOL_SIZE
        for sample in after:
            self.assertLessEqual(sample.connections, allowed)

    def assert_connections_end(self, at_rest):
        """Assert that connections of clients, then of workers, close."""
        self.eventually(lambda: sum(self.open_files('nginx')) <= at_rest)
        states = self.database_connections()
        self.assertEqual({'idle'}, set(states))
        self.stack.programs['uwsgi'].stop()
        self.eventually(lambda: not self.database_connections())

    def eventually(self, holds):
        """Wait for a condition that takes a moment to become true."""
        end = time.monotonic() + WAIT_SECONDS
        while not holds():
            self.assertThat(time.monotonic(), matchers.LessThan(end))
            time.sleep(0.1)

    def database_connections(self):
        """Return the state of each connection of the workers."""
        query = sa.text(
            'SELECT state FROM pg_stat_activity '
            'WHERE datname = current_database() AND pid != pg_backend_pid()'
        )
        with self.engine.connect() as connection:
            return connection.scalars(query).all()

    def workers(self, name):
        """Return the process ids of the workers of a program."""
        return self.stack.programs[name].children()

    def open_files(self, name):
        """Return the number of open files of each worker of a program."""
        for pid in self.workers(name):
            yield len(list(pathlib.Path(f'/proc/{pid}/fd').iterdir()))

    def report(self, seen, samples):
        """Attach what was seen to the result of the test."""
        lines = [f'{seen.total() / SECONDS:.0f} requests a second']
        lines += map(str, [*seen.items(), *samples])
        self.addDetail('load', content.text_content('\n'.join(lines)))

    @classmethod
    def secrets(cls):
        """Return the secrets that must not appear in any log."""
        yield from super().secrets()
        for client in cls.clients:
            yield client.secret


def post(request, path, form, client=None):
    """Post a form, with or without a secret."""
    headers = {}
    if client is not None:
        headers['Authorization'] = wire.basic(client.id, client.secret)
    return request('POST', path, form=form, headers=headers)


def use(request, token):
    """Return the status of a request to Keystone's own API."""
    return request('GET', '/v3/auth/projects', token=token).status


def resident(pid):
    """Return the resident memory of a process, in pages."""
    return int(pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1])
