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

"""Build objects from options, and check rules across options.

An invalid option stops Keystone at start-up, with one sentence that names the
option and the remedy.
"""

import collections.abc as abc
import sys
import typing as ty

from oslo_config import cfg

from keystone_oauth2 import conf as oauth2_conf
from keystone_oauth2.front_end import client_certificate
from keystone_oauth2.front_end import proxies
from keystone_oauth2.limits import counters
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import method as methods

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


def check_values(conf: cfg.ConfigOpts) -> None:
    """Check the type of each option.

    :param conf: Keystone's configuration, as everywhere in this module.
    :raises WrongConfiguration: one is invalid.
    """
    for group, options in oauth2_conf.list_opts():
        for option in options:
            try:
                conf[group][option.dest]
            except cfg.ConfigSourceValueError as error:
                # The message of the type, without names of classes.
                reason = str(error.__context__ or error).rstrip('.')
                raise WrongConfiguration(
                    f'[{group}] {option.name}: {reason}.'
                ) from error


def enabled_methods(
    conf: ty.Any,
    installed: abc.Mapping[str, type[Method]],
    issuer: str | None,
) -> list[type[Method]]:
    """Return the methods in ``oauth2_authn_methods``.

    :param installed: client authentication methods by name.
    :param issuer: the issuer identifier, or None.
    """
    names = frozenset(conf.oauth2.oauth2_authn_methods)
    unknown = ', '.join(sorted(names - installed.keys()))
    if unknown or not names:
        raise WrongConfiguration(
            f'[oauth2] oauth2_authn_methods has '
            f'{f"unknown methods: {unknown}" if unknown else "no methods"}; '
            f'use any of {", ".join(installed)}.'
        )
    enabled = [installed[name] for name in sorted(names)]
    delegated = _in_need(enabled, methods.Need.APPLICATION_CREDENTIALS)
    if delegated and 'application_credential' not in conf.auth.methods:
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
    drafts = _in_need(enabled, methods.Need.SPIFFE_DRAFT)
    if drafts and not conf.oauth2_assertions.spiffe_draft:
        raise WrongConfiguration(
            f'[oauth2] oauth2_authn_methods has {drafts}, which is a draft '
            f'that may change: set [oauth2_assertions] spiffe_draft to true '
            f'to use it all the same.'
        )
    return enabled


def _in_need(enabled: abc.Iterable[type[Method]], need: methods.Need) -> str:
    return ', '.join(method.name for method in enabled if need in method.needs)


def certificate_reader(
    conf: ty.Any,
    enabled: abc.Iterable[type[Method]],
    trusted: proxies.Proxies,
) -> client_certificate.Reader | None:
    """Return the reader that ``[oauth2_certificates]`` describes.

    :returns: None if no enabled method uses certificates.
    """
    readers = [
        method for method in enabled if method.evidence is evidence.Certificate
    ]
    if not readers:
        return None
    group = conf.oauth2_certificates
    if not trusted.trusted and set(group.sources) - {'environ'}:
        raise WrongConfiguration(
            '[oauth2_certificates] sources has a header field, but [oauth2] '
            'trusted_proxies is empty: set it to the addresses of your '
            'proxies.'
        )
    return client_certificate.Reader(
        sources=tuple(group.sources),
        header=group.header,
        verify_header=group.verify_header,
        proxies=trusted,
        verify=_verifier(group.ca_file),
        accept_self_signed=any(
            methods.Need.VERIFIED_CERTIFICATES not in method.needs
            for method in readers
        ),
    )


def assertion_rules(
    conf: ty.Any, issuer: str | None, token_endpoint: str | None
) -> ports.AssertionRules:
    """Return the rules that ``[oauth2_assertions]`` describes.

    :param issuer: the issuer identifier, or None.
    :param token_endpoint: URL of the token endpoint, if there is an issuer.
    """
    audiences = {issuer}
    if conf.oauth2_assertions.for_token_endpoint:
        audiences.add(token_endpoint)
    return ports.AssertionRules(
        frozenset(url for url in audiences if url is not None),
        conf.oauth2_assertions.max_lifetime,
    )


def guard(conf: ty.Any) -> failures.FailureGuard:
    """Return the guard that ``[oauth2_limits]`` describes."""
    group = conf.oauth2_limits
    try:
        storage = counters.connect(group.storage)
    except ValueError as error:
        raise WrongConfiguration(
            f'[oauth2_limits] storage: {error}; use the storage memory://, '
            f'memcached://HOST:PORT or redis://HOST:PORT.'
        ) from error
    return failures.FailureGuard(
        storage, group.client_failures, group.address_failures
    )


def statsd(conf: ty.Any) -> ty.Any:
    """Return a StatsD client, or None."""
    host = conf.oauth2_statsd.host
    if not host:
        return None
    try:
        import statsd as library

        return library.StatsClient(
            host, conf.oauth2_statsd.port, ipv6=':' in host
        )
    except ImportError as error:
        raise WrongConfiguration(
            '[oauth2_statsd] host needs a library: '
            "pip install 'keystone-oauth2[statsd]'."
        ) from error
    except OSError as error:
        raise WrongConfiguration(
            f'[oauth2_statsd] host: {error}; use a host name that can be '
            f'resolved.'
        ) from error


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
            f'[oauth2_certificates] ca_file: cannot use {path}: {error}; use '
            f'a readable PEM file with CA certificates.'
        ) from error
