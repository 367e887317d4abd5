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

"""The addresses that key sets may be fetched from (RFC 6890)."""

import collections.abc as abc
import ipaddress

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: What is not in one of these two is not public (RFC 4291, 2.4; RFC 6052).
_GLOBAL_UNICAST = ipaddress.ip_network('2000::/3')
_NAT64 = ipaddress.ip_network('64:ff9b::/96')
_LOCAL_NAT64 = ipaddress.ip_network('64:ff9b:1::/48')
# Not public either, which some releases of Python do not know: IETF protocol
# assignments, 6to4, and documentation (RFC 9637).
_RESERVED = tuple(
    map(
        ipaddress.ip_network,
        ('192.0.0.0/24', '192.88.99.0/24', '2002::/16', '3fff::/20'),
    )
)


class Addresses:
    """Public addresses, and those of some networks.

    :param networks: such as ``10.0.0.0/8``.
    :raises ValueError: one of them is no network.
    """

    def __init__(self, networks: abc.Iterable[str]) -> None:
        self._networks = tuple(map(ipaddress.ip_network, networks))

    def permits(self, address: str) -> bool:
        """Whether an address may be connected to.

        An IPv6 address that is translated into an IPv4 address, or contains
        the end of a tunnel, is permitted only if both are.

        :param address: with a zone id or without one.
        """
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return all(self._accepts(one) for one in _targets(found))

    def _accepts(self, address: _Address) -> bool:
        return _is_public(address) or any(
            address in network for network in self._networks
        )


def _targets(address: _Address) -> list[_Address]:
    """Return the addresses that a connection to an address leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        # IPv4 in another notation.
        return [address.ipv4_mapped]
    targets: list[_Address] = [address, *(address.teredo or ())]
    if address.sixtofour is not None:
        targets.append(address.sixtofour)
    if address in _NAT64 or address in _LOCAL_NAT64:
        targets.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return targets


def _is_public(address: _Address) -> bool:
    if address.version == 6 and not (
        address in _GLOBAL_UNICAST or address in _NAT64
    ):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _RESERVED)
    )
