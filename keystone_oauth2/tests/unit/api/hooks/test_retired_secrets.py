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

"""How the check for retired secrets treats Keystone's responses."""

import flask

from keystone_oauth2.api.hooks import retired_secrets
from keystone_oauth2.front_end import proxies
from keystone_oauth2.identity import web
from keystone_oauth2.protocol.client_auth import client_secret_basic
from keystone_oauth2.protocol.client_auth import client_secret_post
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

METHOD = 'application_credential'
REQUEST = {'auth': {'identity': {'methods': [METHOD]}}}
INSTALLED = (
    client_secret_basic.ClientSecretBasic,
    client_secret_post.ClientSecretPost,
    private_key_jwt.PrivateKeyJWT,
)


class RetirementCheckTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.clients = protocol_base.ClientStore()
        self.clients.add('client')
        self.events = []
        self.check = retired_secrets.RetirementCheck(
            client_store=self.clients,
            accepting=method.accepting(INSTALLED),
            notify=lambda event, _: self.events.append(event),
            proxies=proxies.Proxies(()),
        )
        self.app = flask.Flask('test')
        # The body has the format that Keystone renders.
        self.app.register_error_handler(web.TokenRefused, lambda _: ('', 401))

    def status(self, client_id='client', status=201):
        """Return the status of a token request after the check."""
        token = {'methods': [METHOD]}
        if client_id is not None:
            token[METHOD] = {'id': client_id}
        with self.app.test_request_context(
            '/v3/auth/tokens', method='POST', json=REQUEST
        ):
            response = flask.jsonify(token=token)
            response.status_code = status
            return self.check(response).status_code

    def test_client_with_its_secret_gets_the_token(self):
        self.assertEqual(201, self.status())
        self.assertEqual([], self.events)

    def test_client_that_is_not_found_gets_no_token(self):
        """B11: it was deleted meanwhile, or the token does not name it."""
        for client_id in ('gone', '', None):
            with self.variant(client_id):
                self.assertEqual(401, self.status(client_id))

    def test_use_of_a_disabled_client_is_left_to_keystone(self):
        """Only whether its secret is retired is looked at."""
        self.clients.refusals['client'] = 'client client: it has expired'
        self.assertEqual(201, self.status())
        self.clients.change('client', is_retired=True)
        self.assertEqual(401, self.status())

    def test_registered_secret_does_not_replace_a_retired_one(self):
        """Keystone's own API verifies only the credential's secret."""
        self.clients.change('client', is_retired=True)
        self.clients.register_secret('another')
        self.assertEqual(401, self.status())

    def test_client_with_a_retired_secret_gets_no_token(self):
        self.clients.change('client', is_retired=True)
        self.assertEqual(401, self.status())
        (event,) = self.events
        self.assertEqual(('refused', 'client'), (event.name, event.client_id))
        self.assertIn('retired', event.reason)
        self.clients.change(
            'client', methods=frozenset(['client_secret_post'])
        )
        self.assertEqual(401, self.status())

    def test_client_restricted_to_other_methods_gets_no_token(self):
        """B11: a single method with a secret is enough."""
        for methods, expected in (
            ([], 401),
            (['private_key_jwt'], 401),
            (['private_key_jwt', 'client_secret_post'], 201),
            (['client_secret_basic'], 201),
        ):
            with self.variant(methods):
                self.clients.change('client', methods=frozenset(methods))
                self.assertEqual(expected, self.status())

    def test_refusals_of_keystone_are_unchanged(self):
        for status in (200, 401, 500):
            with self.variant(status):
                self.assertEqual(status, self.status('gone', status))
