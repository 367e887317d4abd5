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

"""Tests with two processes on one database, like nodes of a cluster."""

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.support import clients


class NodesTest(authorization_server.AuthorizationServerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.keystone.start_node()

    def introspect(self, node, token):
        """Introspect a token at a node."""
        return self.https(url=node.url).request(
            'POST', '/v3/OS-OAUTH2/introspect', form=self.form(token)
        )

    def form(self, token):
        """Return the parameters of a client that introspects a token."""
        return {
            'token': token,
            'client_id': self.client.id,
            'client_secret': self.client.secret,
        }

    def assert_everywhere(self, active, token):
        """Assert that the nodes agree on whether a token is active."""
        for node in (self.keystone, self.other):
            with self.variant(node):
                answer = self.introspect(node, token)
                self.assertIs(active, answer.json['active'])
                answer = self.https(url=node.url).request(
                    'GET', '/v3/auth/projects', token=token
                )
                self.assertEqual(200 if active else 401, answer.status)

    def test_token_revoked_at_one_node_is_refused_by_both(self):
        """G09: from the next request on, without a cache."""
        for node in (self.keystone, self.other):
            with self.variant(node):
                token, sibling = self.issue(), self.issue()
                self.assert_everywhere(True, token)
                answer = self.https(url=node.url).request(
                    'POST', '/v3/OS-OAUTH2/revoke', form=self.form(token)
                )
                self.assertEqual(200, answer.status, answer.text)
                self.assert_everywhere(False, token)
                self.assert_everywhere(True, sibling)

    def test_thumbprint_stored_by_one_node_is_returned_by_both(self):
        """D06: the nodes share the table."""
        token = self.issue(files=self.files)
        first = self.introspect_by_certificate(self.keystone, token)
        second = self.introspect_by_certificate(self.other, token)
        self.assertEqual(['x5t#S256'], list(first['cnf']))
        for name in ('cnf', 'jti', 'scope', 'exp'):
            self.assertEqual(first[name], second[name])

    def introspect_by_certificate(self, node, token):
        """Introspect a token at a node with the certificate of the user."""
        answer = self.https(self.files, node.url).request(
            'POST',
            '/v3/OS-OAUTH2/introspect',
            form={'token': token, 'client_id': self.user.id},
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json

    def test_metadata_is_the_same_on_both(self):
        """H02: it comes from the configuration, though the ports differ."""
        documents = [
            self.https(url=node.url)
            .request('GET', '/.well-known/oauth-authorization-server/v3')
            .json
            for node in (self.keystone, self.other)
        ]
        self.assertEqual(self.issuer, documents[0]['issuer'])
        self.assertEqual(*documents)


class CachedNodesTest(authorization_server.AuthorizationServerTestCase):
    """Tests with a separate cache in each process."""

    options = {'cache': {'backend': 'dogpile.cache.memory'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.keystone.start_node()

    def test_disabled_user_registers_nothing_despite_a_stale_cache(self):
        """K03: the secret would work once the user is enabled again."""
        owner = self.identity.create_user(self.project, ['member'])
        client = self.identity.create_application_credential(owner)
        token = self.identity.token_for(owner)
        request = self.https(url=self.other.url).request
        clients.register(request, token, client, 'secret')
        self.identity.disable(owner)
        answer = request('GET', '/v3/auth/catalog', token=token)
        self.assertEqual(200, answer.status, 'the node has noticed')
        for method, rest, json in (
            ('POST', '/secrets', {'secret': {}}),
            ('DELETE', f'/secrets/{client.id}', None),
        ):
            with self.variant(method):
                answer = request(
                    method,
                    clients.path_of(client, rest),
                    json=json,
                    token=token,
                )
                self.assertThat(answer, clients.IsKeystoneError(401))
        self.identity.enable(owner)
        answer = self.https().request(
            'GET',
            clients.path_of(client, '/secrets'),
            token=self.identity.admin_token(),
        )
        self.assertEqual(2, len(answer.json['secrets']), answer.text)
