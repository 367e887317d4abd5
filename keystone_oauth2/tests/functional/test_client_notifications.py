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

"""Notifications about changes of client authenticators."""

import json

from oslo_messaging.notify import _impl_test

from keystone_oauth2.tests.functional import notifications
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation

PREFIX = 'identity.oauth2_client'
CADF = 'http://schemas.dmtf.org/cloud/audit/1.0/event'


class NotificationsTestCase(
    notifications.Listening, federation.FederationTestCase
):
    """Notifications of the client resources."""

    prefix = PREFIX
    options = {
        'oslo_messaging_notifications': {'driver': 'test'},
        **clients.OPTIONS,
    }

    def assert_sent(self, *expected):
        """Assert that exactly these events were emitted."""
        self.assertEqual(
            list(expected),
            [
                (
                    message['event_type'].removeprefix(PREFIX),
                    message['payload']['resource_info'],
                )
                for message in self.sent()
            ],
        )


class ChangesTest(NotificationsTestCase):
    def test_each_change_is_one_event(self):
        secret = self.register_secret()
        self.assert_sent(('_secret.created', secret['id']))
        signer = self.register_key()
        self.assert_sent(('_key.created', signer.id))
        certificate = self.register_certificate(tls_client_auth_san_dns='a')
        self.assert_sent(('_certificate.created', certificate['id']))
        identity = self.identify()
        self.assert_sent(('_federated_identity.created', identity['id']))
        self.choose_methods('client_secret_basic', 'private_key_jwt')
        self.assert_sent(('.updated', self.own.id))
        self.remove('secret', secret)
        self.assert_sent(('_secret.deleted', secret['id']))
        self.remove('certificate', certificate)
        self.assert_sent(('_certificate.deleted', certificate['id']))
        self.remove('federated_identity', identity)
        self.assert_sent(('_federated_identity.deleted', identity['id']))
        self.retire_secret()
        self.assert_sent(('_secret.deleted', self.own.id))

    def test_each_key_of_a_set_is_one_event(self):
        jwks = [
            clients.assertions.Signer(self.own.id, '').jwk for _ in range(3)
        ]
        answer = self.manage(
            'POST', '/keys', {'key': {'jwks': {'keys': jwks}}}
        )
        self.assert_sent(
            *(('_key.created', key['id']) for key in answer.json['keys'])
        )

    def test_key_that_was_registered_before_is_no_event(self):
        jwks = [clients.assertions.Signer('', '').jwk for _ in range(2)]
        for count, expected in ((1, 1), (2, 1), (2, 0)):
            wanted = {'key': {'jwks': {'keys': jwks[:count]}}}
            keys = self.manage('POST', '/keys', wanted).json['keys']
            created = keys[count - expected :]
            self.assert_sent(*(('_key.created', key['id']) for key in created))

    def test_event_has_initiator_action_and_target(self):
        secret = self.register_secret()
        (message,) = self.sent()
        payload = message['payload']
        self.assertEqual(
            (CADF, 'activity', 'created.oauth2_client_secret', 'success'),
            tuple(
                payload[name]
                for name in ('typeURI', 'eventType', 'action', 'outcome')
            ),
        )
        self.assertEqual(secret['id'], payload['target']['id'])
        initiator = payload['initiator']
        self.assertEqual(self.user.id, initiator['user_id'])
        self.assertEqual(self.project.id, initiator['project_id'])
        self.assertRegex(initiator['request_id'], '^req-')

    def test_event_contains_no_secret(self):
        secret = self.register_secret()
        signer = self.register_key()
        text = json.dumps(self.sent())
        self.assertIn(secret['id'], text)
        for hidden in (secret['secret'], signer.jwk['x'], self.owner_token):
            self.assertNotIn(hidden, text)

    def test_no_change_is_no_event(self):
        """Reads and refused requests."""
        self.show()
        self.show('/secrets')
        stranger = self.identity.token_for(self.service_user)
        for method, rest, body, token in (
            ('POST', '/secrets', {}, None),
            ('POST', '/keys', {'key': {'jwk': {}}}, None),
            ('DELETE', '/keys/x', None, None),
            ('DELETE', f'/secrets/{self.own.id}', None, None),
            ('POST', '/secrets', {'secret': {}}, stranger),
            ('DELETE', f'/secrets/{self.own.id}', None, stranger),
        ):
            with self.variant((method, rest)):
                answer = self.manage(method, rest, body, token=token)
                self.assertIn(answer.status, (400, 403, 404, 409))
        self.assert_sent()

    def test_use_is_reported_in_the_event_of_the_token(self):
        """With the client, whatever authenticator it used."""
        secret = self.register_secret()['secret']
        signer = self.register_key()
        self.identify()
        self.sent()
        for how in (
            clients.by_secret(self.own, secret),
            clients.by_key(signer),
            self.by(),
        ):
            self.assert_issued(**how)
            (message,) = [
                message
                for _, message, _, _ in _impl_test.NOTIFICATIONS
                if message['event_type']
                == 'identity.oauth2_access_token.issued'
            ]
            _impl_test.reset()
            self.assertEqual(
                self.own.id, message['payload']['initiator']['id']
            )


class KeptBackTest(notifications.Listening, clients.ClientsTestCase):
    """Requests for which Keystone's own API would issue a token."""

    prefix = 'identity.'
    options = {
        **NotificationsTestCase.options,
        # By default, Keystone omits successful authentications.
        'DEFAULT': {'notification_opt_out': 'identity.authenticate.pending'},
    }

    def refused(self):
        """Ask Keystone for a token, expect 401, and return the last event."""
        self.sent()
        answer = self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json=self.body(self.own),
            environ=notifications.CALLER,
        )
        self.assertThat(answer, clients.IsKeystoneError(401))
        *others, last = self.sent()
        # Keystone's own event reports a success.
        self.assertEqual(
            {('identity.authenticate', 'success')},
            {
                (message['event_type'], message['payload']['outcome'])
                for message in others
            },
        )
        return last

    def body(self, client):
        return {
            'auth': {
                'identity': {
                    'methods': ['password', 'application_credential'],
                    'password': {
                        'user': {
                            'id': self.user.id,
                            'password': self.user.password,
                        }
                    },
                    'application_credential': client._asdict(),
                }
            }
        }

    def test_refusal_is_an_event_that_names_the_client(self):
        """B11: the audit does not report the secret as accepted."""
        for refuse, reason in (
            (
                lambda: (self.register_secret(), self.retire_secret()),
                'its secret is retired',
            ),
            (
                lambda: (
                    self.register_key(),
                    self.choose_methods('private_key_jwt'),
                ),
                'not registered for a secret',
            ),
        ):
            self.own = self.identity.create_application_credential(self.user)
            refuse()
            message = self.refused()
            with self.variant(reason):
                self.assertEqual(
                    'identity.oauth2_access_token.refused',
                    message['event_type'],
                )
                payload = message['payload']
                self.assertEqual('failure', payload['outcome'])
                self.assertEqual(
                    f'client {self.own.id}: {reason}',
                    payload['reason']['reasonType'],
                )
                self.assertEqual(
                    {
                        'id': self.own.id,
                        'user_id': self.user.id,
                        'project_id': self.project.id,
                        'address': notifications.CALLER['REMOTE_ADDR'],
                    },
                    {
                        **{
                            name: payload['initiator'][name]
                            for name in ('id', 'user_id', 'project_id')
                        },
                        'address': payload['initiator']['host']['address'],
                    },
                )
                self.assertNotIn(self.own.secret, json.dumps(message))

    def test_issued_token_causes_no_event_of_the_extension(self):
        self.sent()
        answer = self.token_of_keystone(**self.own._asdict())
        self.assertEqual(201, answer.status, answer.text)
        self.assertNotIn('oauth2', json.dumps(self.sent()))


class OptOutTest(NotificationsTestCase):
    options = {
        **NotificationsTestCase.options,
        'DEFAULT': {
            'notification_opt_out': 'identity.oauth2_client_secret.created'
        },
    }

    def test_operator_can_opt_out_of_events(self):
        secret = self.register_secret()
        self.remove('secret', secret)
        self.assert_sent(('_secret.deleted', secret['id']))
