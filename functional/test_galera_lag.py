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

"""A member of a Galera cluster that applies changes late."""

from concurrent import futures

from functional import base
from functional import galera
from functional import galera_nodes
from keystone_oauth2.tests.support import clients

#: Seconds in which a request that waits for nothing is answered.
SECONDS = 2
_WAIT = 'mysql_wsrep_sync_wait = 1'


class LagTest(galera_nodes.GaleraTestCase):
    """Changes at the first node; requests at the second, which is behind."""

    cache = 'memcached'
    options = {
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
    }

    def setUp(self):
        super().setUp()
        self.project = self.identity.create_project()
        self.user = self.identity.create_user(self.project, ['member'])
        self.client = self.identity.create_application_credential(self.user)
        self.behind = self.cluster.members[1].behind

    def let_second_wait(self, waits):
        """Restart the second node, with ``mysql_wsrep_sync_wait`` or not."""
        node = self.nodes[1]
        text = node.config_file.read_text().replace(f'{_WAIT}\n', '')
        if waits:
            text = text.replace('[database]\n', f'[database]\n{_WAIT}\n')
        node.program.stop()
        node.config_file.write_text(text)
        node.program.start()

    def cases(self):
        """Return changes by name, each with the request that it refuses.

        The requests are functions to a status, at the second node.
        """
        client = self.client
        deleted = self.identity.create_application_credential(self.user)
        secret = self.register_secret()
        return {
            'client deleted': (
                lambda: self.identity.delete_application_credential(
                    self.user, deleted.id
                ),
                lambda: self.status_of_grant(deleted),
            ),
            'secret removed': (
                lambda: self.remove(secret),
                lambda: self.status_of_grant(
                    client._replace(secret=secret['secret'])
                ),
            ),
            'user disabled': (
                lambda: self.identity.disable(self.user),
                lambda: self.status_of_grant(client),
            ),
        }

    def revocation(self):
        """Return the revocation of a token, and its use."""
        token = self.issue()
        return (
            lambda: self.revoke(token),
            lambda: self.use_token(token, url=self.nodes[1].url).status,
        )

    def register_secret(self):
        """Register a secret for the client, at the first node."""
        return clients.register(
            self.https().request,
            self.identity.token_for(self.user),
            self.client,
            'secret',
        )

    def remove(self, secret):
        """Remove a secret at the first node."""
        answer = self.at(0)(
            'DELETE',
            clients.path_of(self.client, f'/secrets/{secret["id"]}'),
            token=self.identity.token_for(self.user),
        )
        self.assertEqual(204, answer.status, answer.text)

    def status_of_grant(self, client):
        """Return the status of a token request at the second node."""
        return self.post(
            base.TOKEN, base.GRANT, client=client, url=self.nodes[1].url
        ).status

    def test_accepts_until_changes_are_applied(self):
        """Without ``mysql_wsrep_sync_wait``."""
        self.let_second_wait(False)
        for name, (change, request) in self.cases().items():
            galera.wait_until(lambda ask=request: ask() == 200)
            with self.variant(name):
                with self.behind():
                    change()
                    self.assertEqual(200, request())
                self.cluster.wait()
                self.assertEqual(401, request())

    def test_shared_cache_keeps_what_a_late_node_has_read(self):
        """Without ``mysql_wsrep_sync_wait``, a revoked token stays valid."""
        self.let_second_wait(False)
        token = self.issue()
        with self.behind():
            self.revoke(token)
            answer = self.use_token(token, url=self.nodes[1].url)
            self.assertEqual(200, answer.status)
        self.cluster.wait()
        for node in self.nodes:
            answer = self.use_token(token, url=node.url)
            self.assertEqual(200, answer.status)

    def test_waits_until_changes_are_applied(self):
        """With ``mysql_wsrep_sync_wait``, changes apply at once."""
        self.let_second_wait(True)
        cases = {'token revoked': self.revocation(), **self.cases()}
        for name, (change, request) in cases.items():
            self.assertEqual(200, request())
            with self.variant(name), futures.ThreadPoolExecutor() as pool:
                with self.behind():
                    change()
                    pending = pool.submit(request)
                    futures.wait([pending], SECONDS)
                    self.assertFalse(pending.done(), 'it did not wait')
                self.assertEqual(401, pending.result())

    def test_member_that_stays_behind(self):
        """Requests that have waited for too long get 503."""
        self.let_second_wait(True)
        deleted = self.identity.create_application_credential(self.user)
        self.assertEqual(200, self.status_of_grant(deleted))
        self.set_timeout('PT1S')
        self.addCleanup(self.set_timeout, 'PT30S')
        with self.behind():
            self.identity.delete_application_credential(self.user, deleted.id)
            answer = self.post(
                base.TOKEN, base.GRANT, client=deleted, url=self.nodes[1].url
            )
        self.assertEqual(503, answer.status, answer.text)
        self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.assertRegex(answer.headers['Retry-After'], r'^[1-9]\d*$')
        self.assertEqual(401, self.status_of_grant(deleted))

    def set_timeout(self, duration):
        """Set how long queries at the second member wait for it."""
        self.cluster.members[1].execute(
            f'SET GLOBAL wsrep_provider_options = '
            f"'repl.causal_read_timeout={duration}'"
        )
