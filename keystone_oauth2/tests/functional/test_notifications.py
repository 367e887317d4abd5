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

"""What an operator hears of it: CADF, through Keystone's notifier."""

import base64
import json
import time
import urllib.parse

from oslo_config import cfg
import oslo_messaging
from oslo_messaging.notify import _impl_test

from keystone_oauth2.tests.functional import base
from keystone_oauth2.tests.functional import limited
from keystone_oauth2.tests.functional import mutual_tls
from keystone_oauth2.tests.functional import notifications
from keystone_oauth2.tests.functional import tokens

CADF = 'http://schemas.dmtf.org/cloud/audit/1.0/event'
TYPE = 'service/security/oauth2_access_token'
WRONG = 'wrong-secret-that-nobody-must-hear'


class NotificationTest(notifications.NotificationTestCase):
    def assert_sent(self, name, action, outcome, initiator, target, reason):
        """Assert that one thing was sent, and that it says all of that."""
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
        found = {name: payload['initiator'].get(name) for name in initiator}
        self.assertEqual(initiator, found)
        if reason is None:
            self.assertNotIn('reason', payload)
        else:
            self.assertRegex(payload['reason']['reasonType'], reason)
            self.assertEqual(name, payload['reason']['reasonCode'])

    def test_issued(self):
        token = self.post_from(self.own).json['access_token']
        self.assert_sent(
            'issued',
            'create',
            'success',
            {
                'id': self.own.id,
                'user_id': self.user.id,
                'project_id': self.project.id,
            },
            self.audit_id(token),
            None,
        )

    def test_issued_over_mutual_tls(self):
        answer = self.post_certificate_from(self.certificate, self.user)
        self.assert_sent(
            'issued',
            'create',
            'success',
            {'id': self.user.id, 'user_id': self.user.id},
            self.audit_id(answer.json['access_token']),
            None,
        )

    def test_refused_with_the_reason(self):
        nobody = {'user_id': None, 'project_id': None}
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
                    nobody,
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
            {},
            'unknown',
            '^invalid_client: certificate: ',
        )

    def test_introspected(self):
        token = self.issue(self.own)
        audit_id = self.audit_id(token)
        self.sent()
        caller = {'id': self.service.id, 'user_id': self.service_user.id}
        for subject, target, reason in (
            (token, audit_id, None),
            ('unknown', 'unknown', '^inactive$'),
        ):
            with self.variant(subject):
                self.introspect(subject, environ=notifications.CALLER)
                self.assert_sent(
                    'introspected', 'read', 'success', caller, target, reason
                )

    def test_introspected_by_who_has_a_token_of_keystone(self):
        token = self.issue(self.own)
        audit_id = self.audit_id(token)
        admin = self.identity.admin_token()
        self.sent()
        answer = self.ask(
            tokens.INTROSPECT, token, token=admin, environ=notifications.CALLER
        )
        self.assertIs(True, answer.json['active'])
        self.assert_sent('introspected', 'read', 'success', {}, audit_id, None)

    def test_token_that_the_caller_may_not_see_is_inactive_to_it(self):
        """What it is told, and what the operator is told."""
        _, stranger = self.new_client('member')
        token = self.issue(self.own)
        audit_id = self.audit_id(token)
        self.sent()
        self.introspect(token, stranger, environ=notifications.CALLER)
        self.assert_sent(
            'introspected',
            'read',
            'success',
            {'id': stranger.id},
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
            {'id': self.own.id, 'user_id': self.user.id},
            audit_id,
            None,
        )

    def test_nothing_where_nothing_happened(self):
        """A token that is not there, and URLs that do nothing."""
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
        """E05: no proxy is trusted here, whatever is claimed."""
        for name in ('X-Forwarded-For', 'X-Real-IP', 'Forwarded'):
            with self.variant(name):
                self.post_from(self.own, headers={name: '198.51.100.1'})
                (message,) = self.sent()
                self.assertEqual(
                    notifications.CALLER['REMOTE_ADDR'],
                    message['payload']['initiator']['host']['address'],
                )
                self.assertNotIn('198.51.100.1', json.dumps(message))


class NoSecretTest(notifications.NotificationTestCase):
    """Nothing in them opens anything."""

    def assert_silent(self, *secrets):
        """Assert that something was sent, and nothing of that."""
        messages = [item[1] for item in _impl_test.NOTIFICATIONS]
        self.assertTrue(any('oauth2' in x['event_type'] for x in messages))
        text = json.dumps(messages)
        _impl_test.reset()
        for secret in secrets:
            for form in (
                secret,
                urllib.parse.quote(secret),
                urllib.parse.quote_plus(secret),
                json.dumps(secret)[1:-1],
                base64.b64encode(secret.encode()).decode().rstrip('='),
            ):
                self.assertFalse(form in text, 'a secret was sent')

    def test_secrets_and_tokens_are_not_sent(self):
        token = self.issue(self.own)
        self.introspect(token)
        self.revoke(token, self.own)
        self.assert_silent(
            token, self.own.secret, self.service.secret, base.basic(*self.own)
        )

    def test_wrong_secrets_are_not_sent(self):
        for client_id in (self.own.id, 'unknown'):
            self.post_as((client_id, WRONG))
            self.post(f'{base.GRANT}&client_id={client_id}&x={WRONG}')
        self.assert_silent(WRONG, base.basic(self.own.id, WRONG))

    def test_malformed_credentials_are_not_sent(self):
        encoded = base64.b64encode(WRONG.encode()).decode()
        for authorization in (
            f'Bearer {WRONG}',
            f'Basic {WRONG}',
            f'Basic {encoded}',
        ):
            self.post(authorization=authorization)
        for body in (
            f'{base.GRANT}&client_secret={WRONG}',
            f'grant_type={WRONG}',
            f'{base.GRANT}&scope={WRONG}',
            f'{base.GRANT}&client_id=x&client_secret={WRONG}&x=%',
        ):
            self.post_as(self.own, body)
        self.post('', path=f'{base.TOKEN}?client_secret={WRONG}')
        self.assert_silent(WRONG, encoded)

    def test_made_up_tokens_are_not_sent(self):
        """They may be good elsewhere."""
        self.introspect(WRONG)
        self.revoke(WRONG, self.own)
        self.revoke(WRONG, (self.own.id, 'x'))
        self.assert_silent(WRONG)

    def test_text_of_a_client_is_cut_and_escaped(self):
        forged = 'x\n\x1b[31m' + 'y' * 5000
        self.post_as((urllib.parse.quote(forged), 'x'))
        (message,) = self.sent()
        text = message['payload']['reason']['reasonType']
        self.assertNotRegex(text, '[\n\x1b]')
        self.assertLess(len(text), 200)


class LimitedTest(notifications.NotificationTestCase):
    options = {
        **notifications.NotificationTestCase.options,
        'oauth2': {
            'client_failure_limit': '1/hour',
            'trusted_proxies': limited.PROXY,
        },
    }

    def test_limited_is_told_apart_from_refused(self):
        for _ in range(3):
            self.post_as((self.own.id, WRONG))
        self.assertEqual(['refused', 'limited', 'limited'], self.events())

    def test_limited_names_client_and_address(self):
        """E05: the one that the trusted proxy saw."""
        for _ in range(2):
            self.post_as(
                (self.own.id, WRONG),
                environ={'REMOTE_ADDR': limited.PROXY},
                headers={'X-Forwarded-For': '10.0.0.1, 203.0.113.77'},
            )
        payload = self.sent()[-1]['payload']
        self.assertEqual(
            ('deny', 'failure'), (payload['action'], payload['outcome'])
        )
        self.assertIn(self.own.id, payload['reason']['reasonType'])
        self.assertEqual(
            '203.0.113.77', payload['initiator']['host']['address']
        )


class OptOutTest(notifications.NotificationTestCase):
    """Keystone's own option."""

    options = {
        **notifications.NotificationTestCase.options,
        'DEFAULT': {
            'debug': False,
            'notification_opt_out': f'{notifications.PREFIX}issued',
        },
    }

    def test_what_an_operator_does_not_want_is_not_sent(self):
        self.issue(self.own)
        self.post_as((self.own.id, WRONG))
        self.assertEqual(['refused'], self.events())


class SilentTest(mutual_tls.MutualTLSTestCase):
    """No driver, which is Keystone's default."""

    def test_nothing_is_sent_and_tokens_are_issued(self):
        self.addCleanup(_impl_test.reset)
        _impl_test.reset()
        self.assertEqual(200, self.post_as(self.client).status)
        self.assertEqual(401, self.post_as((self.client.id, WRONG)).status)
        self.assertEqual([], _impl_test.NOTIFICATIONS)


class Endpoint:
    """What a service that collects them has: oslo.messaging's own shape."""

    def __init__(self):
        self.heard = []

    def info(self, _context, _publisher_id, event_type, payload, _metadata):
        if event_type.startswith(notifications.PREFIX):
            self.heard.append((event_type, payload['outcome']))


class ListenerTest(base.KeystoneTestCase):
    """On a bus: the one that oslo.messaging has for a single process."""

    options = {
        'oslo_messaging_notifications': {
            'driver': 'messagingv2',
            'transport_url': 'fake://',
            'topics': 'oauth2-test',
        }
    }

    def test_a_listener_of_oslo_messaging_hears_them(self):
        endpoint = Endpoint()
        transport = oslo_messaging.get_notification_transport(cfg.CONF)
        listener = oslo_messaging.get_notification_listener(
            transport,
            [oslo_messaging.Target(topic='oauth2-test')],
            [endpoint],
            executor='threading',
        )
        listener.start()
        self.post_as(self.client)
        self.post_as((self.client.id, WRONG))
        for _ in range(100):
            if len(endpoint.heard) >= 2:
                break
            time.sleep(0.05)
        listener.stop()
        listener.wait()
        self.assertEqual(
            [
                (f'{notifications.PREFIX}issued', 'success'),
                (f'{notifications.PREFIX}refused', 'failure'),
            ],
            endpoint.heard,
        )
