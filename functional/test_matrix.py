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

"""Combinations of databases, caches and token providers, pair by pair."""

import itertools

import sqlalchemy as sa
from sqlalchemy import pool

from functional import base


class MatrixTests:
    """Tests for each combination."""

    def test_secret(self):
        """The whole life of a token requested with a secret."""
        self.assert_whole_life(client=self.client)

    def test_certificate(self):
        """The whole life of a token requested with a certificate."""
        self.assert_whole_life(files=self.files)

    def test_digest_decides(self):
        """A secret is valid without the hash that Keystone stores of it."""
        client = self.identity.create_application_credential(self.user)
        self.spoil_hash(client)
        self.issue(client=client)

    def spoil_hash(self, client):
        """Make Keystone itself refuse the secret of a client."""
        engine = sa.create_engine(
            self.deployment.options['database']['connection'],
            poolclass=pool.NullPool,
        )
        statement = sa.text(
            "UPDATE application_credential SET secret_hash = '' WHERE id = :id"
        )
        with engine.begin() as connection:
            result = connection.execute(statement, {'id': client.id})
        self.assertEqual(1, result.rowcount)


for (database, cache), provider in zip(
    itertools.product(
        ('sqlite', 'postgresql', 'mysql'), (None, 'memory', 'memcached')
    ),
    itertools.cycle(('fernet', 'jws')),
    strict=False,
):
    name = f'{database}_{cache}_{provider}_Test'
    globals()[name] = type(
        name,
        (MatrixTests, base.StackTestCase),
        {
            'database': database,
            'cache': cache,
            'provider': provider,
            # With this per-process cache, a Keystone worker still accepts a
            # token that another worker revoked.
            'processes': 1 if cache == 'memory' else 2,
        },
    )
