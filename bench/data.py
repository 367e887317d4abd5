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

"""Deployments and their clients."""

import base64
import collections.abc as abc
import contextlib
import dataclasses
import os
import pathlib
import sqlite3
import typing as ty
import uuid

import bcrypt
import fixtures
import sqlalchemy as sa

from bench import meters
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.protocol.clients import secret_digest

_SERVERS = {
    'postgresql': 'postgresql+psycopg2://postgres@127.0.0.1:5432/',
    'mariadb': 'mysql+pymysql://root@127.0.0.1:3306/',
}
_PORTS = {'postgresql': 5432, 'mariadb': 3306}
_LOCAL = ('127.0.0.1', '::1', 'localhost')
_MAINTENANCE = {'postgresql': 'postgres', 'mariadb': 'mysql'}
# keystone.common.password_hashing truncates secrets to this for bcrypt.
_HASHED_LENGTH = 72

ISSUER = 'https://keystone.bench.example/v3'

OPTIONS: _configuration.Options = {
    # Undo the fixture's QUICK, which is for tests: measure the real costs.
    'identity': {'password_hash_rounds': None},
    'DEFAULT': {'debug': False},
    'database': {'sqlite_synchronous': True},
    # The in-tree endpoint ignores unknown methods.
    'oauth2': {
        'issuer': ISSUER,
        'oauth2_authn_methods': [
            'tls_client_auth',
            'client_secret_basic',
            'private_key_jwt',
            'federated_jwt',
        ],
    },
}


#: In addition, for the Keystone that issues JWT access tokens.
JWT_OPTIONS: _configuration.Options = {
    'oauth2_tokens': {'format': 'jwt'},
    'token': {'provider': 'oauth2_fernet'},
}


@dataclasses.dataclass(frozen=True)
class Client:
    """A client with a secret."""

    id: str
    secret: str


class Database(fixtures.Fixture):
    """An empty database on a server, or an SQLite file.

    :param kind: sqlite, postgresql or mariadb.
    :param file: the file of SQLite.
    """

    def __init__(self, kind: str, file: pathlib.Path) -> None:
        super().__init__()
        self.kind = kind
        self._file = file

    def _setUp(self) -> None:
        if self.kind == 'sqlite':
            self.url = f'sqlite:///{self._file}'
            # Readers do not wait for writers. The file keeps this mode.
            with contextlib.closing(sqlite3.connect(self._file)) as database:
                database.execute('PRAGMA journal_mode = WAL')
            return
        server = os.environ.get('BENCH_DATABASE_SERVER', _SERVERS[self.kind])
        self._name = f'bench_{uuid.uuid4().hex[:8]}'
        self.url = server + self._name
        # Not among the connections that are measured.
        self._maintenance = sa.create_engine(
            server + _MAINTENANCE[self.kind], isolation_level='AUTOCOMMIT'
        )
        self._execute(f'CREATE DATABASE {self._name}')
        self.addCleanup(self._drop)

    @property
    def port(self) -> int | None:
        """The port of the server, or None for SQLite."""
        url = sa.make_url(self.url)
        return url.port or _PORTS.get(self.kind)

    def processes(self) -> list[int] | None:
        """Return the processes that serve this database, or None if unknown.

        MariaDB serves all databases in one process.
        """
        if self.port is None:
            return []
        if sa.make_url(self.url).host not in _LOCAL:
            return None
        if self.kind == 'mariadb':
            return meters.listeners(self.port)
        return self._execute(
            'SELECT pid FROM pg_stat_activity WHERE datname = :name'
            " AND backend_type = 'client backend'",
            name=self._name,
        )

    def version(self) -> str:
        """Return the name and version of the server."""
        if self.port is None:
            return f'SQLite {sqlite3.sqlite_version}'
        version = self._execute('SELECT version()')[0]
        return version if self.kind == 'mariadb' else version.split(' (')[0]

    def _execute(self, statement: str, **parameters: str) -> list[ty.Any]:
        """Execute a statement, and return its first column."""
        with self._maintenance.connect() as connection:
            result = connection.execute(sa.text(statement), parameters)
            return list(result.scalars()) if result.returns_rows else []

    def _drop(self) -> None:
        force = ' WITH (FORCE)' if self.kind == 'postgresql' else ''
        self._execute(f'DROP DATABASE {self._name}{force}')
        self._maintenance.dispose()


def build(
    folder: pathlib.Path, options: _configuration.Options, *, enable: bool
) -> _deployment.Deployment:
    """Build a new deployment."""
    deployment = _deployment.Deployment(folder, options, enable=enable)
    deployment.build()
    return deployment


def engine(deployment: _deployment.Deployment) -> sa.Engine:
    """Return an engine for the database of a deployment."""
    return sa.create_engine(str(deployment.options['database']['connection']))


def publish(
    deployment: _deployment.Deployment, urls: abc.Mapping[str, str]
) -> None:
    """Set the URLs of Keystone in the service catalog.

    With the API, the caches of other workers would keep the old ones.

    :param urls: by interface, ending with ``/v3``.
    """
    with engine(deployment).begin() as connection:
        tables = sa.MetaData()
        tables.reflect(connection, only=['endpoint'])
        endpoint = tables.tables['endpoint']
        for interface, url in urls.items():
            connection.execute(
                endpoint.update()
                .where(endpoint.c.interface == interface)
                .values(url=url)
            )


def multiply(
    deployment: _deployment.Deployment,
    client: Client,
    count: int,
    *,
    prime: bool,
    rounds: int | None = None,
) -> list[Client]:
    """Copy an application credential many times in the database.

    With the API, each would take a slow hash. The copies share its secret.

    :param prime: whether to store digests of the secret, as the extension
        does when a credential is created.
    :param rounds: of the bcrypt hash of the copies, as a power of two; None
        for the hash of the original.
    """
    changes = {} if rounds is None else {'secret_hash': _hash(client, rounds)}
    with engine(deployment).begin() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        clients = [
            Client(uuid.uuid4().hex, client.secret) for _ in range(count)
        ]
        first = _copy(connection, tables, client, clients, changes)
        if prime:
            connection.execute(
                tables.tables['oauth2_secret_digest'].insert(),
                list(_digests(deployment, clients, first)),
            )
        if connection.dialect.name == 'postgresql':
            # As autovacuum does within a minute, where it is enabled.
            connection.execute(sa.text('ANALYZE'))
    return clients


def _copy(
    connection: sa.Connection,
    tables: sa.MetaData,
    original: Client,
    copies: abc.Sequence[Client],
    changes: abc.Mapping[str, str],
) -> int:
    credential = tables.tables['application_credential']
    role = tables.tables['application_credential_role']
    row = (
        connection.execute(
            sa.select(credential).where(credential.c.id == original.id)
        )
        .mappings()
        .one()
    )
    roles = connection.scalars(
        sa.select(role.c.role_id).where(
            role.c.application_credential_id == row['internal_id']
        )
    ).all()
    first = (
        1
        + connection.scalars(
            sa.select(sa.func.max(credential.c.internal_id))
        ).one()
    )
    connection.execute(
        credential.insert(),
        [
            {
                **row,
                **changes,
                'internal_id': first + number,
                'id': copy.id,
                'name': copy.id,
            }
            for number, copy in enumerate(copies)
        ],
    )
    connection.execute(
        role.insert(),
        [
            {'application_credential_id': first + number, 'role_id': role_id}
            for number, _ in enumerate(copies)
            for role_id in roles
        ],
    )
    if connection.dialect.name == 'postgresql':
        # Its sequence does not notice ids that are given.
        connection.execute(
            sa.text(
                "SELECT setval(pg_get_serial_sequence('application_credential'"
                ", 'internal_id'), (SELECT max(internal_id) FROM"
                ' application_credential))'
            )
        )
    return first


def _hash(client: Client, rounds: int) -> str:
    secret = client.secret.encode()[:_HASHED_LENGTH]
    return bcrypt.hashpw(secret, bcrypt.gensalt(rounds)).decode()


def _digests(
    deployment: _deployment.Deployment,
    clients: abc.Sequence[Client],
    first: int,
) -> abc.Iterator[dict[str, object]]:
    repository = deployment.folder / 'credential-keys'
    newest = max(repository.iterdir(), key=lambda path: int(path.name))
    master = base64.urlsafe_b64decode(newest.read_bytes())
    key = secret_digest.derive(master, _HASHED_LENGTH)
    for number, client in enumerate(clients):
        secret = client.secret.encode()[:_HASHED_LENGTH]
        yield {
            'credential_internal_id': first + number,
            'client_id': client.id,
            'key_id': key.id,
            'digest': key.digest(client.id, secret),
        }
