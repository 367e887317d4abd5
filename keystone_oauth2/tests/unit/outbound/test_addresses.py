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

"""The addresses that key sets may be fetched from."""

import ipaddress

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.outbound import addresses
from keystone_oauth2.tests import base

PUBLIC = ('1.1.1.1', '8.8.8.8', '192.0.1.1', '2606:4700::1111', '2a00::1')
NOT_PUBLIC = (
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.0.170',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::808:808',
    '100::1',
    '2001:2::1',
    '2001:db8::1',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'ff0e::1',
)
GARBAGE = (
    '',
    ' ',
    'localhost',
    '8.8.8',
    '8.8.8.8 ',
    '8.8.8.8%eth0',
    '8.8.8.8/32',
    '08.8.8.8',
    '0x8.8.8.8',
    '134744072',
    '[2606:4700::1111]',
    '2606:4700::1111%',
    '2606:4700::1111%a%b',
    'example.org',
    '8.8.8.8\n',
    '８.8.8.8',
)
#: In which a private address can be hidden.
NOTATIONS = ('::ffff:0:0', '64:ff9b::', '64:ff9b:1::', '64:ff9b:1:2::')
_ALL = ('0.0.0.0/0', '::/0')


def permits(address, *networks):
    return addresses.Addresses(networks).permits(address)


def within(prefix, address):
    """Return an IPv6 address that ends with an IPv4 address."""
    return str(
        ipaddress.IPv6Address(
            int(ipaddress.IPv6Address(prefix))
            + int(ipaddress.IPv4Address(address))
        )
    )


def six_to_four(address):
    number = int(ipaddress.IPv4Address(address))
    return str(ipaddress.IPv6Address((0x2002 << 112) + (number << 80) + 1))


def teredo(server, client):
    """Return the IPv6 address of a client behind a server (RFC 4380, 4)."""
    return str(
        ipaddress.IPv6Address(
            (0x20010000 << 96)
            + (int(ipaddress.IPv4Address(server)) << 64)
            + (int(ipaddress.IPv4Address(client)) ^ 0xFFFFFFFF)
        )
    )


ipv4 = st.ip_addresses(v=4).map(str)
any_ipv4 = st.one_of(
    ipv4, st.sampled_from([one for one in NOT_PUBLIC if '.' in one])
)


class AddressesTest(base.TestCase):
    def test_public_address(self):
        for address in PUBLIC:
            with self.variant(address):
                self.assertIs(True, permits(address))

    def test_address_that_is_not_public(self):
        for address in NOT_PUBLIC:
            with self.variant(address):
                self.assertIs(False, permits(address))

    def test_garbage(self):
        """Not even if all addresses are allowed."""
        for address in GARBAGE:
            with self.variant(address):
                self.assertIs(False, permits(address))
                self.assertIs(False, permits(address, *_ALL))

    def test_address_of_an_allowed_network(self):
        networks = ('10.1.0.0/16', '127.0.0.1/32', 'fd00::/8', 'fe80::/10')
        for address, expected in (
            ('10.1.255.255', True),
            ('10.2.0.0', False),
            ('127.0.0.1', True),
            ('127.0.0.2', False),
            ('fd12::1', True),
            ('fc12::1', False),
            ('fe80::1%eth0', True),
            ('::1', False),
            ('8.8.8.8', True),
        ):
            with self.variant(address):
                self.assertIs(expected, permits(address, *networks))

    def test_malformed_network(self):
        for network in ('', '10.0.0.1/8', '10.0.0.0/33', 'localhost'):
            with self.variant(network):
                self.assertRaises(ValueError, addresses.Addresses, [network])

    def test_local_translation_must_be_allowed_itself(self):
        """RFC 8215: where such an address leads to is a local matter."""
        public = within('64:ff9b:1::', '8.8.8.8')
        self.assertFalse(permits(public))
        self.assertTrue(permits(public, '64:ff9b:1::/48'))
        private = within('64:ff9b:1::', '10.0.0.1')
        self.assertFalse(permits(private, '64:ff9b:1::/48'))
        self.assertFalse(permits(private, '10.0.0.0/8'))
        self.assertTrue(permits(private, '64:ff9b:1::/48', '10.0.0.0/8'))

    @hypothesis.given(any_ipv4)
    def test_mapped_address_is_the_ipv4_address(self, address):
        mapped = within('::ffff:0:0', address)
        self.assertIs(permits(address), permits(mapped))
        self.assertIs(permits(address), permits(f'{mapped}%eth0'))
        self.assertIs(True, permits(mapped, '0.0.0.0/0'))
        self.assertIs(permits(address), permits(mapped, '::/0'))

    @hypothesis.given(any_ipv4)
    def test_translated_address_counts_as_the_ipv4_address(self, address):
        self.assertIs(permits(address), permits(within('64:ff9b::', address)))

    @hypothesis.given(any_ipv4, st.sampled_from(NOTATIONS))
    def test_no_notation_hides_an_address(self, address, prefix):
        """Whatever is allowed for IPv6."""
        hidden = within(prefix, address)
        self.assertLessEqual(permits(hidden, '::/0'), permits(address))

    @hypothesis.given(any_ipv4, any_ipv4)
    def test_no_tunnel_hides_an_address(self, server, client):
        for address, ends in (
            (six_to_four(client), [client]),
            (teredo(server, client), [server, client]),
        ):
            with self.variant(address):
                self.assertIs(False, permits(address))
                self.assertIs(
                    all(map(permits, ends)), permits(address, '::/0')
                )

    @hypothesis.given(st.text())
    def test_any_text(self, text):
        self.assertIn(permits(text, *_ALL), (True, False))

    @hypothesis.given(st.ip_addresses())
    def test_no_more_is_public_than_python_says(self, address):
        if permits(str(address)) and getattr(address, 'scope_id', 1) is None:
            self.assertTrue(address.is_global)
            self.assertFalse(address.is_private)
