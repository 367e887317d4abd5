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

"""Authentication with a secret in the request body."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.tests.unit.protocol.client_auth import secrets

RIGHT = {'client_id': 'client', 'client_secret': 'a+b'}


class ClientSecretPostTest(secrets.ClientSecretTestCase):
    def verify(self, client_id, secret):
        """Return the client that a secret authenticates."""
        found = evidence.PostedSecret(client_id, (secret,))
        return self.post.verify(found, self.clients.find(client_id))

    def test_right_secret_authenticates_the_client(self):
        """B03: in the body, too."""
        client = self.clients.find('client')
        authenticated = clients.AuthenticatedClient(
            client=client,
            method='client_secret_post',
            authenticator=client.own_secret,
        )
        self.assertEqual(authenticated, self.verify('client', 'a+b'))
        self.assertEqual('client', self.authenticate(**RIGHT).id)

    def test_wrong_credentials_are_refused(self):
        """B07: with the same error in each case."""
        for client_id, secret in (
            ('client', 'wrong'),
            ('client', 'a b'),
            ('client', 'a%2Bb'),
            ('unknown', 'a+b'),
        ):
            form = {'client_id': client_id, 'client_secret': secret}
            with self.variant(form):
                self.assertRaises(
                    ports.Refused, self.verify, client_id, secret
                )
                self.assert_raises(
                    errors.InvalidClient,
                    lambda form=form: self.authenticate(**form),
                )

    def test_method_has_no_http_scheme(self):
        """B06: a challenge cannot name it."""
        self.assertIsNone(self.post.scheme)

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: even with a right secret."""
        self.clients.change(methods=frozenset(['client_secret_basic']))
        error = self.assert_raises(
            errors.InvalidClient, lambda: self.authenticate(**RIGHT)
        )
        self.assertIn('not registered for client_secret_post', error.detail)
        self.assertEqual([], self.clients.uses)
        self.clients.change(
            methods=frozenset(['client_secret_basic', 'client_secret_post'])
        )
        self.assertEqual('client', self.authenticate(**RIGHT).id)

    def test_use_of_a_valid_secret_is_recorded(self):
        """J02: so that the owner sees which secrets are in use."""
        self.authenticate(**RIGHT)
        self.assertEqual([('client', 'client')], self.clients.uses)
        self.clients.refusals['client'] = 'the user is disabled'
        self.assert_raises(
            errors.InvalidClient, lambda: self.authenticate(**RIGHT)
        )
        self.assertEqual(1, len(self.clients.uses))
