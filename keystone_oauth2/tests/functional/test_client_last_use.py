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

"""When a secret of a client was last used."""

from oslo_utils import timeutils

from keystone_oauth2.tests.functional import client_secrets
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import tokens


class LastUseTest(client_secrets.SecretsTestCase):
    def last_use(self, one):
        text = self.shown('secret', one)['last_used_at']
        if text is None:
            return None
        return timeutils.normalize_time(timeutils.parse_isotime(text))

    def test_last_use_is_recorded_once_a_minute(self):
        """So that owners can see which secrets are in use."""
        secret = self.register_secret()
        own = {'id': self.own.id, 'secret': self.own.secret}
        now = timeutils.utcnow().replace(microsecond=0)
        for one in (secret, own):
            self.assertIsNone(self.last_use(one))
            for seconds, expected in ((0, 0), (59, 0), (60, 60), (600, 600)):
                with self.variant((one, seconds)):
                    self.at(now, seconds)
                    self.assert_issued(**self.basic(one['secret']))
                    noted = (self.last_use(one) - now).total_seconds()
                    self.assertEqual(expected, noted)
            self.at(now)

    def test_each_secret_has_its_own_last_use(self):
        used, unused = self.register_secret(), self.register_secret()
        self.assert_issued(**self.basic(used['secret']))
        self.assertIsNotNone(self.last_use(used))
        self.assertIsNone(self.last_use(unused))
        self.assertIsNone(self.last_use(self.own.id))

    def test_refused_request_is_no_use(self):
        """Neither a wrong secret, nor the right one of a disabled user."""
        secret = self.register_secret()
        self.assert_refused(**self.basic('wrong'))
        self.choose_methods('client_secret_post')
        self.assert_refused(**self.basic(secret['secret']))
        self.choose_methods('client_secret_basic')
        self.addCleanup(self.switch, 'user', self.user.id, enabled=True)
        self.switch('user', self.user.id, enabled=False)
        self.assert_refused(**self.basic(secret['secret']))
        self.switch('user', self.user.id, enabled=True)
        self.assertIsNone(self.last_use(secret))
        self.assertIsNone(self.last_use(self.own.id))

    def test_last_use_of_the_own_secret_needs_a_registration(self):
        """Before the first registration nothing is written."""
        self.assert_issued(**self.basic(self.own.secret))
        self.assertIsNone(self.last_use(self.own.id))
        self.register_key()
        self.assert_issued(**self.basic(self.own.secret))
        self.assertIsNotNone(self.last_use(self.own.id))

    def test_use_at_another_endpoint_is_recorded_too(self):
        secret = self.register_secret()
        how = self.basic(secret['secret'])
        answer = self.ask(tokens.INTROSPECT, 'unknown', **how)
        self.assertThat(answer, tokens.INACTIVE)
        self.assertIsNotNone(self.last_use(secret))

    def test_failure_to_record_the_use_does_not_refuse_the_client(self):
        """The client is authenticated all the same."""
        secret = self.register_secret()
        self.addCleanup(self.execute, 'DROP TRIGGER no_space')
        self.execute(
            f'CREATE TRIGGER no_space BEFORE UPDATE ON '
            f'{clients.AUTHENTICATORS} '
            "BEGIN SELECT RAISE(ABORT, 'no space'); END"
        )
        self.assert_issued(**self.basic(secret['secret']))
        self.assertIsNone(self.last_use(secret))
        self.assertIn(
            'The last use of an authenticator could not be recorded', self.log
        )
