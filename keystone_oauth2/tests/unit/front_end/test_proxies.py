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

"""The address that a request comes from."""

import ipaddress

from keystone_oauth2.front_end import proxies
from keystone_oauth2.tests import base

TRUSTED = ('192.0.2.0/24', '2001:db8:1::/48')


def source(peer, forwarded=None, trusted=TRUSTED):
    """Return the address of a request."""
    environ = {'REMOTE_ADDR': peer}
    if forwarded is not None:
        environ['HTTP_X_FORWARDED_FOR'] = forwarded
    found = proxies.Proxies(tuple(map(ipaddress.ip_network, trusted))).source(
        environ
    )
    return found.address


class SourceTest(base.TestCase):
    def test_untrusted_peer_is_the_source(self):
        """E05: its X-Forwarded-For is ignored."""
        for forwarded in (None, '', '198.51.100.1', '192.0.2.7', 'nonsense'):
            with self.variant(forwarded):
                self.assertEqual(
                    '203.0.113.9', source('203.0.113.9', forwarded)
                )
                self.assertEqual(
                    '192.0.2.7', source('192.0.2.7', forwarded, trusted=())
                )

    def test_address_that_a_trusted_proxy_added_is_the_source(self):
        """E05: the last address in the field."""
        for forwarded, address in (
            ('198.51.100.1', '198.51.100.1'),
            ('203.0.113.1, 198.51.100.1', '198.51.100.1'),
            ('192.0.2.1,198.51.100.1', '198.51.100.1'),
            (' 198.51.100.1 ', '198.51.100.1'),
        ):
            with self.variant(forwarded):
                self.assertEqual(address, source('192.0.2.7', forwarded))

    def test_chain_of_trusted_proxies_is_skipped(self):
        """E05: each has appended the address that it saw."""
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

    def test_mapped_address_equals_its_ipv4_address(self):
        self.assertEqual('203.0.113.9', source('::ffff:203.0.113.9'))
        self.assertEqual(
            '198.51.100.1', source('::ffff:192.0.2.7', '198.51.100.1')
        )

    def test_sources_without_an_address_are_one_source(self):
        unknown = source('')
        for peer, forwarded in (
            ('unix:', None),
            (None, None),
        ):
            with self.variant((peer, forwarded)):
                self.assertEqual(unknown, source(peer, forwarded))
