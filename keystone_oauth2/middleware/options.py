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

"""The filter's options in ``[keystone_authtoken]``, checked at start-up."""

import collections.abc as abc
import dataclasses
import typing as ty

from keystonemiddleware import auth_token
from oslo_config import cfg

from keystone_oauth2.conf import keystone_authtoken
from keystone_oauth2.front_end import client_certificate
from keystone_oauth2.front_end import proxies

Get = abc.Callable[[str], ty.Any]

_GROUP = f'[{keystone_authtoken.GROUP_NAME}]'


@dataclasses.dataclass(frozen=True)
class Options:
    """The options, as the filter uses them.

    :ivar audiences: of which a token must have one.
    :ivar resource: the resource identifier of the service, or None.
    :ivar poll_interval: in seconds, as are the other times.
    :ivar certificates: reads the certificate of a request.
    :ivar statsd: a StatsD client, or None.
    """

    issuer: str
    audiences: frozenset[str]
    resource: str | None
    poll_interval: int
    events_max_age: int
    keys_max_age: int
    catalog_time: int
    certificates: client_certificate.Reader
    statsd: ty.Any

    @property
    def shared(self) -> tuple[ty.Any, ...]:
        """Those that filters which share what they know have in common."""
        return (
            self.issuer,
            self.audiences,
            self.poll_interval,
            self.events_max_age,
            self.keys_max_age,
        )


def divided(
    conf: abc.Mapping[str, ty.Any],
) -> tuple[dict[str, ty.Any], dict[str, ty.Any]]:
    """Return the filter's options, and those of ``auth_token``.

    :param conf: options in ``api-paste.ini``.
    """
    names = {option.name for option in keystone_authtoken.ALL_OPTS}
    return (
        {name: value for name, value in conf.items() if name in names},
        {name: value for name, value in conf.items() if name not in names},
    )


def read(conf: ty.Any, own: abc.Mapping[str, ty.Any]) -> Options:
    """Read the options.

    :param conf: the configuration of ``auth_token``.
    :param own: options in ``api-paste.ini``, which override others.
    :raises auth_token.ConfigurationError: one is wrong; the message names it
        and the remedy.
    """
    get = _getter(conf, own)
    _check(get)
    issuer, resource = get('oauth2_issuer'), get('oauth2_resource') or None
    audiences = get('oauth2_audience') or [issuer]
    return Options(
        issuer=issuer,
        audiences=frozenset([*audiences, *([resource] if resource else [])]),
        resource=resource,
        poll_interval=get('oauth2_poll_interval'),
        events_max_age=get('oauth2_events_max_age'),
        keys_max_age=get('oauth2_keys_max_age'),
        catalog_time=get('oauth2_catalog_time'),
        certificates=_certificates(get),
        statsd=_statsd(get),
    )


def _getter(conf: ty.Any, own: abc.Mapping[str, ty.Any]) -> Get:
    keystone_authtoken.register_opts(conf.oslo_conf_obj)
    types = {
        option.name: option.type for option in keystone_authtoken.ALL_OPTS
    }

    def get(name: str) -> ty.Any:
        try:
            return types[name](own[name]) if name in own else conf.get(name)
        except ValueError as error:
            raise _wrong(f'{name}: {error}.') from error

    return get


def _check(get: Get) -> None:
    if not get('oauth2_issuer'):
        raise _wrong(
            'oauth2_issuer is not set: set it to the issuer identifier of '
            'Keystone, such as https://keystone.example.com/v3.'
        )
    if not (get('auth_type') or get('auth_section')):
        raise _wrong(
            'auth_type is not set: set it and the options of a user with the '
            'role service.'
        )
    if get('insecure'):
        raise _wrong(
            'insecure must be false, since keys that anybody may have sent '
            'verify nothing: set cafile to the CA of Keystone.'
        )
    if str(_auth_url(get)).startswith('http:'):
        raise _wrong(
            'auth_url must begin with https://, since keys that anybody may '
            'have sent verify nothing.'
        )
    if get('oauth2_events_max_age') <= get('oauth2_poll_interval'):
        raise _wrong(
            'oauth2_events_max_age must be longer than oauth2_poll_interval.'
        )


def _auth_url(get: Get) -> ty.Any:
    try:
        return get('auth_url')
    except cfg.NoSuchOptError:
        # The options of the plugin are in another section, or it has none.
        return None


def _certificates(get: Get) -> client_certificate.Reader:
    sources = tuple(get('oauth2_certificate_sources'))
    trusted = proxies.Proxies(tuple(get('oauth2_trusted_proxies')))
    if not trusted.trusted and set(sources) - {'environ'}:
        raise _wrong(
            'oauth2_certificate_sources has a header field, but '
            'oauth2_trusted_proxies is empty: set it to the addresses of your '
            'proxies.'
        )
    return client_certificate.Reader(
        sources=sources,
        header=get('oauth2_certificate_header'),
        verify_header=get('oauth2_certificate_verify_header'),
        proxies=trusted,
        verify=_verifier(get('oauth2_certificate_ca_file')),
        # Keystone has issued the token to the holder of this very one.
        accept_self_signed=True,
    )


def _verifier(
    path: str | None,
) -> abc.Callable[[bytes], str | None] | None:
    if not path:
        return None
    try:
        with open(path, 'rb') as file:
            return client_certificate.verifier(file.read())
    except (OSError, ValueError) as error:
        raise _wrong(
            f'oauth2_certificate_ca_file: cannot use {path}: {error}; use a '
            f'readable PEM file with CA certificates.'
        ) from error


def _statsd(get: Get) -> ty.Any:
    host = get('oauth2_statsd_host')
    if not host:
        return None
    try:
        import statsd

        return statsd.StatsClient(
            host, get('oauth2_statsd_port'), ipv6=':' in host
        )
    except ImportError as error:
        raise _wrong(
            'oauth2_statsd_host needs a library: '
            "pip install 'keystone-oauth2[statsd]'."
        ) from error
    except OSError as error:
        raise _wrong(
            f'oauth2_statsd_host: {error}; use a host name that can be '
            f'resolved.'
        ) from error


def _wrong(text: str) -> auth_token.ConfigurationError:
    return auth_token.ConfigurationError(f'{_GROUP} {text}')
