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

"""Empty databases on real servers, configured as for oslo.db's own tests.

``OS_TEST_DBAPI_ADMIN_CONNECTION`` names the servers. Without it, they are on
this machine, with the user of OpenStack's CI, or with the superuser if the
server trusts this machine.
"""

import gc
import uuid

import fixtures
from oslo_db import exception
from oslo_db.sqlalchemy import provision
import sqlalchemy as sa

_SUPERUSERS = {
    'mysql': 'mysql+pymysql://root@127.0.0.1/',
    'postgresql': 'postgresql+psycopg2://postgres@127.0.0.1/postgres',
}


class Unavailable(Exception):
    """The server is not available; the text is a sentence."""


class Database(fixtures.Fixture):
    """A new empty database, dropped afterwards.

    :param kind: ``mysql`` or ``postgresql``.
    :ivar url: for ``[database] connection``.
    :raises Unavailable: on set-up.
    """

    def __init__(self, kind):
        super().__init__()
        self._kind = kind

    def setUp(self):
        """Create the database.

        ``_setUp`` would wrap the error.
        """
        super().setUp()
        backend = _backend(self._kind)
        name = f'keystone_oauth2_{uuid.uuid4().hex[:12]}'
        backend.create_named_database(name)
        self.addCleanup(backend.engine.dispose)
        self.addCleanup(backend.drop_named_database, name)
        # Keystone before 30 leaves a transaction open until its connection is
        # collected, and MariaDB drops no database that is in use.
        self.addCleanup(gc.collect)
        self.url = backend.provisioned_database_url(name).render_as_string(
            hide_password=False
        )


def _backend(kind):
    for url in (None, _SUPERUSERS[kind]):
        if url is not None:
            provision.Backend.backends_by_database_type[kind] = (
                provision.Backend(kind, sa.make_url(url))
            )
        try:
            return provision.Backend.backend_for_database_type(kind)
        except exception.BackendNotAvailable as error:
            reason = error
    raise Unavailable(f'{reason}.')
