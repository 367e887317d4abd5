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

"""Queries that nearly every request takes, in one round trip each.

SQLAlchemy and oslo.db would ping the database before each query, and put a
transaction around it: five more round trips on PostgreSQL.
"""

import collections
import collections.abc as abc
import functools
import hashlib
import time
import typing as ty

from oslo_log import log
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from keystone_oauth2.identity import database

LOG = log.getLogger(__name__)

# PostgreSQL's SQLSTATEs for a prepared statement that does not exist, or whose
# columns have changed, and for one that exists.
_NOT_PREPARED = ('26000', '0A000')
_ALREADY_PREPARED = '42P05'
# A closed connection is noticed within this time. An error that comes later is
# that of a timeout, and another attempt would take as long.
_NOTICED_SECONDS = 1


class Lookup:
    """A query of Keystone's database.

    :param query: its columns have distinct names, and its parameters are those
        of :func:`sqlalchemy.bindparam`.
    """

    def __init__(self, query: sa.SelectBase) -> None:
        self._query = query
        self._compiled = functools.lru_cache(maxsize=1)(self._compile)

    def first(self, **parameters: ty.Any) -> ty.Any:
        """Return the first row as a named tuple, or None."""
        return next(iter(self.all(**parameters)), None)

    def all(self, **parameters: ty.Any) -> list[ty.Any]:
        """Return all rows as named tuples.

        If the database has closed the connection, for example at a restart,
        the query is sent once more on a new one. This does not apply to a
        database that hangs.

        :param parameters: of the query, by name.
        :raises sqlalchemy.exc.SQLAlchemyError: it fails.
        """
        engine = database.autocommit_engine()
        started = time.monotonic()
        try:
            return self._fetch(engine, parameters)
        except sa.exc.DBAPIError as error:
            waited = time.monotonic() - started
            if not error.connection_invalidated or waited > _NOTICED_SECONDS:
                raise
        return self._fetch(engine, parameters)

    def _fetch(
        self, engine: sa.Engine, parameters: dict[str, ty.Any]
    ) -> list[ty.Any]:
        dialect: ty.Any = engine.dialect
        compiled = self._compiled(dialect)
        driver = dialect.loaded_dbapi
        connection = None
        is_closed = False
        try:
            connection = engine.raw_connection()
            rows = compiled.fetch(connection, parameters)
        except BaseException as error:
            is_drivers = isinstance(error, driver.Error)
            if connection is not None:
                is_closed = is_drivers and dialect.is_disconnect(
                    error, connection.dbapi_connection, None
                )
                # Nobody gets it again, whatever state it is in.
                connection.invalidate(error)
            if not is_drivers:
                raise
            raise sa.exc.DBAPIError.instance(
                None,
                None,
                error,
                driver.Error,
                connection_invalidated=is_closed,
                dialect=dialect,
            ) from error
        connection.close()
        return rows

    def _compile(self, dialect: sa.Dialect) -> '_Compiled | _Prepared':
        kind = _Prepared if dialect.driver == 'psycopg2' else _Compiled
        return kind(self._query, dialect)


class _Compiled:
    """A query in the dialect of a database and its driver.

    :param query: see :class:`Lookup`.
    :ivar text: the statement.
    """

    def __init__(self, query: sa.SelectBase, dialect: sa.Dialect) -> None:
        compiled: ty.Any = query.compile(dialect=dialect)
        self.text = str(compiled)
        self._order: list[str] | None = compiled.positiontup
        self._constants = compiled.params
        self._writers = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        columns = query.selected_columns
        row = collections.namedtuple('row', list(columns.keys()))  # type: ignore[misc]
        self._as_row: abc.Callable[[list[ty.Any]], ty.Any] = row._make
        readers = [
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in columns
        ]
        self._readers = [
            (index, reader)
            for index, reader in enumerate(readers)
            if reader is not None
        ]

    def fetch(
        self, connection: ty.Any, parameters: dict[str, ty.Any]
    ) -> list[ty.Any]:
        """Return all rows.

        :param connection: of the pool.
        """
        return self.execute(connection, self.text, self.values(parameters))

    def execute(
        self, connection: ty.Any, text: str, values: ty.Any
    ) -> list[ty.Any]:
        """Return the rows of another statement with the same columns."""
        cursor = connection.cursor()
        try:
            cursor.execute(text, values)
            return [self._plain(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def values(self, parameters: dict[str, ty.Any]) -> ty.Any:
        """Return parameters as the driver expects them."""
        values = self._constants | parameters
        for name, writer in self._writers.items():
            if writer is not None:
                values[name] = writer(values[name])
        if self._order is None:
            return values
        return [values[name] for name in self._order]

    def _plain(self, row: ty.Any) -> ty.Any:
        values = list(row)
        for index, reader in self._readers:
            values[index] = reader(values[index])
        return self._as_row(values)


class _Prepared:
    """A statement that PostgreSQL plans once a connection.

    Planning takes ten times as long as executing it. Other drivers than
    psycopg2 prepare statements themselves.

    :param query: see :class:`Lookup`.
    """

    def __init__(self, query: sa.SelectBase, dialect: sa.Dialect) -> None:
        self._driver: ty.Any = dialect.loaded_dbapi
        self._unprepared = _Compiled(query, dialect)
        self._compiled = _Compiled(
            query, postgresql.dialect(paramstyle='numeric_dollar')
        )
        text = self._compiled.text
        # A pooler may pass on what another release of this package prepared.
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._name = f'keystone_oauth2_{digest[:16]}'
        self._prepare = f'PREPARE {self._name} AS {text}'
        self._is_possible = True

    def fetch(
        self, connection: ty.Any, parameters: dict[str, ty.Any]
    ) -> list[ty.Any]:
        """Return all rows.

        :param connection: of the pool, without transactions.
        """
        rows = None
        if self._is_possible:
            rows = self._fetch_prepared(connection, parameters)
        if rows is None:
            rows = self._unprepared.fetch(connection, parameters)
        return rows

    def _fetch_prepared(
        self, connection: ty.Any, parameters: dict[str, ty.Any]
    ) -> list[ty.Any] | None:
        values = self._compiled.values(parameters)
        for _ in range(2):
            try:
                self._prepare_once(connection)
                marks = ', '.join(['%s'] * len(values))
                return self._compiled.execute(
                    connection, f'EXECUTE {self._name} ({marks})', values
                )
            except self._driver.Error as error:
                if error.pgcode not in _NOT_PREPARED:
                    raise
                connection.info.pop(self._name, None)
        LOG.info(
            'The database does not keep prepared statements, perhaps because '
            'of a connection pooler: look-ups will be planned each time'
        )
        self._is_possible = False
        return None

    def _prepare_once(self, connection: ty.Any) -> None:
        # What is prepared ends with the connection, as this note does.
        if self._name in connection.info:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute(self._prepare)
        except self._driver.Error as error:
            # Another client of a pooler has prepared the same statement.
            if error.pgcode != _ALREADY_PREPARED:
                raise
        connection.info[self._name] = True
