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

"""PgBouncer between Keystone and PostgreSQL.

Look-ups are prepared on connections that a pooler may exchange.
"""

import sqlalchemy as sa

from functional import base
from functional import programs

_NOT_KEPT = 'The database does not keep prepared statements'
#: More than there are workers, each of which must have served some.
_TOKENS = 40
_CONFIGURATION = """\
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr = {listen_host}
listen_port = {listen_port}
auth_type = trust
auth_file = users.txt
pool_mode = {mode}
default_pool_size = {size}
"""


class PoolerTests:
    """Whatever PgBouncer passes on, tokens are issued and refused."""

    database = 'postgresql'
    needs = ('pgbouncer',)

    @classmethod
    def _options(cls):
        options = super()._options()
        url = sa.make_url(options['database']['connection'])
        port = programs.free_port()
        (cls.folder / 'pgbouncer.ini').write_text(
            _CONFIGURATION.format(
                host=url.host,
                port=url.port or 5432,
                listen_host=programs.HOST,
                listen_port=port,
                mode=cls.mode,
                size=cls.size,
            )
        )
        (cls.folder / 'users.txt').write_text(
            f'"{url.username}" "{url.password or ""}"'
        )
        cls.use(
            programs.Program(
                'pgbouncer',
                ['pgbouncer', '-u', 'nobody', 'pgbouncer.ini'],
                cls.folder,
                port,
            )
        )
        url = url.set(host=programs.HOST, port=port)
        options['database'] = {
            'connection': url.render_as_string(hide_password=False)
        }
        return options

    def test_tokens_are_issued_until_the_client_is_deleted(self):
        """All workers refuse it at the next request."""
        for _ in range(_TOKENS):
            self.issue()
        self.assert_whole_life(files=self.files)
        client = self.identity.create_application_credential(self.user)
        self.issue(client=client)
        self.identity.delete_application_credential(self.user, client.id)
        for _ in range(_TOKENS):
            answer = self.post(base.TOKEN, base.GRANT, client=client)
            self.assertEqual(401, answer.status, answer.text)


class SessionTest(PoolerTests, base.StackTestCase):
    """Each worker keeps its connections."""

    mode = 'session'
    size = 20

    def test_tokens_are_issued_until_the_client_is_deleted(self):
        """Prepared statements are used."""
        super().test_tokens_are_issued_until_the_client_is_deleted()
        self.assertNotIn(_NOT_KEPT, self.log_texts()['keystone.log'])


class TransactionTest(PoolerTests, base.StackTestCase):
    """Each query may get another connection, and workers share them."""

    mode = 'transaction'
    size = 2
