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

"""Federated identities of clients, and which issuers can be named in them."""

import collections.abc as abc
import typing as ty

from keystone_oauth2.api import kinds
from keystone_oauth2.db import trusted_issuers
from keystone_oauth2.identity import policy
from keystone_oauth2.identity import web
from keystone_oauth2.policies import trusted_issuer as rules
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import identity
from keystone_oauth2.protocol.federation import kinds as issuer_kinds
from keystone_oauth2.protocol.federation import trusted_issuer

_NOT_TRUSTED = (
    'The issuer is not trusted any more: ask the operator, or delete this '
    'identity.'
)


class FederatedIdentity(kinds.Kind):
    """A subject of a trusted issuer, and claims that its JWTs must have."""

    name = registration.FEDERATED_IDENTITY
    properties = {
        'issuer_id': {'type': 'string'},
        'subject': {'type': ['string', 'null'], 'maxLength': 2048},
        'claims': {'type': 'object', 'maxProperties': 10},
    }

    def make(
        self,
        requested: abc.Mapping[str, ty.Any],
        client_id: str,
        common: kinds.Shown,
    ) -> tuple[list[registration.NewAuthenticator], kinds.Shown]:
        """Return the identity.

        :raises web.ValidationError: its issuer is not trusted, or it is not
            specific enough.
        """
        if 'issuer_id' not in requested:
            raise web.ValidationError('issuer_id must be given.')
        issuer = trusted_issuers.get(requested['issuer_id'])
        if issuer is None or not issuer.is_enabled:
            raise web.ValidationError('There is no such trusted issuer.')
        try:
            read = identity.FederatedIdentity.read(
                issuer, requested.get('subject'), requested.get('claims', {})
            )
        except ValueError as error:
            raise web.ValidationError(str(error)) from error
        new = registration.NewAuthenticator(
            fingerprint=read.fingerprint, value=read.value, **common
        )
        return [new], {}

    def show(self, authenticator: registration.Authenticator) -> kinds.Shown:
        """Return its conditions, and what the owner may not have meant."""
        read = identity.FederatedIdentity.of(authenticator.value or {})
        return {
            'issuer_id': read.issuer_id,
            'issuer': read.issuer,
            'subject': read.subject,
            'claims': {
                name: values[0] if len(values) == 1 else list(values)
                for name, values in read.claims.items()
            },
            'warnings': _warnings(read),
        }


def _warnings(read: identity.FederatedIdentity) -> list[str]:
    issuer = trusted_issuers.get(read.issuer_id)
    if issuer is None or not issuer.is_enabled or issuer.issuer != read.issuer:
        return [_NOT_TRUSTED]
    lacking = read.lacking(issuer)
    if lacking is not None:
        return [f'The issuer now requires {lacking}: JWTs are refused.']
    return issuer_kinds.warnings(issuer.kind, read.subject, read.claims.keys())


class TrustedIssuersResource(web.ResourceBase):
    """The issuers that owners of clients can name."""

    def get(self) -> ty.Any:
        """List them, also those that are disabled."""
        policy.enforce(rules.LIST, dict)
        url = web.base_url('/OS-OAUTH2/trusted_issuers')
        return {
            'trusted_issuers': [
                _shown(issuer) for issuer in trusted_issuers.list_all()
            ],
            'links': {'self': url, 'next': None, 'previous': None},
        }


def _shown(issuer: trusted_issuer.TrustedIssuer) -> kinds.Shown:
    return {
        'id': issuer.id,
        'issuer': issuer.issuer,
        'kind': issuer.kind,
        'audience': issuer.audience,
        'algorithms': sorted(issuer.algorithms),
        'max_lifetime': issuer.max_lifetime,
        'is_once': issuer.is_once,
        'required_claims': list(issuer.required_claims),
        'enabled': issuer.is_enabled,
    }
