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

"""Selection and transport of notifications."""

import re
import time

from oslo_config import cfg
import oslo_messaging
from oslo_messaging.notify import _impl_test

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base as tests_base
from keystone_oauth2.tests.functional import limited
from keystone_oauth2.tests.functional import notifications
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import queries

WRONG = 'wrong-secret'


class LimitedTest(notifications.NotificationTestCase):
    options = {
        **notifications.NotificationTestCase.options,
        'oauth2_limits': {'client_failures': '1/hour'},
        'oauth2': {'trusted_proxies': limited.PROXY},
    }

    def test_limited_differs_from_refused(self):
        for _ in range(3):
            self.post_as((self.own.id, WRONG))
        self.assertEqual(['refused', 'limited', 'limited'], self.events())

    def test_limited_includes_client_and_address(self):
        """E05: the address that the trusted proxy saw."""
        for _ in range(2):
            self.post_as(
                (self.own.id, WRONG),
                environ={'REMOTE_ADDR': limited.PROXY},
                headers={
                    'X-Forwarded-For': f'x, 203.0.113.77, {limited.PROXY}'
                },
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
    """Keystone's own option notification_opt_out."""

    options = {
        **notifications.NotificationTestCase.options,
        'DEFAULT': {
            'debug': False,
            'notification_opt_out': f'{notifications.PREFIX}issued',
        },
    }

    def test_events_that_the_operator_opted_out_of_are_not_sent(self):
        self.issue(self.own)
        self.post_as((self.own.id, WRONG))
        self.assertEqual(['refused'], self.events())


class SilentTest(tests_base.TestCase):
    def tables_read(self, driver):
        """Return the tables that a refusal reads."""
        options = {'oslo_messaging_notifications': {'driver': driver}}
        with fixture.Keystone(options) as keystone:
            statements = queries.statements()
            answer = keystone.request(
                'POST',
                base.TOKEN,
                form={'grant_type': 'client_credentials'},
                headers={'Authorization': base.basic('unknown', WRONG)},
            )
            self.assertEqual(401, answer.status)
        return re.findall(r'FROM (\w+)', '\n'.join(statements))

    def test_notification_without_a_receiver_costs_nothing(self):
        """Keystone would look up its own service for the observer."""
        self.addCleanup(_impl_test.reset)
        for driver, expected in ((None, 0), ('noop', 0), ('test', 1)):
            with self.variant(driver):
                _impl_test.reset()
                self.assertEqual(
                    expected, self.tables_read(driver).count('service')
                )
                self.assertEqual(expected, len(_impl_test.NOTIFICATIONS))


class Endpoint:
    """An endpoint of a listener, as oslo.messaging defines it."""

    def __init__(self):
        self.heard = []

    def info(self, _context, _publisher_id, event_type, payload, _metadata):
        if event_type.startswith(notifications.PREFIX):
            self.heard.append((event_type, payload['outcome']))


class ListenerTest(base.KeystoneTestCase):
    """A bus: oslo.messaging's transport within one process."""

    options = {
        'oslo_messaging_notifications': {
            'driver': 'messagingv2',
            'transport_url': 'fake://',
            'topics': 'oauth2-test',
        }
    }

    def test_listener_of_oslo_messaging_receives_them(self):
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
