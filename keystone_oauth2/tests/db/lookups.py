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
"""Look-ups in one round trip."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from keystone_oauth2.db import clients
from keystone_oauth2.identity import database
from keystone_oauth2.identity import lookups

_credential = database.application_credential


def lookup():
    """Return a look-up of an application credential by its id."""
    return lookups.Lookup(
        sa.select(_credential.c.id).where(
            _credential.c.id == sa.bindparam('id')
        )
    )


class LookupTests:
    """Tests on every database."""

    def setUp(self):
        super().setUp()
        self.lookup = lookup()

    def assert_found(self):
        self.assertEqual(
            [(self.client.id,)], self.lookup.all(id=self.client.id)
        )

    def test_first_row_or_none(self):
        self.assertEqual(
            self.client.id, self.lookup.first(id=self.client.id).id
        )
        self.assertIsNone(self.lookup.first(id='unknown'))

    def test_error_is_one_of_sqlalchemy(self):
        """So that a missing table or an outage is recognized."""
        missing = lookups.Lookup(
            sa.select(sa.table('missing', sa.column('id')).c.id)
        )
        error = self.assertRaises(sa.exc.DBAPIError, missing.all)
        self.assertTrue(database.is_missing_table(error), error)
        self.assert_found()


class ConnectionTests:
    """Tests with a database on a server."""

    def test_closed_connections_are_replaced(self):
        """As after a restart of the database."""
        self.assert_found()
        self.close_connections()
        self.assert_found()

    def close_connections(self):
        with self.engine.connect() as connection:
            for number in connection.scalars(sa.text(self.others)).all():
                connection.execute(sa.text(self.close.format(number)))


class PreparedTests:
    """Tests of prepared statements."""

    def prepared(self):
        """Return how often each prepared statement was executed."""
        with database.autocommit_engine().connect() as connection:
            return connection.scalars(
                sa.text(
                    'SELECT generic_plans + custom_plans '
                    'FROM pg_prepared_statements'
                )
            ).all()

    def test_statement_is_prepared_once_a_connection(self):
        for _ in range(2):
            database.autocommit_engine().dispose()
            for _ in range(3):
                self.assert_found()
            self.assertEqual([3], self.prepared())

    def test_pooler_that_exchanges_connections(self):
        """The statement is prepared on each of them."""
        self.assert_found()
        with database.autocommit_engine().connect() as connection:
            connection.execute(sa.text('DEALLOCATE ALL'))
        self.assert_found()
        self.assert_found()
        self.assertEqual([2], self.prepared())

    def test_pooler_that_passes_statements_on(self):
        """Another worker has prepared the same one on this connection."""
        database.autocommit_engine().dispose()
        self.assert_found()
        self.lookup = lookup()
        with database.autocommit_engine().connect() as connection:
            connection.connection.info.clear()
        self.assert_found()
        self.assertEqual([2], self.prepared())

    def test_statement_that_can_no_longer_be_executed(self):
        """It is sent unprepared: here, a column has got another type."""
        table = sa.table('changing', sa.column('id', sa.String))
        self.execute('CREATE TABLE changing (id varchar(64))')
        self.addCleanup(self.execute, 'DROP TABLE changing')
        self.execute("INSERT INTO changing VALUES ('x')")
        changing = lookups.Lookup(
            sa.select(table.c.id).where(table.c.id == sa.bindparam('id'))
        )
        self.assertEqual([('x',)], changing.all(id='x'))
        self.execute('ALTER TABLE changing ALTER id TYPE text')
        for _ in range(2):
            self.assertEqual([('x',)], changing.all(id='x'))

    def test_client_is_found_without_compiling(self):
        """PostgreSQL compiles what it expects to be expensive, for seconds.

        Its expectations are worst of small tables without statistics.
        """
        query = clients._find().params(id=self.client.id)
        text = query.compile(
            dialect=postgresql.dialect(),
            compile_kwargs={'literal_binds': True},
        )
        with self.engine.connect() as connection:
            # As if they had never been vacuumed.
            connection.execute(sa.text('DELETE FROM pg_statistic'))
            connection.execute(
                sa.text(
                    'UPDATE pg_class SET relpages = 0, reltuples = -1'
                    " WHERE relnamespace = 'public'::regnamespace"
                )
            )
            plan = connection.scalar(sa.text(f'EXPLAIN (FORMAT JSON) {text}'))
            limit = connection.scalar(sa.text('SHOW jit_above_cost'))
        self.assertLess(plan[0]['Plan']['Total Cost'], float(limit) / 10)
