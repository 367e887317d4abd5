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

"""A database that hangs: every request ends in a bounded time."""

import contextlib
import os

import sqlalchemy as sa

from functional import front_ends
from functional import hangs
from functional import programs
from functional import tcp_proxy
from functional import traffic

_PORTS = {'postgresql': 5432, 'mysql': 3306}


class DatabaseTests:
    """The database hangs. What needs it gets 503 in a bounded time."""

    @classmethod
    def _options(cls):
        options = super()._options()
        cls.database_url = sa.make_url(options['database']['connection'])
        url = cls.hanging_url()
        options['database']['connection'] = url.render_as_string(
            hide_password=False
        )
        return options

    @classmethod
    def hanging_url(cls):
        """Start what is in front of the database, and return its URL."""
        url = cls.database_url
        port = url.port or _PORTS[cls.database]
        cls.proxy = cls.use(
            tcp_proxy.TCPProxy('database', f'{url.host}:{port}', cls.folder)
        )
        return url.set(host=programs.HOST, port=cls.proxy.port)

    def hang(self):
        """Return a context manager within which the database hangs."""
        return self.proxy.hanging()

    def test_hang(self):
        """Metadata is available meanwhile, and all is well afterwards."""
        self.assert_hang_is_an_outage()

    def test_all_workers_wait(self):
        """Other requests wait in the queue until a worker gives up."""
        senders = {f'{number}': self.token for number in range(self.processes)}
        with traffic.Traffic(senders) as flow, self.hang():
            flow.go_on(1)
            for _ in range(3):
                answer = self.in_time(
                    lambda: self.https().request('GET', hangs.METADATA)
                )
                self.assertEqual(200, answer.status)
        self.assertEqual(200, self.token().status)

    def test_workers_that_have_served_nothing(self):
        """They give up in the same time."""
        uwsgi = self.stack.programs['uwsgi']
        uwsgi.stop()
        uwsgi.start()
        with self.hang():
            for _ in range(self.processes):
                self.assert_unavailable(self.in_time(self.token))
        self.assertEqual(200, self.token().status)


class MariaDBTest(DatabaseTests, hangs.HangTestCase):
    """A connection hangs: one timeout for it, and one for a new one."""

    database = 'mysql'
    settings = 'mariadb.conf'
    bound = 2 * hangs.TIMEOUT


class PostgreSQLTest(DatabaseTests, hangs.HangTestCase):
    """All tables are locked, as by a slow migration."""

    database = 'postgresql'
    settings = 'postgresql.conf'
    bound = hangs.TIMEOUT

    @classmethod
    def hanging_url(cls):
        """Return the URL of the database itself."""
        return cls.database_url

    @contextlib.contextmanager
    def hang(self):
        """Lock all tables."""
        engine = sa.create_engine(self.database_url)
        self.addCleanup(engine.dispose)
        names = sa.inspect(engine).get_table_names()
        tables = ', '.join(f'"{name}"' for name in names)
        with engine.begin() as connection:
            connection.execute(sa.text(f'LOCK TABLE {tables}'))
            yield


class PgBouncerTest(DatabaseTests, hangs.HangTestCase):
    """PostgreSQL hangs, or the network, behind a pooler on the node."""

    database = 'postgresql'
    settings = 'pgbouncer.conf'
    needs = ('haproxy', 'pgbouncer')
    bound = 2 * hangs.TIMEOUT

    @classmethod
    def hanging_url(cls):
        """Start a proxy and PgBouncer, and return the URL of the latter."""
        url = super().hanging_url()
        if url.password is None:
            url = url.set(password='not needed by the server')
        port = programs.free_port()
        _write_pooler(cls.folder, url, port)
        cls.use(
            programs.Program(
                'pgbouncer',
                ['pgbouncer', 'pgbouncer.ini'],
                cls.folder,
                port,
            )
        )
        return url.set(port=port)


def _write_pooler(folder, url, port):
    replacements = {
        'keystone = host=192.0.2.30 port=5432': (
            f'{url.database} = host={url.host} port={url.port}'
        ),
        '6432': f'{port}',
        '/etc/pgbouncer': f'{folder}',
        '[pgbouncer]': '[pgbouncer]\nunix_socket_dir =',
    }
    text = hangs.snippet('pgbouncer.ini')
    for old, new in replacements.items():
        text = text.replace(old, new)
    if os.geteuid() == 0:
        text += f'user = {front_ends.server_account()}\n'
    (folder / 'pgbouncer.ini').write_text(text)
    users = folder / 'userlist.txt'
    users.write_text(f'"{url.username}" "{url.password}"\n')
