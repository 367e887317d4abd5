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

"""Convert options to values and objects.

An invalid option stops Keystone at start-up, with one sentence that names the
option and the remedy.
"""

import collections.abc as abc
import ipaddress
import sys
import typing as ty

from oslo_log import log

from keystone_oauth2.api.front_end import client_certificate
from keystone_oauth2.api.front_end import proxies
from keystone_oauth2.limits import counters
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import metadata
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import method as methods

LOG = log.getLogger(__name__)

Method = methods.Method[ty.Any]

# Modules that WSGI servers provide, their attribute for the number of requests
# that a process serves at the same time, and the remedy.
_CONCURRENCY = (
    (
        'uwsgi',
        'cores',
        'set threads = 1 in uwsgi.ini, without async or gevent',
    ),
    (
        'mod_wsgi',
        'threads_per_process',
        'use WSGIDaemonProcess with threads=1, and more processes',
    ),
)


class WrongConfiguration(Exception):
    """One sentence that names the option and the remedy."""


def check_concurrency() -> None:
    """Check that a process serves one request at a time.

    Keystone's middleware keeps the token of a request in an attribute that all
    threads of a process share: a request could be served with the authority of
    another one. Only uWSGI and mod_wsgi report their concurrency.

    :raises WrongConfiguration: there are several threads or greenlets.
    """
    for module, attribute, remedy in _CONCURRENCY:
        number = getattr(sys.modules.get(module), attribute, 1)
        if number > 1:
            raise WrongConfiguration(
                f'{module} serves {number} requests at the same time in one '
                f'process, but Keystone keeps one token for all threads of a '
                f'process: {remedy}.'
            )


def enabled_methods(
    conf: ty.Any,
    installed: abc.Mapping[str, type[Method]],
    keystone_methods: abc.Container[str],
    issuer: str | None,
) -> list[type[Method]]:
    """Return the methods in ``oauth2_authn_methods``.

    :param conf: the group ``[oauth2]``.
    :param installed: client authentication methods by name.
    :param keystone_methods: ``[auth] methods``.
    :param issuer: the issuer identifier, or None.
    """
    names = frozenset(conf.oauth2_authn_methods)
    unknown = ', '.join(sorted(names - installed.keys()))
    if unknown or not names:
        raise WrongConfiguration(
            f'[oauth2] oauth2_authn_methods has '
            f'{f"unknown methods: {unknown}" if unknown else "no methods"}; '
            f'use any of {", ".join(installed)}.'
        )
    enabled = [installed[name] for name in sorted(names)]
    delegated = _in_need(enabled, methods.Need.APPLICATION_CREDENTIALS)
    if delegated and 'application_credential' not in keystone_methods:
        raise WrongConfiguration(
            f'[oauth2] oauth2_authn_methods has {delegated}, but [auth] '
            f'methods lacks application_credential: add it there, or use '
            f'other methods here.'
        )
    named = _in_need(enabled, methods.Need.ISSUER)
    if named and issuer is None:
        raise WrongConfiguration(
            f'[oauth2] oauth2_authn_methods has {named}, which needs an '
            f'issuer as the audience of assertions: set [oauth2] issuer to '
            f'an https URL such as https://keystone.example.com/v3.'
        )
    return enabled


def _in_need(enabled: abc.Iterable[type[Method]], need: methods.Need) -> str:
    return ', '.join(method.name for method in enabled if need in method.needs)


def trusted_proxies(conf: ty.Any) -> proxies.Proxies:
    """Return ``trusted_proxies``."""
    try:
        return proxies.Proxies(
            tuple(_network(text) for text in conf.trusted_proxies)
        )
    except ValueError as error:
        raise WrongConfiguration(
            f'[oauth2] trusted_proxies: {error}; use addresses or networks '
            f'such as 192.0.2.7 or 192.0.2.0/24.'
        ) from error


def certificate_reader(
    conf: ty.Any,
    enabled: abc.Iterable[type[Method]],
    trusted: proxies.Proxies,
) -> client_certificate.Reader | None:
    """Return the reader that the options ``client_certificate_*`` describe.

    :returns: None if no enabled method uses certificates.
    """
    readers = [
        method for method in enabled if method.evidence is evidence.Certificate
    ]
    if not readers:
        return None
    sources = tuple(conf.client_certificate_sources)
    if not trusted.trusted and set(sources) - {'environ'}:
        raise WrongConfiguration(
            '[oauth2] client_certificate_sources has a header field, but '
            '[oauth2] trusted_proxies is empty: set it to the addresses of '
            'your proxies.'
        )
    return client_certificate.Reader(
        sources=sources,
        header=conf.client_certificate_header,
        verify_header=conf.client_certificate_verify_header,
        proxies=trusted,
        verify=_verifier(conf.client_certificate_ca_file),
        accept_self_signed=any(
            methods.Need.VERIFIED_CERTIFICATES not in method.needs
            for method in readers
        ),
    )


def base_url(endpoint: str | None) -> str | None:
    """Return the URL of version 3 below an endpoint of Keystone."""
    return f'{endpoint.rstrip("/")}/v3' if endpoint else None


def issuer(configured: str | None, public_endpoint: str | None) -> str | None:
    """Return the issuer identifier, or None if there is none.

    :param configured: ``[oauth2] issuer``.
    :param public_endpoint: ``[DEFAULT] public_endpoint``.
    """
    identifier = configured or base_url(public_endpoint)
    if identifier is None:
        return None
    try:
        metadata.check_url(identifier)
    except ValueError as error:
        if configured is None:
            return None
        raise WrongConfiguration(
            f'[oauth2] issuer: {error}; set it to an https URL such as '
            f'https://keystone.example.com/v3.'
        ) from error
    return identifier


def assertion_rules(
    conf: ty.Any, issuer: str | None, token_endpoint: str | None
) -> ports.AssertionRules:
    """Return the rules that the options ``client_assertion_*`` describe.

    :param issuer: the issuer identifier, or None.
    :param token_endpoint: URL of the token endpoint, if there is an issuer.
    """
    audiences = {issuer}
    if conf.client_assertion_for_token_endpoint:
        audiences.add(token_endpoint)
    return ports.AssertionRules(
        frozenset(url for url in audiences if url is not None),
        conf.client_assertion_max_lifetime,
    )


def mtls_base_url(conf: ty.Any) -> str | None:
    """Return ``mtls_endpoint``, or None."""
    if not conf.mtls_endpoint:
        return None
    url = conf.mtls_endpoint.rstrip('/')
    try:
        metadata.check_url(url)
    except ValueError as error:
        raise WrongConfiguration(
            f'[oauth2] mtls_endpoint: {error}; set it to an https URL such '
            f'as https://mtls.example.com/v3.'
        ) from error
    return url


def guard(conf: ty.Any) -> failures.FailureGuard:
    """Return the guard that the options ``*_failure_limit`` describe.

    Log a warning if they leave clients unprotected.
    """
    for warning in failures.warnings(
        conf.client_failure_limit, conf.trusted_proxies
    ):
        LOG.warning('%s', warning)
    try:
        return failures.FailureGuard(
            counters.connect(conf.failure_limit_storage),
            conf.client_failure_limit,
            conf.address_failure_limit,
        )
    except ValueError as error:
        raise WrongConfiguration(
            f'[oauth2] client_failure_limit, address_failure_limit or '
            f'failure_limit_storage: {error}; use limits such as 30/minute, '
            f'and the storage memory://, memcached://HOST:PORT or '
            f'redis://HOST:PORT.'
        ) from error


def statsd(conf: ty.Any) -> ty.Any:
    """Return a StatsD client, or None."""
    if not conf.statsd_host:
        return None
    try:
        import statsd as library

        return library.StatsClient(
            conf.statsd_host, conf.statsd_port, ipv6=':' in conf.statsd_host
        )
    except ImportError as error:
        raise WrongConfiguration(
            '[oauth2] statsd_host needs a library: '
            'pip install keystone-oauth2[statsd].'
        ) from error
    except OSError as error:
        raise WrongConfiguration(
            f'[oauth2] statsd_host: {error}; use a host name that can be '
            f'resolved.'
        ) from error


def _network(text: str) -> proxies.Network:
    network = ipaddress.ip_network(text)
    if network.prefixlen == 0:
        raise ValueError(f'{text} includes all addresses')
    return network


def _verifier(
    path: str | None,
) -> abc.Callable[[bytes], str | None] | None:
    if not path:
        return None
    try:
        with open(path, 'rb') as file:
            return client_certificate.verifier(file.read())
    except (OSError, ValueError) as error:
        raise WrongConfiguration(
            f'[oauth2] client_certificate_ca_file: cannot use {path}: '
            f'{error}; use a readable PEM file with CA certificates.'
        ) from error
