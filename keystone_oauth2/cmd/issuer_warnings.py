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

"""What keeps JWTs of trusted issuers from being accepted."""

from oslo_config import cfg
from oslo_utils import timeutils

from keystone_oauth2.db import trusted_issuers
from keystone_oauth2.protocol.client_auth import federated_jwt
from keystone_oauth2.protocol.federation import trusted_issuer

_Issuer = trusted_issuer.TrustedIssuer


def missing_option(kind: str) -> str | None:
    """Return how to enable the method for issuers of a kind, if it is not."""
    conf = cfg.CONF
    name = federated_jwt.FederatedJWT.name
    remedies = []
    if kind == trusted_issuer.SPIFFE:
        name = federated_jwt.SpiffeJWT.name
        if not conf.oauth2_assertions.spiffe_draft:
            remedies.append('set [oauth2_assertions] spiffe_draft to true')
    if name not in conf.oauth2.oauth2_authn_methods:
        remedies.insert(0, f'add {name} to [oauth2] oauth2_authn_methods')
    return ' and '.join(remedies) or None


def warnings() -> list[str]:
    """Return a sentence for each enabled issuer whose JWTs are refused soon.

    They may be already.
    """
    return [
        warning
        for issuer in trusted_issuers.list_all()
        if issuer.is_enabled and (warning := _warning(issuer)) is not None
    ]


def _warning(issuer: _Issuer) -> str | None:
    remedy = missing_option(issuer.kind)
    if remedy is not None:
        return f'JWTs of {issuer.id} are refused until you {remedy}.'
    if not issuer.has_keys(timeutils.utcnow()):
        return (
            f'The keys of {issuer.id} are too old, and its JWTs are refused: '
            f'run keystone-oauth2-manage trusted_issuer_check {issuer.id}.'
        )
    if issuer.failure is not None:
        return (
            f'The keys of {issuer.id} could not be fetched the last time, '
            f'and are used until they are a day old. {issuer.failure}'
        )
    return None
