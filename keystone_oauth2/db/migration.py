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

"""Run the migrations."""

import pathlib
import time
import typing as ty

from oslo_db import exception
import sqlalchemy as sa

from keystone_oauth2.identity import database

VERSION_TABLE = 'keystone_oauth2_alembic_version'
_FOLDER = pathlib.Path(__file__).parent / 'migrations'
_ATTEMPTS = 20
_PAUSE = 0.5


class OutdatedTables(Exception):
    """One sentence that names the remedy."""


def sync() -> None:
    """Upgrade the tables to the newest version.

    Several nodes may do this at once: the second one fails because a table
    already exists, and succeeds at its next attempt.

    :raises Exception: the last error of the database.
    """
    for attempt in range(_ATTEMPTS):
        try:
            _upgrade()
            return
        except (exception.DBError, sa.exc.DBAPIError):
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)


def has_keystones_tables() -> bool:
    """Whether Keystone's tables exist, which ours refer to."""
    table = database.application_credential.name
    return sa.inspect(database.engine()).has_table(table)


def current_version() -> str | None:
    """Return the version of the tables, or None if they do not exist."""
    query: sa.Select[ty.Any] = sa.select(sa.column('version_num')).select_from(
        sa.table(VERSION_TABLE)
    )
    try:
        with database.single_connection() as connection:
            version: str | None = connection.scalar(query)
    except database.Error as error:
        if not database.is_missing_table(error):
            raise
        return None
    return version


def newest_version() -> str:
    """Return the version that this release requires."""
    return _versions()[-1]


def check() -> None:
    """Check that this release can use the tables.

    A version that this release does not know is that of a newer one, whose
    tables have all that this one needs.

    :raises OutdatedTables: there are none, or they are older.
    """
    current = current_version()
    if current is None:
        fault = 'are missing'
    elif current in _versions()[:-1]:
        fault = f'have version {current} instead of {newest_version()}'
    else:
        return
    raise OutdatedTables(
        f'The tables of keystone-oauth2 {fault}: run keystone-oauth2-manage '
        f'db_sync.'
    )


def _versions() -> list[str]:
    # Without alembic, which takes time and memory in each worker of Keystone.
    paths = _FOLDER.glob('versions/[0-9]*.py')
    return sorted(path.name.partition('_')[0] for path in paths)


def _upgrade() -> None:
    from alembic import command
    from alembic import config as alembic_config

    config = alembic_config.Config()
    config.set_main_option('script_location', str(_FOLDER))
    with database.engine().begin() as connection:
        config.attributes['connection'] = connection
        command.upgrade(config, 'head')
