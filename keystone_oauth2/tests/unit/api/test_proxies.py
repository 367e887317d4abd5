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

"""Where a request comes from."""

import ipaddress

from keystone_oauth2.api import proxies
from keystone_oauth2.tests import base

TRUSTED = ('192.0.2.0/24', '2001:db8:1::/48')


def source(peer, forwarded=None, trusted=TRUSTED):
    """Return address and whether others may share it."""
    environ = {'REMOTE_ADDR': peer}
    if forwarded is not None:
        environ['HTTP_X_FORWARDED_FOR'] = forwarded
    found = proxies.Proxies(tuple(map(ipaddress.ip_network, trusted))).source(
        environ
    )
    return found.address


class SourceTest(base.TestCase):
    def test_peer_counts_where_it_is_no_trusted_proxy(self):
        """E05: whatever it says in X-Forwarded-For."""
        for forwarded in (None, '', '198.51.100.1', '192.0.2.7', 'nonsense'):
            with self.variant(forwarded):
                self.assertEqual(
                    '203.0.113.9', source('203.0.113.9', forwarded)
                )
                self.assertEqual(
                    '192.0.2.7', source('192.0.2.7', forwarded, trusted=())
                )

    def test_what_a_trusted_proxy_saw_counts(self):
        """E05: the last address, which the proxy itself added."""
        for forwarded, address in (
            ('198.51.100.1', '198.51.100.1'),
            ('203.0.113.1, 198.51.100.1', '198.51.100.1'),
            ('192.0.2.1,198.51.100.1', '198.51.100.1'),
            (' 198.51.100.1 ', '198.51.100.1'),
        ):
            with self.variant(forwarded):
                self.assertEqual(address, source('192.0.2.7', forwarded))

    def test_trusted_proxies_in_a_row_are_passed(self):
        """E05: each added what it saw."""
        self.assertEqual(
            '198.51.100.1',
            source('192.0.2.7', '203.0.113.1, 198.51.100.1, 192.0.2.8'),
        )
        self.assertEqual(
            '198.51.100.1',
            source('2001:db8:1::7', '198.51.100.1, 192.0.2.8'),
        )

    def test_addresses_of_one_ipv6_network_are_one_source(self):
        self.assertEqual(source('2001:db8:2::1'), source('2001:db8:2::ffff:1'))
        self.assertNotEqual(source('2001:db8:2::1'), source('2001:db8:3::1'))

    def test_mapped_address_is_the_address_that_is_mapped(self):
        self.assertEqual('203.0.113.9', source('::ffff:203.0.113.9'))
        self.assertEqual(
            '198.51.100.1', source('::ffff:192.0.2.7', '198.51.100.1')
        )

    def test_source_that_is_no_address_is_one_of_its_own(self):
        unknown = source('')
        for peer, forwarded in (
            ('unix:', None),
            (None, None),
        ):
            with self.variant((peer, forwarded)):
                self.assertEqual(unknown, source(peer, forwarded))
