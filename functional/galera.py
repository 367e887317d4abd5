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

"""A Galera cluster of MariaDB servers."""

import collections.abc as abc
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

import fixtures
import pymysql

from functional import programs
from keystone_oauth2.tests.support import servers

PROVIDER = pathlib.Path('/usr/lib/galera/libgalera_smm.so')
INSTALL = 'mariadb-install-db'
#: Seconds in which the cluster must notice a change of its members.
PATIENCE = 120
_SYNCED = ('Synchronized with group, ready for connections', 1)
# Small and quick; a member that does not answer is expelled after a second.
_OPTIONS = """\
[mysqld]
datadir = {folder}
socket = {folder}/socket
pid_file = {folder}/pid
bind_address = {host}
port = {port}
skip_name_resolve = ON
performance_schema = OFF
max_connections = 200
innodb_buffer_pool_size = 32M
innodb_log_file_size = 16M
innodb_flush_log_at_trx_commit = 0
innodb_autoinc_lock_mode = 2
binlog_format = ROW
wsrep_on = ON
wsrep_provider = {provider}
wsrep_provider_options = "gmcast.listen_addr=tcp://{host}:{group_port};\
ist.recv_addr={host}:{ist_port};gcache.size=32M;gcache.page_size=8M;\
evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.2S;\
evs.suspect_timeout=PT1S;evs.inactive_timeout=PT10S;\
evs.join_retrans_period=PT0.3S;evs.install_timeout=PT5S"
wsrep_cluster_name = keystone
wsrep_cluster_address = gcomm://{members}
wsrep_node_address = {host}
wsrep_node_name = {name}
wsrep_sst_method = rsync
wsrep_sst_receive_address = {host}:{sst_port}
"""


def _account() -> list[str]:
    # As root, rsync would change to an account that cannot write the data.
    return ['--user=mysql'] if os.geteuid() == 0 else []


class Member(programs.Program):
    """A MariaDB server that is a member of the cluster.

    :param name: of its log file, and in the cluster.
    :param logs: folder for its log.
    :param folder: a folder of its own, for its data.
    """

    def __init__(
        self, name: str, logs: pathlib.Path, folder: pathlib.Path
    ) -> None:
        self.folder = folder
        self.group_port = programs.free_port()
        self._file = folder.with_suffix('.cnf')
        super().__init__(
            name,
            ['mariadbd', f'--defaults-file={self._file}', *_account()],
            logs,
            programs.free_port(),
            _SYNCED,
        )

    def create_folder(self) -> None:
        """Create a folder for its data."""
        self.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder, 'mysql')

    def create(self) -> None:
        """Create its data; the others copy those of the first."""
        subprocess.run(
            [
                *(INSTALL, '--no-defaults', f'--datadir={self.folder}'),
                '--auth-root-authentication-method=normal',
                *('--skip-test-db', '--skip-name-resolve', *_account()),
            ],
            check=True,
            capture_output=True,
            env={**os.environ, 'PATH': programs.PATH},
        )

    def configure(self, members: str) -> None:
        """Write its configuration.

        :param members: addresses of all members; empty to found a cluster.
        """
        self._file.write_text(
            _OPTIONS.format(
                provider=PROVIDER,
                folder=self.folder,
                host=programs.HOST,
                port=self.port,
                name=self.name,
                group_port=self.group_port,
                ist_port=programs.free_port(),
                sst_port=programs.free_port(),
                members=members,
            )
        )

    def connect(self, database: str | None = None) -> pymysql.Connection:
        """Return a new connection, which waits for no other member."""
        return pymysql.connect(
            host=programs.HOST,
            port=self.port,
            user='root',
            database=database,
            autocommit=True,
        )

    def execute(
        self, statement: str, database: str | None = None
    ) -> list[tuple]:
        """Execute a statement on a new connection, and return the rows."""
        with (
            self.connect(database) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())

    def is_ready(self) -> bool:
        """Whether it accepts queries."""
        rows = self.execute("SHOW STATUS LIKE 'wsrep_ready'")
        return rows == [('wsrep_ready', 'ON')]

    def size(self) -> int:
        """Return the number of members that it is connected with."""
        ((_, size),) = self.execute("SHOW STATUS LIKE 'wsrep_cluster_size'")
        return int(size)

    @contextlib.contextmanager
    def away(self) -> abc.Iterator[None]:
        """Stop the process without its knowledge, as a network failure."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    @contextlib.contextmanager
    def behind(self) -> abc.Iterator[None]:
        """Have it receive changes, but not apply them."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute('FLUSH TABLES WITH READ LOCK')
            try:
                yield
            finally:
                cursor.execute('UNLOCK TABLES')


class Cluster(fixtures.Fixture):
    """Three members, so that two are a majority.

    :param logs: folder for the logs.
    :ivar members: the servers, once the fixture is set up.
    :raises servers.Unavailable: on set-up: Galera is not installed.
    """

    def __init__(self, logs: pathlib.Path) -> None:
        super().__init__()
        self.members: list[Member] = []
        self._logs = logs

    def setUp(self) -> None:
        """Start the members.

        ``_setUp`` would wrap the error.
        """
        if not PROVIDER.exists():
            raise servers.Unavailable('Not installed: galera-4.')
        super().setUp()

    def _setUp(self) -> None:
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        folder.chmod(0o755)
        self.members = [
            Member(f'member{number}', self._logs, folder / f'{number}')
            for number in (1, 2, 3)
        ]
        first, *others = self.members
        first.create_folder()
        first.create()
        first.configure('')
        self.useFixture(first)
        first.execute('CREATE DATABASE keystone CHARACTER SET utf8mb4')
        for member in others:
            # Its data comes from the first member.
            member.create_folder()
            member.configure(self._addresses())
            self.useFixture(member)
        first.configure(self._addresses())

    def _addresses(self) -> str:
        return ','.join(
            f'{programs.HOST}:{member.group_port}' for member in self.members
        )

    def url(self, number: int, database: str = 'keystone') -> str:
        """Return the URL of a database at a member."""
        port = self.members[number].port
        return f'mysql+pymysql://root@{programs.HOST}:{port}/{database}'

    def wait(self) -> None:
        """Wait until all members are ready and have the same data."""
        size = len(self.members)
        for member in self.members:
            wait_until(
                lambda one=member: one.is_ready() and one.size() == size
            )
            with member.connect() as connection:
                with connection.cursor() as cursor:
                    cursor.execute('SET SESSION wsrep_sync_wait = 1')
                    cursor.execute('SELECT 1 FROM mysql.user')


def wait_until(is_true: abc.Callable[[], bool]) -> None:
    """Wait until a condition is met."""
    end = time.monotonic() + PATIENCE
    while not is_true():
        if time.monotonic() > end:
            raise TimeoutError('The cluster does not change.')
        time.sleep(0.05)
