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

"""Build the protocol objects from the configuration."""

import collections.abc as abc
import dataclasses
import importlib.metadata
import typing as ty

from oslo_config import cfg
from oslo_log import log

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import base
from keystone_oauth2.api import observer
from keystone_oauth2.api.front_end import proxies
from keystone_oauth2.api.hooks import bound_tokens
from keystone_oauth2.api.hooks import created_secrets
from keystone_oauth2.api.hooks import retired_secrets
from keystone_oauth2.compose import extensions
from keystone_oauth2.compose import options
from keystone_oauth2.db import certificates
from keystone_oauth2.db import clients
from keystone_oauth2.db import replay
from keystone_oauth2.identity import application_credentials
from keystone_oauth2.identity import key_repository
from keystone_oauth2.identity import notify
from keystone_oauth2.identity import policy
from keystone_oauth2.identity import tokens
from keystone_oauth2.identity import users
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import introspection
from keystone_oauth2.protocol import metadata
from keystone_oauth2.protocol import revocation
from keystone_oauth2.protocol import token_endpoint
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import secret_digest

LOG = log.getLogger(__name__)

Method = method.Method[ty.Any]

_METHODS = 'keystone_oauth2.client_auth'


@dataclasses.dataclass(frozen=True)
class Server:
    """The objects behind the routes and hooks."""

    token: token_endpoint.TokenEndpoint
    introspection: introspection.IntrospectionEndpoint
    revocation: revocation.RevocationEndpoint
    metadata: dict[str, ty.Any] | None
    request_reader: base.RequestReader
    binding_check: bound_tokens.BindingCheck | None
    secret_observer: created_secrets.SecretObserver | None
    retirement_check: retired_secrets.RetirementCheck
    clients: authenticators.Clients


def build() -> Server:
    """Build the server that ``keystone.conf`` describes.

    :raises options.WrongConfiguration: an option is invalid, or the process
        serves several requests at the same time.
    """
    options.check_concurrency()
    server = assemble(cfg.CONF)
    for warning in failures.warnings(
        cfg.CONF.oauth2_limits.client_failures, cfg.CONF.oauth2.trusted_proxies
    ):
        LOG.warning('%s', warning)
    return server


def assemble(conf: ty.Any) -> Server:
    """Build the server without looking at the process that it runs in.

    :param conf: Keystone's configuration.
    :raises options.WrongConfiguration: an option is invalid.
    """
    options.check_values(conf)
    issuer = options.issuer(conf)
    methods = extensions.load(_METHODS)
    enabled = enabled_methods(conf)
    reader = _request_reader(conf, enabled)
    objects = _objects(conf, issuer)
    objects['accepting'] = method.accepting(methods.values())
    objects['proxies'] = reader.proxies
    objects['enabled'] = frozenset(one.name for one in enabled)
    objects['installed'] = [
        extensions.construct(one, objects) for one in methods.values()
    ]
    objects['authentication'] = extensions.construct(
        client_auth.ClientAuthentication, objects
    )
    objects['grants'] = {
        name: extensions.construct(grant, objects)
        for name, grant in extensions.load('keystone_oauth2.grants').items()
    }
    LOG.info(
        'keystone-oauth2 %s serves OS-OAUTH2 with the client authentication '
        'methods %s',
        importlib.metadata.version('keystone-oauth2'),
        ', '.join(sorted(objects['enabled'])),
    )
    return Server(
        token=extensions.construct(token_endpoint.TokenEndpoint, objects),
        introspection=extensions.construct(
            introspection.IntrospectionEndpoint, objects
        ),
        revocation=extensions.construct(
            revocation.RevocationEndpoint, objects
        ),
        metadata=_metadata(conf, issuer, enabled, objects['grants']),
        request_reader=reader,
        binding_check=bound_tokens.BindingCheck(reader)
        if conf.oauth2_certificates.enforce_binding
        else None,
        secret_observer=created_secrets.SecretObserver(objects['secrets'])
        if conf.oauth2_secrets.digests
        else None,
        retirement_check=extensions.construct(
            retired_secrets.RetirementCheck, objects
        ),
        clients=authenticators.Clients(
            methods=objects['enabled'],
            registrable=frozenset(methods),
            accepting=objects['accepting'],
            limit=conf.oauth2_clients.authenticator_limit,
            expiry_warning=conf.oauth2_clients.authenticator_expiry_warning,
        ),
    )


def enabled_methods(conf: ty.Any) -> list[type[Method]]:
    """Return the enabled client authentication methods.

    :param conf: Keystone's configuration.
    :raises options.WrongConfiguration: one is unknown, or lacks what it needs.
    """
    return options.enabled_methods(
        conf, extensions.load(_METHODS), options.issuer(conf)
    )


def _objects(conf: ty.Any, issuer: str | None) -> dict[str, ty.Any]:
    """Return what the constructors of the protocol's classes name."""
    return {
        'assertion_rules': options.assertion_rules(
            conf, issuer, f'{_base_url(issuer)}/token' if issuer else None
        ),
        'certificates': certificates.CertificateStore(),
        'client_store': clients,
        'guard': options.guard(conf),
        'issuer': issuer,
        'notify': notify.notify,
        'policy': policy,
        'replay_cache': replay.ReplayCache(),
        'secrets': secret_digest.SecretVerifier(
            client_store=clients,
            hasher=application_credentials,
            digest_keys=_digest_keys(conf),
        ),
        'tokens': tokens,
        'users': users.UserDirectory(conf.oauth2.oauth2_cert_dn_mapping_id),
    }


def _digest_keys(conf: ty.Any) -> abc.Callable[[], abc.Sequence[bytes]]:
    if not conf.oauth2_secrets.digests:
        return tuple
    return key_repository.configured(conf).load


def _metadata(
    conf: ty.Any,
    issuer: str | None,
    enabled: abc.Iterable[type[Method]],
    grants: abc.Iterable[str],
) -> dict[str, ty.Any] | None:
    if issuer is None:
        return None
    mtls_base_url = conf.oauth2.mtls_endpoint
    return metadata.document(
        issuer,
        _base_url(issuer),
        enabled,
        grants,
        f'{mtls_base_url}/OS-OAUTH2' if mtls_base_url else None,
    )


def _base_url(issuer: str) -> str:
    base_url = options.base_url(cfg.CONF.public_endpoint) or issuer
    return f'{base_url}/OS-OAUTH2'


def _request_reader(
    conf: ty.Any, enabled: abc.Iterable[type[Method]]
) -> base.RequestReader:
    trusted = proxies.Proxies(tuple(conf.oauth2.trusted_proxies))
    return base.RequestReader(
        proxies=trusted,
        certificate_reader=options.certificate_reader(conf, enabled, trusted),
        observer=observer.Observer(notify.notify, options.statsd(conf)),
    )
