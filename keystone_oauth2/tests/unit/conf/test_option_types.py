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

import ipaddress

from keystone_oauth2.conf import option_types
from keystone_oauth2.tests import base

MINUTE, HOUR, DAY = 60, 3600, 86400


class TypesTestCase(base.TestCase):
    def assert_refused(self, option_type, value, remedy):
        """Assert that the message names the remedy."""
        with self.variant(value):
            error = self.assertRaises(ValueError, option_type, value)
            self.assertIn(remedy, str(error))
            self.assertNotIn('hidden-password', str(error))


class NetworkTest(TypesTestCase):
    network = option_types.Network()

    def test_addresses_and_networks(self):
        for value in ('192.0.2.7', '192.0.2.0/24', '2001:db8::/64', '::1'):
            with self.variant(value):
                expected = ipaddress.ip_network(value)
                self.assertEqual(expected, self.network(value))
                self.assertEqual(expected, self.network(expected))

    def test_others_are_refused(self):
        """E02: also a network with a part of a host, or with all hosts."""
        for value in (
            'proxy.example.org',
            '192.0.2.300',
            '192.0.2.7/24',
            '0.0.0.0/0',
            '::/0',
            '',
        ):
            self.assert_refused(
                self.network,
                value,
                '; use addresses or networks such as 192.0.2.7 or 192.0.2.0',
            )


class HttpsURLTest(TypesTestCase):
    url = option_types.HttpsURL('https://example.com/v3')
    endpoint = option_types.HttpsURL(
        'https://example.com/v3', ignore_trailing_slash=True
    )

    def test_plain_https_urls(self):
        """H02: RFC 8414, 2."""
        for value in (
            'https://example.com',
            'https://example.com:8443/identity/v3',
            'https://192.0.2.7/v3',
            'https://[2001:db8::7]:5000/v3',
            'https://example.com/a.b_c~d-e',
            '',
        ):
            with self.variant(value):
                self.assertEqual(value, self.url(value))
                self.assertEqual(value, self.endpoint(value))

    def test_trailing_slash_can_be_ignored(self):
        self.assertEqual('https://a/v3', self.endpoint('https://a/v3/'))
        self.assert_refused(self.url, 'https://a/v3/', 'not a plain https')

    def test_others_are_refused(self):
        """H02: they would be changed on the way, or compared differently."""
        for value in (
            'http://example.com',
            'example.com',
            'https://',
            'https:///v3',
            'https://user:secret@example.com',
            'https://example.com/v3?',
            'https://example.com/v3#a',
            'https://example.com/a b',
            'https://example.com/a/../b',
            'https://example.com//v3',
            'https://example.com:port',
            'https://example.com:0',
            'https://example.com:65536',
            ' https://example.com',
        ):
            for url in (self.url, self.endpoint):
                self.assert_refused(
                    url,
                    value,
                    '; set it to an https URL such as https://example.com/v3',
                )


class RateTest(TypesTestCase):
    rate = option_types.RateType()

    def test_notations(self):
        """B08: those of the library ``limits``."""
        for value, expected in (
            ('30/minute', (30, MINUTE)),
            ('30 per minute', (30, MINUTE)),
            ('30/MINUTE', (30, MINUTE)),
            ('1/day', (1, DAY)),
            ('5/2 minutes', (5, 2 * MINUTE)),
            ('5 per 2 hours', (5, 2 * HOUR)),
            (' 7/second ', (7, 1)),
            ('7/month', (7, 30 * DAY)),
            ('7/year', (7, 360 * DAY)),
        ):
            with self.variant(value):
                self.assertEqual(expected, self.rate(value))
                self.assertEqual(expected, self.rate(self.rate(value)))

    def test_empty_value_is_no_limit(self):
        for value in ('', ' '):
            self.assertIsNone(self.rate(value))

    def test_malformed_or_misleading_rates_are_refused(self):
        """Zero would block all clients; only one part would be used."""
        for value in (
            'nonsense',
            '30',
            '-1/minute',
            '0/minute',
            '5/0 minutes',
            '30/fortnight',
            '30/minute;5/second',
            '30/minute, 5/second',
        ):
            self.assert_refused(
                self.rate, value, '; use limits such as 30/minute'
            )


class StorageURLTest(TypesTestCase):
    url = option_types.StorageURL()

    def test_urls(self):
        for value in (
            'memory://',
            'memcached://localhost:11211,localhost:11212',
            'redis+sentinel://localhost:26379/master',
            'rediss://user:hidden-password@[::1]:6379/1',
        ):
            with self.variant(value):
                self.assertEqual(value, self.url(value))

    def test_others_are_refused_without_their_value(self):
        for value in ('', 'redis', 'hidden-password', 'redis:x', '//host'):
            self.assert_refused(self.url, value, '; use the storage memory://')


class FieldNameTest(TypesTestCase):
    name = option_types.FieldName()

    def test_tokens(self):
        """RFC 9110, 5.1."""
        for value in ('X-SSL-Client-Cert', 'x', 'A_b'):
            with self.variant(value):
                self.assertEqual(value, self.name(value))

    def test_others_are_refused(self):
        for value in ('', 'X-Cert:', 'X Cert', 'X-C\u00e9rt'):
            self.assert_refused(self.name, value, '; use one such as X-SSL')


class RegistrationTest(base.TestCase):
    def test_types_are_compared_by_their_parameters(self):
        """oslo.config accepts the same option twice."""
        url = option_types.HttpsURL
        self.assertEqual(url('a'), url('a'))
        self.assertNotEqual(url('a'), url('b'))
        self.assertNotEqual(url('a'), url('a', ignore_trailing_slash=True))
        self.assertEqual(option_types.Network(), option_types.Network())
        self.assertNotEqual(option_types.Network(), option_types.RateType())
