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
import stevedore

from keystone_oauth2.api import authenticators
from keystone_oauth2.api import base
from keystone_oauth2.api import observer
from keystone_oauth2.api.front_end import proxies
from keystone_oauth2.api.hooks import bound_tokens
from keystone_oauth2.api.hooks import created_secrets
from keystone_oauth2.api.hooks import retired_secrets
from keystone_oauth2.compose import options
from keystone_oauth2.db import assertions
from keystone_oauth2.db import certificates
from keystone_oauth2.db import credentials
from keystone_oauth2.db import registrations
from keystone_oauth2.identity import application_credentials
from keystone_oauth2.identity import callers
from keystone_oauth2.identity import key_repository
from keystone_oauth2.identity import mapping
from keystone_oauth2.identity import notify
from keystone_oauth2.identity import policy
from keystone_oauth2.identity import tokens
from keystone_oauth2.identity import users
from keystone_oauth2.limits import failures
from keystone_oauth2.protocol import client_auth
from keystone_oauth2.protocol import introspection
from keystone_oauth2.protocol import metadata
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import revocation
from keystone_oauth2.protocol import token_endpoint
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.clients import secret_digest

LOG = log.getLogger(__name__)


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
    verifier = secret_digest.SecretVerifier(
        credentials, application_credentials, _digest_keys(conf)
    )
    issuer = options.issuer(conf)
    keystone = _ports(conf, verifier, issuer)
    methods = _load('keystone_oauth2.client_auth', keystone)
    enabled = options.enabled_methods(conf, methods)
    grants = _load('keystone_oauth2.grants', keystone)
    authenticator = client_auth.ClientAuthentication(
        methods, enabled, keystone.describe_client, options.guard(conf)
    )
    request_reader = _request_reader(conf, enabled)
    server = Server(
        token=token_endpoint.TokenEndpoint(authenticator, grants),
        introspection=introspection.IntrospectionEndpoint(
            authenticator, keystone, issuer
        ),
        revocation=revocation.RevocationEndpoint(authenticator, keystone),
        metadata=_metadata(conf, issuer, enabled, grants),
        request_reader=request_reader,
        binding_check=bound_tokens.BindingCheck(
            request_reader.certificate_reader,
            accept_self_signed='self_signed_tls_client_auth' in enabled,
        )
        if conf.oauth2_certificates.enforce_binding
        else None,
        secret_observer=created_secrets.SecretObserver(verifier)
        if conf.oauth2_secrets.digests
        else None,
        retirement_check=retired_secrets.RetirementCheck(
            credentials, notify.notify, request_reader.proxies
        ),
        clients=authenticators.Clients(
            enabled & registration.METHODS,
            conf.oauth2_clients.authenticator_limit,
            conf.oauth2_clients.authenticator_expiry_warning,
        ),
    )
    LOG.info(
        'keystone-oauth2 %s serves OS-OAUTH2 with the client authentication '
        'methods %s',
        importlib.metadata.version('keystone-oauth2'),
        ', '.join(sorted(enabled)),
    )
    return server


def _ports(
    conf: ty.Any, verify_secret: ports.VerifySecret, issuer: str | None
) -> ports.Ports:
    return ports.Ports(
        verify_secret=verify_secret,
        find_authenticators=credentials.find_authenticators,
        note_use=registrations.note_use,
        consume_assertion=assertions.ReplayCache(),
        assertion_rules=options.assertion_rules(
            conf,
            issuer,
            f'{_base_url(issuer)}/token' if issuer else None,
        ),
        find_user=users.find_user,
        find_project=users.find_project,
        domain_name=users.domain_name,
        evaluate_mapping=functools.partial(
            mapping.evaluate, conf.oauth2.oauth2_cert_dn_mapping_id
        ),
        issue_token=tokens.issue,
        permit_issue=policy.permit_issue,
        remember_certificate=certificates.ThumbprintStore(),
        find_thumbprint=certificates.find,
        describe_client=callers.describe_client,
        validate_token=tokens.validate,
        revoke_token=tokens.revoke,
        permit_introspection=policy.permit_introspection,
        permit_revocation=policy.permit_revocation,
    )


def _digest_keys(conf: ty.Any) -> abc.Callable[[], abc.Sequence[bytes]]:
    if not conf.oauth2_secrets.digests:
        return tuple
    return key_repository.configured(conf).load


def _load(namespace: str, keystone: ports.Ports) -> dict[str, ty.Any]:
    manager: stevedore.ExtensionManager = stevedore.ExtensionManager(
        namespace, invoke_on_load=True, invoke_args=(keystone,)
    )
    return {name: manager[name].obj for name in sorted(manager.names())}


def _metadata(
    conf: ty.Any,
    issuer: str | None,
    enabled: abc.Collection[str],
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
    conf: ty.Any, enabled: abc.Collection[str]
) -> base.RequestReader:
    trusted = proxies.Proxies(tuple(conf.oauth2.trusted_proxies))
    return base.RequestReader(
        proxies=trusted,
        certificate_reader=options.certificate_reader(conf, enabled, trusted),
        observer=observer.Observer(notify.notify, options.statsd(conf)),
    )
