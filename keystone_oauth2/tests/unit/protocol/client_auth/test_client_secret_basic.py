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

"""Authentication with a secret in the Authorization field."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.client_auth import secrets


class ClientSecretBasicTest(secrets.ClientSecretTestCase):
    def setUp(self):
        super().setUp()
        self.hasher.add('client', 'secret')

    def verify(self, credentials):
        """Return the client that credentials authenticate."""
        found = protocol_base.read(
            protocol_base.request(
                authorization=protocol_base.basic(credentials)
            ),
            protocol_base.form(),
        )
        return self.basic.verify(found, self.clients.find(found.client_id))

    def authenticate(self, credentials):
        return super().authenticate(protocol_base.basic(credentials))

    def test_right_secret_authenticates_the_client(self):
        client = self.clients.find('client')
        authenticated = clients.AuthenticatedClient(
            client=client,
            method='client_secret_basic',
            authenticator=client.own_secret,
        )
        self.assertEqual(authenticated, self.verify('client:secret'))
        self.assertEqual('client', self.authenticate('client:secret').id)

    def test_secret_is_accepted_encoded_or_as_it_was_sent(self):
        """B02: the decoded form is tried first."""
        for secret, credentials in (
            ('a b', 'client:a+b'),
            ('a+b', 'client:a+b'),
            ('a+b', 'client:a%2Bb'),
            ('100%', 'client:100%'),
            ('100%', 'client:100%25'),
            ('a:b', 'client:a:b'),
        ):
            for keys in ([], [bytes(32)]):
                with self.variant((secret, credentials, keys)):
                    self.keys = keys
                    self.clients.change(secret_digest=None)
                    self.hasher.add('client', secret)
                    self.assertEqual('client', self.verify(credentials).id)
                    self.assertEqual('client', self.verify(credentials).id)

    def test_wrong_credentials_are_refused(self):
        """B07: with the same error in each case."""
        for credentials in (
            'client:wrong',
            'client:',
            'client:%73ecret%00',
            'client:secret ',
        ):
            with self.variant(credentials):
                self.assert_raises(ports.Refused, self.verify, credentials)
                self.assert_raises(
                    errors.InvalidClient, self.authenticate, credentials
                )
        self.assert_raises(
            errors.InvalidClient, self.authenticate, 'unknown:secret'
        )

    def test_client_that_must_not_be_used_is_refused(self):
        """Even with a right secret."""
        self.clients.refusals['client'] = 'the user is disabled'
        error = self.assert_raises(
            errors.InvalidClient, self.authenticate, 'client:secret'
        )
        self.assertEqual('the user is disabled', error.detail)

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: even with a right secret."""
        self.clients.change(methods=frozenset(['client_secret_post']))
        error = self.assert_raises(
            errors.InvalidClient, self.authenticate, 'client:secret'
        )
        self.assertIn('not registered for client_secret_basic', error.detail)
        self.assertEqual([], self.clients.uses)
        self.clients.change(
            methods=frozenset(['client_secret_post', 'client_secret_basic'])
        )
        self.assertEqual('client', self.authenticate('client:secret').id)

    def test_use_of_a_valid_secret_is_recorded(self):
        """J02: so that the owner sees which secrets are in use."""
        self.authenticate('client:secret')
        self.assertEqual([('client', 'client')], self.clients.uses)
        registered = self.clients.register_secret('registered')
        self.authenticate('client:registered')
        self.assertEqual(('client', registered.id), self.clients.uses[1])
        self.assert_raises(
            errors.InvalidClient, self.authenticate, 'client:wrong'
        )
        self.clients.refusals['client'] = 'the user is disabled'
        self.assert_raises(
            errors.InvalidClient, self.authenticate, 'client:secret'
        )
        self.assertEqual(2, len(self.clients.uses))
