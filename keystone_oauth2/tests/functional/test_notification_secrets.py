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

"""Notifications contain no secret and no token."""

import base64
import json
import urllib.parse

from oslo_messaging.notify import _impl_test

from keystone_oauth2.tests.functional import notifications
from keystone_oauth2.tests.support import base

WRONG = 'wrong-secret-that-nobody-must-hear'


class NoSecretTest(notifications.NotificationTestCase):
    """No notification contains a usable credential."""

    def assert_silent(self, *secrets):
        """Assert that there was a notification, and none has the secrets."""
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

    def test_invented_tokens_are_not_sent(self):
        """They may be valid elsewhere."""
        self.introspect(WRONG)
        self.revoke(WRONG, self.own)
        self.revoke(WRONG, (self.own.id, 'x'))
        self.assert_silent(WRONG)

    def test_text_of_a_client_is_truncated_and_escaped(self):
        forged = 'x\n\x1b[31m' + 'y' * 5000
        self.post_as((urllib.parse.quote(forged), 'x'))
        (message,) = self.sent()
        text = message['payload']['reason']['reasonType']
        self.assertNotRegex(text, '[\n\x1b]')
        self.assertLess(len(text), 200)
