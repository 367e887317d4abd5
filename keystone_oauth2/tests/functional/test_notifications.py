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

"""Notifications for operators: CADF, with Keystone's notifier."""

import json
import uuid

from keystone_oauth2.tests.functional import notifications
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import tokens

CADF = 'http://schemas.dmtf.org/cloud/audit/1.0/event'
TYPE = 'service/security/oauth2_access_token'
#: The initiator of an unauthenticated request.
NOBODY = {}
WRONG = 'wrong-secret-that-nobody-must-hear'


class NotificationTest(notifications.NotificationTestCase):
    def assert_sent(self, name, action, outcome, initiator, target, reason):
        """Assert that one event was emitted, with exactly these parts."""
        (message,) = self.sent()
        self.assertEqual(notifications.PREFIX + name, message['event_type'])
        payload = message['payload']
        self.assertEqual(
            (CADF, 'activity', action, outcome),
            tuple(
                payload[name]
                for name in ('typeURI', 'eventType', 'action', 'outcome')
            ),
        )
        self.assertEqual({'id': target, 'typeURI': TYPE}, payload['target'])
        self.assertEqual(
            notifications.CALLER['REMOTE_ADDR'],
            payload['initiator']['host']['address'],
        )
        self.assertRegex(payload['initiator']['request_id'], '^req-')
        self.assertEqual(initiator, self.initiator(payload['initiator']))
        if reason is None:
            self.assertNotIn('reason', payload)
        else:
            self.assertRegex(payload['reason']['reasonType'], reason)
            self.assertEqual(name, payload['reason']['reasonCode'])

    def named(self, client, user):
        """Return the names of a client and its user."""
        return {
            'id': getattr(client, 'id', client),
            'user_id': user.id,
            'project_id': user.project_id,
        }

    def initiator(self, payload):
        """Return the parts of an initiator that identify it."""
        found = {
            name: payload[name]
            for name in ('id', 'user_id', 'project_id', 'domain_id')
            if name in payload
        }
        if found.keys() == {'id'}:
            # pycadf generates one.
            self.assertTrue(uuid.UUID(found['id']))
            return NOBODY
        return found

    def test_issued(self):
        token = self.post_from(self.own).json['access_token']
        self.assert_sent(
            'issued',
            'create',
            'success',
            self.named(self.own, self.user),
            self.audit_id(token),
            None,
        )

    def test_issued_over_mutual_tls(self):
        answer = self.post_certificate_from(self.certificate, self.user)
        self.assert_sent(
            'issued',
            'create',
            'success',
            self.named(self.user, self.user),
            self.audit_id(answer.json['access_token']),
            None,
        )

    def test_refused_with_a_reason(self):
        for client, body, reason in (
            (
                (self.own.id, WRONG),
                base.GRANT,
                f'^invalid_client: .*{self.own.id}: wrong secret$',
            ),
            (('no\nid', WRONG), base.GRANT, 'invalid_client: unknown client'),
            (self.own, 'grant_type=x', '^unsupported_grant_type: '),
            (self.own, f'{base.GRANT}&scope=x', '^invalid_scope: '),
            (self.own, '', '^invalid_request: '),
        ):
            with self.variant((client, body)):
                answer = self.post_from(client, body)
                self.assertIn(answer.status, (400, 401))
                self.assert_sent(
                    'refused',
                    'authenticate',
                    'failure',
                    NOBODY,
                    'unknown',
                    reason,
                )

    def test_refused_certificate(self):
        _, other, _ = self.new_user()
        self.sent()
        self.post_certificate_from(self.certificate, other)
        self.assert_sent(
            'refused',
            'authenticate',
            'failure',
            NOBODY,
            'unknown',
            '^invalid_client: certificate: ',
        )

    def test_introspected(self):
        token = self.issue(self.own)
        audit_id = self.audit_id(token)
        self.sent()
        caller = self.named(self.service, self.service_user)
        for subject, target, reason in (
            (token, audit_id, None),
            ('unknown', 'unknown', '^inactive$'),
        ):
            with self.variant(subject):
                self.introspect(subject, environ=notifications.CALLER)
                self.assert_sent(
                    'introspected', 'read', 'success', caller, target, reason
                )

    def test_introspected_by_the_holder_of_a_keystone_token(self):
        token = self.issue(self.own)
        audit_id = self.audit_id(token)
        admin = self.identity.admin_token()
        validated = self.identity.validate(admin).json['token']
        caller = {
            'id': validated['user']['id'],
            'user_id': validated['user']['id'],
            'project_id': validated['project']['id'],
        }
        self.sent()
        answer = self.ask(
            tokens.INTROSPECT, token, token=admin, environ=notifications.CALLER
        )
        self.assertIs(True, answer.json['active'])
        self.assert_sent(
            'introspected', 'read', 'success', caller, audit_id, None
        )

    def test_token_hidden_from_the_caller_is_inactive(self):
        """In the answer, and in the event."""
        user, stranger = self.new_client('member')
        token = self.issue(self.own)
        audit_id = self.audit_id(token)
        self.sent()
        self.introspect(token, stranger, environ=notifications.CALLER)
        self.assert_sent(
            'introspected',
            'read',
            'success',
            self.named(stranger, user),
            audit_id,
            '^inactive$',
        )

    def test_revoked(self):
        token = self.issue(self.own)
        audit_id = self.audit_id(token)
        self.sent()
        self.revoke(token, self.own, environ=notifications.CALLER)
        self.assert_sent(
            'revoked',
            'revoke',
            'success',
            self.named(self.own, self.user),
            audit_id,
            None,
        )

    def test_no_action_is_no_event(self):
        """An unknown token, and URLs without an action."""
        self.revoke('unknown', self.own)
        for method, path in (
            ('GET', base.TOKEN),
            ('OPTIONS', base.TOKEN),
            ('POST', '/v3/OS-OAUTH2/nothing'),
            ('GET', '/v3'),
        ):
            self.keystone.request(method, path)
        self.assertEqual([], self.events())

    def test_each_request_is_one_event(self):
        token = self.issue(self.own)
        self.post_as((self.own.id, WRONG))
        self.post()
        self.introspect(token)
        self.revoke(token, self.own)
        self.assertEqual(
            ['issued', 'refused', 'refused', 'introspected', 'revoked'],
            self.events(),
        )

    def test_initiator_has_the_address_of_the_connection(self):
        """E05: no proxy is trusted here, whatever the header fields."""
        for name in ('X-Forwarded-For', 'X-Real-IP', 'Forwarded'):
            with self.variant(name):
                self.post_from(self.own, headers={name: '198.51.100.1'})
                (message,) = self.sent()
                self.assertEqual(
                    notifications.CALLER['REMOTE_ADDR'],
                    message['payload']['initiator']['host']['address'],
                )
                self.assertNotIn('198.51.100.1', json.dumps(message))
