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

"""Keystone's database (``keystone.common.sql``)."""

import collections.abc as abc
import contextlib
import functools
import os
import sqlite3
import time
import typing as ty

from keystone.application_credential.backends import sql as credential_sql
from keystone.assignment.role_backends import sql_model as role_sql
from keystone.common import sql
from keystone.common.sql import core
from keystone.federation.backends import sql as federation_sql
from keystone.identity.backends import sql_model as identity_sql
from keystone.resource.backends import sql_model as resource_sql
from oslo_config import cfg
from oslo_db import exception
from oslo_db.sqlalchemy import engines
import sqlalchemy

#: Context managers for a session of Keystone's own engine facade.
session_for_read = sql.session_for_read
session_for_write = sql.session_for_write


#: Tables of Keystone. Domains are rows in ``project``.
application_credential = credential_sql.ApplicationCredentialModel.__table__
application_credential_role = (
    credential_sql.ApplicationCredentialRoleModel.__table__
)
application_credential_access_rule = (
    credential_sql.ApplicationCredentialAccessRuleModel.__table__
)
local_user = identity_sql.LocalUser.__table__
mapping = federation_sql.MappingModel.__table__
project = resource_sql.Project.__table__
role = role_sql.RoleTable.__table__
user = identity_sql.User.__table__
user_option = identity_sql.UserOption.__table__


#: Errors that a query may raise: oslo.db does not wrap all errors of MariaDB,
#: nor that of an exhausted connection pool.
Error = (exception.DBError, sqlalchemy.exc.SQLAlchemyError)

# PostgreSQL's SQLSTATE and MariaDB's error number for a missing table.
_MISSING_TABLE = ('42P01', 1146)
# The same for a transaction that was rolled back because of another one. A
# timeout is not among them: it would delay the request again.
_CONFLICT = ('40001', '40P01', 1020, 1213)
_ATTEMPTS = 6
# Seconds before the second attempt; twice as many before the third.
_PAUSE = 0.05
_Parameters = ty.ParamSpec('_Parameters')
_Result = ty.TypeVar('_Result')


class Conflict(exception.DBDeadlock):
    """Another transaction has changed the same, and was first."""


def is_missing_table(error: BaseException) -> bool:
    """Whether an error means that a table is missing.

    oslo.db has an exception for it, but raises it on SQLite only.
    """
    if isinstance(error, exception.DBNonExistentTable):
        return True
    original = _original(error)
    if isinstance(original, sqlite3.Error):
        return 'no such table' in str(original)
    return _code(original) in _MISSING_TABLE


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction was rolled back because of another one."""
    return isinstance(error, Conflict) or _code(_original(error)) in _CONFLICT


def _original(error: BaseException) -> ty.Any:
    """Return the error of the driver, or None."""
    if isinstance(error, exception.DBError):
        error = error.inner_exception or error
    return getattr(error, 'orig', None)


def _code(original: ty.Any) -> ty.Any:
    code = getattr(original, 'pgcode', None)
    if code is None and original is not None and original.args:
        code = original.args[0]
    return code


def repeat_conflicts(
    change: abc.Callable[_Parameters, _Result],
) -> abc.Callable[_Parameters, _Result]:
    """Repeat a transaction that was rolled back because of another one.

    The nodes of a Galera cluster lock no rows for each other: one of two
    conflicting transactions fails, in most cases when it commits.

    :param change: a function with a transaction of its own.
    """

    @functools.wraps(change)
    def repeated(
        *arguments: _Parameters.args, **named: _Parameters.kwargs
    ) -> _Result:
        for attempt in range(1, _ATTEMPTS):
            try:
                return change(*arguments, **named)
            except Error as error:
                if not is_conflict(error):
                    raise
            time.sleep(attempt * _PAUSE)
        return change(*arguments, **named)

    return repeated


def is_outage(error: BaseException) -> bool:
    """Whether an error means that the database is unavailable."""
    if is_missing_table(error):
        return True
    if isinstance(error, exception.DBError):
        error = error.inner_exception or error
    return isinstance(
        error,
        (
            exception.DBConnectionError,
            exception.DBDeadlock,
            sqlalchemy.exc.InterfaceError,
            sqlalchemy.exc.OperationalError,
            sqlalchemy.exc.TimeoutError,
        ),
    )


def reason(error: BaseException) -> str:
    """Return the message of the database, for the log.

    SQLAlchemy's own message includes the parameters of the statement, such as
    the id in a request, which may be a misplaced secret.
    """
    if isinstance(error, exception.DBError):
        error = error.inner_exception or error
    return str(getattr(error, 'orig', None) or error)


def engine() -> sqlalchemy.Engine:
    """Return the engine of ``[database] connection``.

    Keystone reads from it, too: a replica may lag behind.
    """
    return core._get_main_context_manager().writer.get_engine()


def autocommit_engine() -> sqlalchemy.Engine:
    """Return an engine for single queries, without pings and transactions.

    It has a connection of its own in each process, which is opened as Keystone
    opens its connections: with ``[database] mysql_wsrep_sync_wait``, for
    example.
    """
    return _autocommit_engine(engine(), os.getpid())


# A process that was forked cannot share the connection.
@functools.lru_cache(maxsize=1)
def _autocommit_engine(
    keystones: sqlalchemy.Engine, _process: int
) -> sqlalchemy.Engine:
    def connect() -> ty.Any:
        connection = keystones.raw_connection()
        connection.detach()
        return connection.dbapi_connection

    return sqlalchemy.create_engine(
        keystones.url,
        creator=connect,
        isolation_level='AUTOCOMMIT',
        pool_size=1,
        pool_recycle=cfg.CONF.database.connection_recycle_time,
        pool_reset_on_return=None,
    )


@contextlib.contextmanager
def single_connection() -> abc.Iterator[sqlalchemy.Connection]:
    """Open a connection of its own to ``[database] connection``.

    Keystone's engine tries for minutes to reach a database, and keeps its
    connections, which worker processes would then inherit.
    """
    conf = cfg.CONF.database
    own = engines.create_engine(
        conf.connection,
        connection_parameters=conf.connection_parameters,
        max_retries=0,
    )
    try:
        with own.connect() as connection:
            yield connection
    finally:
        own.dispose()
