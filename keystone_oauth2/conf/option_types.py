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

"""Types of options, which say what is valid and how to correct the rest."""

import ipaddress
import re
import typing as ty
import urllib.parse

from oslo_config import types

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# A host name, an IPv4 address or a bracketed IPv6 address. Path segments have
# only characters that no software on the way escapes or normalizes.
_HTTPS_URL = re.compile(
    r'https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?'
    r'(?:/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])*'
)
_RATE = re.compile(
    r'(?P<amount>[0-9]+)\s*(?:/|per)\s*(?P<multiple>[0-9]+)?\s*'
    r'(?P<unit>second|minute|hour|day|month|year)s?',
    re.IGNORECASE,
)
_SECONDS = {
    'second': 1,
    'minute': 60,
    'hour': 3600,
    'day': 86400,
    'month': 30 * 86400,
    'year': 360 * 86400,
}
_STORAGE_URL = re.compile(r'[a-z][a-z0-9+]*://\S*')
# A token of RFC 9110, 5.6.2.
_FIELD_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Rate(ty.NamedTuple):
    """How often something may happen.

    :ivar amount: how often, at least 1.
    :ivar seconds: in which period.
    """

    amount: int
    seconds: int

    def __str__(self) -> str:
        return f'{self.amount}/{self.seconds} seconds'


class _Type(types.ConfigType):
    """Common parts of the types."""

    def __repr__(self) -> str:
        return type(self).__name__

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def _formatter(self, value: ty.Any) -> str:
        return str(value)


class Network(_Type):
    """An IP address or network, but not one with all addresses."""

    def __init__(self) -> None:
        super().__init__(type_name='address or network')

    def __call__(self, value: ty.Any) -> IPNetwork:
        """Return the network.

        :raises ValueError: it is not valid.
        """
        try:
            network = ipaddress.ip_network(value)
            if network.prefixlen == 0:
                raise ValueError(f'{value} includes all addresses')
        except ValueError as error:
            raise ValueError(
                f'{error}; use addresses or networks such as 192.0.2.7 or '
                f'192.0.2.0/24'
            ) from error
        return network


class HttpsURL(_Type):
    """A URL that can be an issuer identifier (RFC 8414, 2).

    It has no user, query or fragment, and no path that would be changed on the
    way. An empty value is valid.

    :param example: for the error message.
    :param ignore_trailing_slash: whether to remove a slash at the end.
    """

    def __init__(
        self, example: str, *, ignore_trailing_slash: bool = False
    ) -> None:
        super().__init__(type_name='https URL')
        self.example = example
        self.ignore_trailing_slash = ignore_trailing_slash

    def __call__(self, value: ty.Any) -> str:
        """Return the URL.

        :raises ValueError: it is not valid.
        """
        url = str(value)
        if self.ignore_trailing_slash:
            url = url.rstrip('/')
        reason = _url_fault(url) if url else None
        if reason:
            raise ValueError(
                f'{reason}; set it to an https URL such as {self.example}'
            )
        return url


class RateType(_Type):
    """A :class:`Rate` such as ``30/minute``, or nothing for no limit."""

    def __init__(self) -> None:
        super().__init__(type_name='rate')

    def __call__(self, value: ty.Any) -> Rate | None:
        """Return the rate, or None if the value is empty.

        :raises ValueError: it is not valid.
        """
        text = str(value).strip()
        if not text:
            return None
        match = _RATE.fullmatch(text)
        if match is None:
            raise ValueError(
                f'{text} is not a limit; use limits such as 30/minute'
            )
        amount, multiple = int(match['amount']), int(match['multiple'] or 1)
        if amount < 1 or multiple < 1:
            raise ValueError(
                f'{text} is not a limit of at least 1; use limits such as '
                f'30/minute'
            )
        return Rate(amount, multiple * _SECONDS[match['unit'].lower()])


class StorageURL(_Type):
    """The URL of a storage for counters, whose scheme a library may know."""

    def __init__(self) -> None:
        super().__init__(type_name='URL')

    def __call__(self, value: ty.Any) -> str:
        """Return the URL.

        :raises ValueError: it is not valid; without the value, which may have
            a password.
        """
        url = str(value)
        if not _STORAGE_URL.fullmatch(url):
            raise ValueError(
                'not a URL; use the storage memory://, memcached://HOST:PORT '
                'or redis://HOST:PORT'
            )
        return url


class FieldName(_Type):
    """The name of a header field (RFC 9110, 5.1)."""

    def __init__(self) -> None:
        super().__init__(type_name='name of a header field')

    def __call__(self, value: ty.Any) -> str:
        """Return the name.

        :raises ValueError: it is not valid.
        """
        name = str(value)
        if not _FIELD_NAME.fullmatch(name):
            raise ValueError(
                f'{name!r} is not the name of a header field; use one such as '
                f'X-SSL-Client-Cert'
            )
        return name


def _url_fault(url: str) -> str | None:
    if not _HTTPS_URL.fullmatch(url):
        return 'not a plain https URL'
    try:
        port = urllib.parse.urlsplit(url).port
    except ValueError as error:
        return str(error)
    return 'the port must not be 0' if port == 0 else None
