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
import functools
import importlib.metadata
import typing as ty

from oslo_config import cfg
from oslo_log import log

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import base
from keystone_oauth2.api import observer
from keystone_oauth2.api import revocation_events as revocation_events_api
from keystone_oauth2.api.hooks import bound_tokens
from keystone_oauth2.api.hooks import created_secrets
from keystone_oauth2.api.hooks import jwt_tokens
from keystone_oauth2.api.hooks import retired_secrets
from keystone_oauth2.compose import extensions
from keystone_oauth2.compose import options
from keystone_oauth2.compose import token_format
from keystone_oauth2.conf import urls
from keystone_oauth2.db import certificates
from keystone_oauth2.db import clients
from keystone_oauth2.db import issuer_keys
from keystone_oauth2.db import replay
from keystone_oauth2.db import revocation_events
from keystone_oauth2.db import trusted_issuers
from keystone_oauth2.front_end import proxies
from keystone_oauth2.identity import application_credentials
from keystone_oauth2.identity import key_repository
from keystone_oauth2.identity import notify
from keystone_oauth2.identity import policy
from keystone_oauth2.identity import revocation_watcher
from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.identity import users
from keystone_oauth2.limits import failures
from keystone_oauth2.outbound import refresher
from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import introspection
from keystone_oauth2.protocol import introspection_jwt
from keystone_oauth2.protocol import metadata
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import revocation
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.protocol import token_endpoint
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.protocol.federation import dry_run
from keystone_oauth2.protocol.federation import vouching

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
    signing_keys: abc.Callable[[], signing_keys.KeySet] | None
    revocation_events: revocation_events_api.Events | None
    jwt_check: jwt_tokens.JWTCheck | None
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
    if server.revocation_events is not None:
        watcher = revocation_watcher.Watcher(revocation_events.record)
        watcher.register()
    LOG.info(
        'keystone-oauth2 %s serves OS-OAUTH2 with the client authentication '
        'methods %s',
        importlib.metadata.version('keystone-oauth2'),
        ', '.join(sorted(server.clients.methods)),
    )
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
    enabled = enabled_methods(conf)
    reader = _request_reader(conf, enabled)
    objects = _objects(conf, reader, enabled)
    made = functools.partial(extensions.construct, objects=objects)
    return Server(
        token=made(token_endpoint.TokenEndpoint),
        introspection=made(introspection.IntrospectionEndpoint),
        revocation=made(revocation.RevocationEndpoint),
        metadata=_metadata(conf, enabled, objects['grants']),
        request_reader=reader,
        signing_keys=_published_keys(conf),
        revocation_events=ty.cast(
            revocation_events_api.Events, revocation_events
        )
        if token_format.has_jwts(conf)
        else None,
        jwt_check=_jwt_check(conf),
        binding_check=bound_tokens.BindingCheck(reader)
        if conf.oauth2_certificates.enforce_binding
        else None,
        secret_observer=created_secrets.SecretObserver(objects['secrets'])
        if conf.oauth2_secrets.digests
        else None,
        retirement_check=made(retired_secrets.RetirementCheck),
        clients=authenticators.Clients(
            methods=objects['enabled'],
            registrable=frozenset(one.name for one in objects['installed']),
            accepting=objects['accepting'],
            limit=conf.oauth2_clients.authenticator_limit,
            expiry_warning=conf.oauth2_clients.authenticator_expiry_warning,
            can_revoke_tokens=token_format.has_jwts(conf),
            dry_run=made(dry_run.DryRun),
        ),
    )


def enabled_methods(conf: ty.Any) -> list[type[Method]]:
    """Return the enabled client authentication methods.

    :param conf: Keystone's configuration.
    :raises options.WrongConfiguration: one is unknown, or lacks what it needs.
    """
    return options.enabled_methods(
        conf, extensions.load(_METHODS), urls.issuer(conf)
    )


def _objects(
    conf: ty.Any,
    reader: base.RequestReader,
    enabled: abc.Iterable[type[Method]],
) -> dict[str, ty.Any]:
    """Return what constructors may name, each made from those before it."""
    installed = extensions.load(_METHODS).values()
    objects = {
        **_ports(conf),
        'accepting': method.accepting(installed),
        'assertion_rules': _assertion_rules(conf),
        'enabled': frozenset(one.name for one in enabled),
        'introspection_signer': _introspection_signer(conf),
        'issuer': urls.issuer(conf),
        'notify': notify.notify,
        'proxies': reader.proxies,
    }
    made = functools.partial(extensions.construct, objects=objects)
    objects['secrets'] = made(secret_digest.SecretVerifier)
    objects['vouching'] = made(vouching.Vouching)
    objects['installed'] = [made(one) for one in installed]
    objects['authentication'] = made(client_auth.ClientAuthentication)
    objects['grants'] = {
        name: made(grant)
        for name, grant in extensions.load('keystone_oauth2.grants').items()
    }
    return objects


def _ports(conf: ty.Any) -> dict[str, ty.Any]:
    """Return what implements the interfaces in :mod:`.protocol.ports`."""
    return {
        'certificates': certificates.CertificateStore(),
        'client_store': clients,
        'digest_keys': _digest_keys(conf),
        'guard': options.guard(conf),
        'hasher': application_credentials,
        'key_fetcher': refresher.Refresher(issuer_keys),
        'policy': policy,
        'replay_cache': replay.ReplayCache(),
        'tokens': token_format.token_service(conf),
        'trusted_issuers': trusted_issuers,
        'users': users.UserDirectory(conf.oauth2.oauth2_cert_dn_mapping_id),
    }


def _published_keys(
    conf: ty.Any,
) -> abc.Callable[[], signing_keys.KeySet] | None:
    repository = token_format.repository(conf)
    if repository is None:
        return None
    return functools.partial(
        signing_key_repository.published, repository, conf
    )


def _introspection_signer(
    conf: ty.Any,
) -> introspection_jwt.IntrospectionSigner | None:
    repository = token_format.repository(conf)
    issuer = urls.issuer(conf)
    if repository is None or issuer is None:
        return None
    return introspection_jwt.IntrospectionSigner(
        keys=repository.load, issuer=issuer
    )


def _jwt_check(conf: ty.Any) -> jwt_tokens.JWTCheck | None:
    validity = token_format.validity(conf)
    if validity is None:
        return None
    return jwt_tokens.JWTCheck(
        validity=validity, audiences=token_format.audiences(conf)
    )


def _assertion_rules(conf: ty.Any) -> ports.AssertionRules:
    issuer = urls.issuer(conf)
    token_endpoint = f'{_base_url(conf, issuer)}/token' if issuer else None
    return options.assertion_rules(conf, issuer, token_endpoint)


def _digest_keys(conf: ty.Any) -> abc.Callable[[], abc.Sequence[bytes]]:
    if not conf.oauth2_secrets.digests:
        return tuple
    return key_repository.configured(conf).load


def _metadata(
    conf: ty.Any,
    enabled: abc.Iterable[type[Method]],
    grants: abc.Iterable[str],
) -> dict[str, ty.Any] | None:
    issuer = urls.issuer(conf)
    if issuer is None:
        return None
    mtls_base_url = conf.oauth2.mtls_endpoint
    return metadata.document(
        issuer,
        _base_url(conf, issuer),
        enabled,
        grants,
        f'{mtls_base_url}/OS-OAUTH2' if mtls_base_url else None,
        has_keys=token_format.has_jwts(conf),
    )


def _base_url(conf: ty.Any, issuer: str) -> str:
    base_url = urls.base_url(conf.public_endpoint) or issuer
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
