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

"""Options of the limits: refused values, warnings and storage outages."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base
from keystone_oauth2.tests.functional import limited

REMEDIES = {
    'client_failures': '; use limits such as 30/minute.',
    'address_failures': '; use limits such as 30/minute.',
    'storage': '; use the storage memory://, memcached://HOST:PORT or redis',
}


class WrongLimitTest(base.TestCase):
    """A wrong option stops Keystone with a sentence and the remedy."""

    def test_invalid_limit_is_refused(self):
        for name, value in (
            ('client_failures', 'nonsense'),
            ('client_failures', '30'),
            ('client_failures', '0/minute'),
            ('client_failures', '-1/minute'),
            ('client_failures', '30/minute;5/second'),
            ('address_failures', '30/fortnight'),
            ('address_failures', '0/minute'),
            ('storage', 'nonsense'),
            ('storage', 'nonsense://x'),
            ('storage', 'memcached://host'),
            ('storage', 'redis://host:x'),
            ('storage', 'async+memory://'),
            ('storage', ''),
        ):
            with self.variant((name, value)):
                keystone = fixture.Keystone(
                    {
                        'DEFAULT': {'debug': False},
                        'oauth2_limits': {name: value},
                    }
                )
                error = self.assertRaises(
                    fixture.StartUpRefused, keystone.setUp
                )
                self.assertIn(f'[oauth2_limits] {name}: ', str(error))
                self.assertIn(REMEDIES[name], str(error))
                self.assertNotIn('Traceback', keystone.log)

    def test_other_notations_of_a_limit_are_accepted(self):
        for value in ('30 per minute', '1/day', '5/2 minutes', '30/MINUTE'):
            with self.variant(value):
                options = {'oauth2_limits': {'client_failures': value}}
                with fixture.Keystone(options) as keystone:
                    self.assertEqual(
                        405,
                        keystone.request('GET', '/v3/OS-OAUTH2/token').status,
                    )

    def test_password_of_the_storage_is_not_logged(self):
        storage = 'redis://user:hidden-password@127.0.0.1:1'
        options = {'oauth2_limits': {'storage': storage}}
        keystone = fixture.Keystone(options)
        with keystone:
            keystone.request('POST', '/v3/OS-OAUTH2/token')
            self.assertNotIn('hidden-password', keystone.log)

    def test_password_of_an_unknown_storage_is_not_logged(self):
        storage = 'reddis://user:hidden-password@127.0.0.1:1'
        options = {'oauth2_limits': {'storage': storage}}
        keystone = fixture.Keystone(options)
        error = self.assertRaises(fixture.StartUpRefused, keystone.setUp)
        self.assertIn('unknown storage scheme : reddis;', str(error))
        told = f'{error}{keystone.log}'
        self.assertFalse('hidden-password' in told, 'it was told')


class WarningTest(base.TestCase):
    """Start-up warns once about a missing option (B08)."""

    def warnings(self, limits=None, **options):
        """Return the start-up warnings about limits."""
        options = {'oauth2': options, 'oauth2_limits': limits or {}}
        with fixture.Keystone(options) as keystone:
            keystone.request(
                'POST',
                '/v3/OS-OAUTH2/token',
                headers={'X-Forwarded-For': '198.51.100.1'},
            )
            return [
                line.partition(' [-] ')[2]
                for line in keystone.log.splitlines()
                if ' WARNING keystone_oauth2.' in line
            ]

    def test_missing_trusted_proxies_cause_a_warning(self):
        (warning,) = self.warnings()
        self.assertTrue(
            warning.startswith('[oauth2] trusted_proxies is empty')
        )
        self.assertIn('127.0.0.1 if there are none', warning)

    def test_missing_limit_causes_a_warning(self):
        (warning,) = self.warnings(
            {'client_failures': ''}, trusted_proxies='127.0.0.1'
        )
        self.assertTrue(
            warning.startswith('[oauth2_limits] client_failures is empty')
        )

    def test_complete_options_cause_no_warning(self):
        self.assertEqual([], self.warnings(trusted_proxies='127.0.0.1'))


class OutageTests:
    """Tokens are still issued if failures cannot be counted."""

    def test_attempts_pass_with_a_warning(self):
        self.fail(self.attacker, times=3)
        self.assert_passes(self.attacker)
        lines = [
            line
            for line in self.log.splitlines()
            if ' WARNING keystone_oauth2.' in line
        ]
        self.assertEqual(4, len(lines), lines)
        self.assertIn('Failed authentications cannot be counted', lines[0])


class RedisOutageTest(OutageTests, limited.LimitedTestCase):
    options = {
        'oauth2_limits': {
            'client_failures': '1/hour',
            'storage': 'redis://127.0.0.1:1',
        }
    }


class MemcachedOutageTest(OutageTests, limited.LimitedTestCase):
    options = {
        'oauth2_limits': {
            'client_failures': '1/hour',
            'storage': 'memcached://127.0.0.1:1',
        }
    }
