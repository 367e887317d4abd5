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

"""Trusted proxies, and the source of a request."""

import collections.abc as abc
import dataclasses
import ipaddress
import re
import typing as ty

from keystone_oauth2.protocol import messages

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Environ = abc.Mapping[str, ty.Any]

# Some proxies write 192.0.2.7:4711 or [2001:db8::7]:4711.
_HOP = re.compile(r'\[(?P<v6>[^\]]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+')
# A host with an IPv6 address can usually use all addresses of its network.
_IPV6_PREFIX = 64


@dataclasses.dataclass(frozen=True)
class Proxies:
    """The proxies in front of Keystone that an operator trusts.

    :ivar trusted: their addresses.
    """

    trusted: tuple[Network, ...]

    def are_behind(self, environ: Environ) -> bool:
        """Whether a request came from a trusted proxy.

        :param environ: WSGI environment.
        """
        return self._is_trusted(_peer(environ))

    def source(self, environ: Environ) -> messages.Source:
        """Return where a request comes from.

        Each trusted proxy appends to ``X-Forwarded-For`` the address of its
        peer; anything further to the left may be forged. If no proxy is
        trusted, the field is ignored, and the peer may be an unknown proxy.

        :param environ: WSGI environment.
        """
        peer = _peer(environ)
        if not self._is_trusted(peer):
            return _source(peer, is_shared=not self.trusted)
        forwarded = environ.get('HTTP_X_FORWARDED_FOR') or ''
        for hop in reversed(forwarded.split(',')):
            address = _hop_address(hop.strip())
            if address is None:
                break
            if not self._is_trusted(address):
                return _source(address, is_shared=False)
        return _source(peer, is_shared=True)

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(
            address in network for network in self.trusted
        )


def _peer(environ: Environ) -> Address | None:
    # Keystone wraps itself in werkzeug's ProxyFix, which trusts any
    # X-Forwarded-For and keeps the real address here.
    original = environ.get('werkzeug.proxy_fix.orig', environ)
    return _address(original.get('REMOTE_ADDR') or '')


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, 'ipv4_mapped', None) or address


def _hop_address(text: str) -> Address | None:
    match = _HOP.fullmatch(text)
    return _address(match['v6'] or match['v4'] if match else text)


def _source(address: Address | None, *, is_shared: bool) -> messages.Source:
    if address is None:
        return messages.UNKNOWN_SOURCE
    if address.version == 6:
        network = ipaddress.ip_network((address, _IPV6_PREFIX), strict=False)
        return messages.Source(str(network), is_shared)
    return messages.Source(str(address), is_shared)
