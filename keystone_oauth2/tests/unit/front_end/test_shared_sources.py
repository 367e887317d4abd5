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

"""Whether other clients may share the address of a request.

If so, the limit for addresses must not apply: it would block all clients
behind one proxy.
"""

import ipaddress

from keystone_oauth2.front_end import proxies
from keystone_oauth2.protocol import messages
from keystone_oauth2.tests import base

PROXY = '192.0.2.7'
TRUSTED = proxies.Proxies(
    (
        ipaddress.ip_network('192.0.2.0/24'),
        ipaddress.ip_network('2001:db8:1::/48'),
    )
)
CLIENT = '198.51.100.1'
PEER = '203.0.113.9'


def source(peer, forwarded=None, trusted=TRUSTED):
    """Return the source of a request."""
    environ = {'REMOTE_ADDR': peer}
    if forwarded is not None:
        environ['HTTP_X_FORWARDED_FOR'] = forwarded
    return trusted.source(environ)


class SharedSourceTest(base.TestCase):
    def test_peer_without_a_proxy_is_not_shared(self):
        for forwarded in (None, ''):
            with self.variant(forwarded):
                self.assertEqual(
                    messages.Source(PEER, is_shared=False),
                    source(PEER, forwarded),
                )

    def test_address_that_a_trusted_proxy_saw_is_not_shared(self):
        """E05: the addresses before the proxy's own are ignored."""
        alone = messages.Source(CLIENT, is_shared=False)
        for forwarded in (
            CLIENT,
            f'{PEER}, {CLIENT}',
            f'nonsense, {CLIENT}',
            f', ,{CLIENT}',
            f'{PEER}, {CLIENT}, 192.0.2.8',
            f'{PEER}, {CLIENT}, 2001:db8:1::8, ::ffff:192.0.2.8',
        ):
            with self.variant(forwarded):
                self.assertEqual(alone, source(PROXY, forwarded))

    def test_forged_addresses_are_ignored(self):
        """E05: no forged prefix attributes a request to another address."""
        found = {
            source(PROXY, f'{forged}{CLIENT}')
            for forged in (
                '',
                '10.0.0.1, ',
                '10.0.0.2, 10.0.0.3,',
                f'{PROXY}, ',
                '2001:db8:2::1, ',
                '10.0.0.4, ' * 500,
            )
        }
        self.assertEqual({messages.Source(CLIENT, is_shared=False)}, found)

    def test_proxy_that_forwards_no_address_is_shared(self):
        for forwarded in (None, ''):
            with self.variant(forwarded):
                self.assertEqual(
                    messages.Source(PROXY, is_shared=True),
                    source(PROXY, forwarded),
                )

    def test_chain_of_proxies_alone_is_shared(self):
        """A proxy sent the request itself, or the field was truncated."""
        for forwarded in ('192.0.2.8', '192.0.2.8, 192.0.2.9'):
            with self.variant(forwarded):
                self.assertEqual(
                    messages.Source(PROXY, is_shared=True),
                    source(PROXY, forwarded),
                )

    def test_unknown_source_is_shared(self):
        """A socket file has no address, and some proxies do not send one."""
        for peer, forwarded in (
            ('', None),
            (None, None),
            ('unix:', CLIENT),
            (PROXY, 'unknown'),
            (PROXY, f'{CLIENT}, unknown'),
            (PROXY, f'{CLIENT}, _hidden, 192.0.2.8'),
            (PROXY, f'{CLIENT}, ,'),
        ):
            with self.variant((peer, forwarded)):
                found = source(peer, forwarded)
                self.assertIs(True, found.is_shared)
                self.assertIn(found.address, ('', PROXY))

    def test_port_after_an_address_is_ignored(self):
        """Some proxies send it, and each connection has a different one."""
        for hop, address in (
            (f'{CLIENT}:4711', CLIENT),
            (f'{PEER}, {CLIENT}:4711, 192.0.2.8:80', CLIENT),
            ('[2001:db8:2::1]:4711', '2001:db8:2::/64'),
            ('[2001:db8:2::1]', '2001:db8:2::/64'),
        ):
            with self.variant(hop):
                self.assertEqual(
                    messages.Source(address, is_shared=False),
                    source(PROXY, hop),
                )

    def test_ipv6_network_is_the_source_behind_a_proxy_too(self):
        """A client with one address can use 2**64 - 1 others."""
        network = messages.Source('2001:db8:2::/64', is_shared=False)
        for peer, forwarded in (
            ('2001:db8:2::1', None),
            ('2001:db8:2:0:ffff::', None),
            (PROXY, '2001:db8:2::2'),
            ('2001:db8:1::7', '10.0.0.1, 2001:db8:2::3'),
        ):
            with self.variant((peer, forwarded)):
                self.assertEqual(network, source(peer, forwarded))
        self.assertNotEqual(network, source('2001:db8:2:1::1'))

    def test_mapped_address_is_not_grouped_as_an_ipv6_network(self):
        """All of IPv4 would be a single source (RFC 4291, 2.5.5.2)."""
        self.assertEqual(
            messages.Source(PEER, is_shared=False), source(f'::ffff:{PEER}')
        )
        self.assertEqual(
            messages.Source(CLIENT, is_shared=False),
            source(f'::ffff:{PROXY}', f'::ffff:{CLIENT}'),
        )

    def test_address_of_the_connection_counts_below_other_middleware(self):
        """Keystone's own middleware overwrites it with X-Forwarded-For."""
        environ = {
            'REMOTE_ADDR': CLIENT,
            'HTTP_X_FORWARDED_FOR': CLIENT,
            'werkzeug.proxy_fix.orig': {'REMOTE_ADDR': PEER},
        }
        self.assertEqual(PEER, TRUSTED.source(environ).address)
        environ['werkzeug.proxy_fix.orig'] = {'REMOTE_ADDR': PROXY}
        self.assertEqual(CLIENT, TRUSTED.source(environ).address)

    def test_untrusted_peer_cannot_make_itself_shared(self):
        """B08: otherwise it could evade the limit of its address."""
        self.assertEqual(
            messages.Source(PEER, is_shared=False), source(PEER, CLIENT)
        )

    def test_any_peer_is_shared_if_no_proxy_is_configured(self):
        """B08, B09: it may be a proxy; its forwarded addresses are ignored."""
        for forwarded in (None, '', 'x', CLIENT, f'{CLIENT}, {PROXY}'):
            with self.variant(forwarded):
                self.assertEqual(
                    messages.Source(PEER, is_shared=True),
                    source(PEER, forwarded, proxies.Proxies(())),
                )
