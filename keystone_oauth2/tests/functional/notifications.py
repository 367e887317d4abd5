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

"""Tests that receive Keystone's notifications."""

from oslo_messaging.notify import _impl_test
from oslo_serialization import jsonutils

from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

PREFIX = 'identity.oauth2_access_token.'
CALLER = {'REMOTE_ADDR': '203.0.113.9'}


class Listening:
    """Collects notifications with oslo.messaging's test driver."""

    #: Prefixes of the event names that are collected.
    prefix = PREFIX

    def setUp(self):
        super().setUp()
        self.addCleanup(_impl_test.reset)
        _impl_test.reset()

    def sent(self):
        """Return the events since the last call, as a bus delivers them."""
        messages = [
            jsonutils.loads(jsonutils.dumps(message))
            for _, message, _, _ in _impl_test.NOTIFICATIONS
            if message['event_type'].startswith(self.prefix)
        ]
        _impl_test.reset()
        return messages


class NotificationTestCase(Listening, tokens.TokensTestCase):
    """Notifications of the protocol endpoints."""

    options = {
        'oslo_messaging_notifications': {'driver': 'test'},
        'oauth2': {
            'oauth2_authn_methods': [
                'client_secret_basic',
                'client_secret_post',
                'tls_client_auth',
            ]
        },
    }

    def setUp(self):
        super().setUp()
        self.own = self.identity.create_application_credential(self.user)

    def events(self):
        """Return the names of the emitted events."""
        return [
            message['event_type'].removeprefix(PREFIX)
            for message in self.sent()
        ]

    def post_from(self, client, body=None, **arguments):
        environ = {**CALLER, **arguments.pop('environ', {})}
        if body is not None:
            arguments['body'] = body
        return self.post_as(client, environ=environ, **arguments)

    def post_certificate_from(self, certificate, user):
        environ = {**mutual_tls.verified(certificate), **CALLER}
        return self.post_for(user, environ)

    def audit_id(self, token):
        return self.identity.validate(token).json['token']['audit_ids'][0]
