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
import dataclasses
import os
import pathlib
import uuid

import fixtures
import sqlalchemy as sa

from keystone_oauth2.fixture import _deployment
from keystone_oauth2.protocol.clients import secret_digest

_SERVERS = {
    'postgresql': 'postgresql+psycopg2://postgres@127.0.0.1:5432/',
    'mariadb': 'mysql+pymysql://root@127.0.0.1:3306/',
}
_MAINTENANCE = {'postgresql': 'postgres', 'mariadb': 'mysql'}
# keystone.common.password_hashing truncates secrets to this for bcrypt.
_HASHED_LENGTH = 72

Options = dict[str, dict[str, object]]

ISSUER = 'https://keystone.bench.example/v3'

#: A cache as in production. Without a cache, each token takes Keystone about
#: fifty queries, whichever endpoint issues it.
OPTIONS: Options = {
    'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'},
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
        ],
    },
}


@dataclasses.dataclass(frozen=True)
class Client:
    """A client with a secret."""

    id: str
    secret: str


class Database(fixtures.Fixture):
    """An empty database on a server, or the SQLite file of a deployment.

    :param kind: sqlite, postgresql or mariadb.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.options: Options = {}

    def _setUp(self) -> None:
        if self.kind == 'sqlite':
            return
        name = f'bench_{uuid.uuid4().hex[:8]}'
        server = os.environ.get('BENCH_DATABASE_SERVER', _SERVERS[self.kind])
        engine = sa.create_engine(
            server + _MAINTENANCE[self.kind], isolation_level='AUTOCOMMIT'
        )
        with engine.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE {name}'))
        self.addCleanup(self._drop, engine, name)
        self.options = {'database': {'connection': server + name}}

    def _drop(self, engine: sa.Engine, name: str) -> None:
        force = ' WITH (FORCE)' if self.kind == 'postgresql' else ''
        with engine.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE {name}{force}'))
        engine.dispose()


def build(
    folder: pathlib.Path, options: Options, *, enable: bool
) -> _deployment.Deployment:
    """Build a new deployment."""
    folder.mkdir()
    deployment = _deployment.Deployment(folder, options, enable=enable)
    deployment.build()
    return deployment


def engine(deployment: _deployment.Deployment) -> sa.Engine:
    """Return an engine for the database of a deployment."""
    return sa.create_engine(str(deployment.options['database']['connection']))


def multiply(
    deployment: _deployment.Deployment,
    client: Client,
    count: int,
    *,
    prime: bool,
) -> list[Client]:
    """Copy an application credential many times in the database.

    With the API, each would take a slow hash. The copies share its secret.

    :param prime: whether to store digests of the secret, as the extension
        does when a credential is created.
    """
    with engine(deployment).begin() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        clients = [
            Client(uuid.uuid4().hex, client.secret) for _ in range(count)
        ]
        first = _copy(connection, tables, client, clients)
        if prime:
            connection.execute(
                tables.tables['oauth2_secret_digest'].insert(),
                list(_digests(deployment, clients, first)),
            )
    return clients


def _copy(
    connection: sa.Connection,
    tables: sa.MetaData,
    original: Client,
    copies: abc.Sequence[Client],
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
        connection.scalar(sa.select(sa.func.max(credential.c.internal_id))) + 1
    )
    connection.execute(
        credential.insert(),
        [
            {
                **row,
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
    return first


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
