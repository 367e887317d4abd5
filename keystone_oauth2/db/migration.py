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

from alembic import command
from alembic import config as alembic_config
from alembic import migration
from alembic import script
from alembic import util
from oslo_db import exception
import sqlalchemy as sa

from keystone_oauth2.identity import database

VERSION_TABLE = 'keystone_oauth2_alembic_version'
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
    with database.single_connection() as connection:
        context = migration.MigrationContext.configure(
            connection, opts={'version_table': VERSION_TABLE}
        )
        return context.get_current_revision()


def newest_version() -> str | None:
    """Return the version that this release requires."""
    return _scripts().get_current_head()


def check() -> None:
    """Check that this release can use the tables.

    A version that this release does not know is that of a newer one, whose
    tables have all that this one needs.

    :raises OutdatedTables: there are none, or they are older.
    """
    current = current_version()
    if current == newest_version():
        return
    if current is None:
        fault = 'are missing'
    elif _is_known(current):
        fault = f'have version {current} instead of {newest_version()}'
    else:
        return
    raise OutdatedTables(
        f'The tables of keystone-oauth2 {fault}: run keystone-oauth2-manage '
        f'db_sync.'
    )


def _is_known(version: str) -> bool:
    try:
        return _scripts().get_revision(version) is not None
    except util.CommandError:
        return False


def _scripts() -> script.ScriptDirectory:
    return script.ScriptDirectory.from_config(_config())


def _upgrade() -> None:
    config = _config()
    with database.engine().begin() as connection:
        config.attributes['connection'] = connection
        command.upgrade(config, 'head')


def _config() -> alembic_config.Config:
    config = alembic_config.Config()
    config.set_main_option(
        'script_location',
        str(pathlib.Path(__file__).parent / 'migrations'),
    )
    return config
