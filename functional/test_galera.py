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

"""Simultaneous requests to two nodes of a Galera cluster.

Each member locks rows for itself. Conflicting changes fail when they commit.
"""

import functools
import subprocess
import sys

from functional import base
from functional import galera
from functional import galera_nodes
from keystone_oauth2.db import migration
from keystone_oauth2.tests.db import base as tables
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import base as wire
from keystone_oauth2.tests.support import clients

ROUNDS = 8
LIMIT = 2
ISSUER = 'https://keystone.example.com/v3'
# Waits for a line, so that several can start at the same time.
_MANAGE = """
import sys
from keystone_oauth2.cmd import manage
print('ready', flush=True)
sys.stdin.readline()
sys.exit(manage.main(sys.argv[1:]))
"""

do = functools.partial


class RaceTest(galera_nodes.GaleraTestCase):
    """Without ``mysql_wsrep_sync_wait``, so that nodes wait for nothing."""

    options = {
        'oauth2': {
            'issuer': ISSUER,
            'oauth2_authn_methods': (
                'client_secret_basic,private_key_jwt,tls_client_auth'
            ),
        },
        'oauth2_clients': {'authenticator_limit': LIMIT},
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
        'identity': {'password_hash_rounds': 4},
    }

    def setUp(self):
        super().setUp()
        self.token = self.identity.token_for(self.user)

    def new_clients(self):
        """Return unused clients that both nodes know."""
        for _ in range(ROUNDS):
            client = self.identity.create_application_credential(
                self.user, token=self.token
            )
            self.wait_for(clients.path_of(client))
            yield client

    def wait_for(self, path):
        """Wait until the second node finds something."""
        galera.wait_until(
            lambda: self.at(1)('GET', path, token=self.token).status == 200
        )

    def register(self, client, kind, **wanted):
        """Register an authenticator that both nodes know."""
        one = clients.register(self.at(0), self.token, client, kind, **wanted)
        self.wait_for(self.path_of(client, kind, one['id']))
        return one

    def path_of(self, client, kind, one):
        """Return the path of an authenticator."""
        return clients.path_of(client, f'/{clients.COLLECTIONS[kind]}/{one}')

    def shown(self, client):
        """Return the ids of a client's secrets, on which both nodes agree."""
        path = clients.path_of(client, '/secrets')

        def ids(number):
            answer = self.at(number)('GET', path, token=self.token)
            return [one['id'] for one in answer.json['secrets']]

        galera.wait_until(lambda: ids(0) == ids(1))
        return ids(0)

    def statuses(self, *answers):
        """Return the statuses of responses."""
        for answer in answers:
            self.assertLess(answer.status, 500, answer.text)
        return sorted(answer.status for answer in answers)

    def remove(self, number, client, one):
        """Return a function that removes a secret at a node."""
        path = self.path_of(client, 'secret', one)
        return do(self.at(number), 'DELETE', path, token=self.token)

    def post_secrets(self, client):
        """Register a secret at each node at once."""
        return self.at_both(
            'POST',
            clients.path_of(client, '/secrets'),
            json={'secret': {}},
            token=self.token,
        )

    def grant(self, client, secret, number):
        """Return the response to a token request at a node."""
        headers = {'Authorization': wire.basic(client.id, secret)}
        return self.at(number)(
            'POST', base.TOKEN, form=base.GRANT, headers=headers
        )

    def test_assertion_is_accepted_once(self):
        """C06."""
        signer = assertions.Signer(self.client.id, ISSUER)
        self.register(self.client, 'key', jwk=signer.jwk)
        for _ in range(ROUNDS):
            form = {
                **base.GRANT,
                'client_assertion_type': assertions.TYPE,
                'client_assertion': signer.assertion(),
            }
            answers = self.at_both('POST', base.TOKEN, form=form)
            self.assertEqual([200, 401], self.statuses(*answers))

    def test_limit_of_authenticators(self):
        """Also if nothing was registered before."""
        for client in self.new_clients():
            self.assertEqual(
                [201, 201], self.statuses(*self.post_secrets(client))
            )
            self.remove(0, client, self.shown(client)[-1])()
            self.shown(client)
            self.assertEqual(
                [201, 403], self.statuses(*self.post_secrets(client))
            )
            self.assertEqual(1 + LIMIT, len(self.shown(client)))

    def test_last_authenticator_stays(self):
        """J02: whichever is removed first."""
        for client in self.new_clients():
            secret = self.register(client, 'secret')
            answers = galera_nodes.at_once(
                self.remove(0, client, client.id),
                self.remove(1, client, secret['id']),
            )
            self.assertEqual([204, 409], self.statuses(*answers))
            self.assertEqual(1, len(self.shown(client)))

    def test_last_registered_authenticator_stays(self):
        """J02: of those that have rows of their own."""
        for client in self.new_clients():
            one, other = (self.register(client, 'secret') for _ in range(2))
            self.assertEqual(204, self.remove(0, client, client.id)().status)
            self.shown(client)
            answers = galera_nodes.at_once(
                self.remove(0, client, one['id']),
                self.remove(1, client, other['id']),
            )
            self.assertEqual([204, 409], self.statuses(*answers))
            self.assertEqual(1, len(self.shown(client)))

    def test_rotations(self):
        """Both new secrets work, and the old one is removed once."""
        for client in self.new_clients():
            answers = self.post_secrets(client)
            self.assertEqual([201, 201], self.statuses(*answers))
            secrets = [answer.json['secret']['secret'] for answer in answers]
            self.shown(client)
            answers = galera_nodes.at_once(
                *(self.remove(number, client, client.id) for number in (0, 1))
            )
            self.assertEqual([204, 404], self.statuses(*answers))
            self.shown(client)
            for number in (0, 1):
                for secret in secrets:
                    answer = self.grant(client, secret, number)
                    self.assertEqual(200, answer.status, answer.text)
                answer = self.grant(client, client.secret, number)
                self.assertEqual(401, answer.status)

    def test_digests(self):
        """Both nodes accept a secret that has no digest yet."""
        for client in self.new_clients():
            row = f"FROM oauth2_secret_digest WHERE client_id = '{client.id}'"
            self.execute(f'DELETE {row}')
            self.cluster.wait()
            answers = galera_nodes.at_once(
                *(
                    do(self.grant, client, client.secret, number)
                    for number in (0, 1)
                )
            )
            self.assertEqual([200, 200], self.statuses(*answers))
            self.assertEqual([(1,)], self.execute(f'SELECT count(*) {row}'))

    def test_thumbprints(self):
        """Both nodes bind tokens to a new certificate."""
        for number in range(ROUNDS):
            files = self.certificate_files(f'new{number}')
            form = {**base.GRANT, 'client_id': self.user.id}
            answers = self.at_both('POST', base.TOKEN, form=form, files=files)
            self.assertEqual([200, 200], self.statuses(*answers))
            self.cluster.wait()
            for answer, node in zip(
                answers, reversed(self.nodes), strict=True
            ):
                seen = self.introspect(
                    answer.json['access_token'], files=files, url=node.url
                )
                self.assertIn('cnf', seen)

    def execute(self, statement):
        """Execute a statement at the first member."""
        return self.cluster.members[0].execute(statement, 'keystone')

    def test_db_sync(self):
        """Both succeed."""
        *rest, version = tables.TABLES
        for _ in range(3):
            for table in (*reversed(rest), version):
                self.execute(f'DROP TABLE {table}')
            self.execute(
                f'DROP INDEX {tables.INDEX} ON application_credential'
            )
            self.cluster.wait()
            self.manage_at_both('db_sync')
            self.assertEqual(
                [(migration.newest_version(),)],
                self.execute(
                    f'SELECT version_num FROM {migration.VERSION_TABLE}'
                ),
            )
        self.assert_whole_life(client=self.client)

    def test_purge(self):
        """Each row is deleted, by either node."""
        for _ in range(3):
            for number in range(400):
                self.execute(
                    f'INSERT INTO {tables.ASSERTIONS} '
                    f"VALUES ('{number}', '2020-01-01')"
                )
            self.cluster.wait()
            self.manage_at_both('purge')
            self.cluster.wait()
            self.assertEqual(
                [(0,)],
                self.execute(f'SELECT count(*) FROM {tables.ASSERTIONS}'),
            )

    def manage_at_both(self, command):
        """Run a command at both nodes at once."""
        processes = [self.start(command, node) for node in self.nodes]
        for process in processes:
            self.assertEqual('ready\n', process.stdout.readline())
        for process in processes:
            process.stdin.write('go\n')
            process.stdin.flush()
        for process in processes:
            output, _ = process.communicate(timeout=galera.PATIENCE)
            self.assertEqual(0, process.returncode, output)

    def start(self, command, node):
        """Start a command, which waits for a line."""
        process = subprocess.Popen(
            [
                *(sys.executable, '-W', 'ignore', '-c', _MANAGE),
                *('--config-file', str(node.config_file)),
                *('--log-file', '', command),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(process.kill)
        return process
