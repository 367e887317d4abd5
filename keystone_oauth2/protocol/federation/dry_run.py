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

"""Which federated identity of a client a JWT matches, for its owner."""

import collections.abc as abc
import typing as ty

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import federated_jwt
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import spiffe
from keystone_oauth2.protocol.federation import vouching as vouchings

Shown = dict[str, ty.Any]
Authenticators = abc.Collection[registration.Authenticator]

_UNKNOWN_KEYS = (
    'the keys of the issuer are not known yet: try again in a few seconds'
)


class DryRun:
    """Verifies a JWT like a token request, but does not use it up.

    :param vouching: verifies assertions.
    """

    def __init__(self, *, vouching: vouchings.Vouching) -> None:
        self._vouching = vouching

    def run(
        self,
        text: str,
        client_id: str,
        authenticators: Authenticators,
        methods: abc.Container[str],
    ) -> Shown:
        """Return whether a client could authenticate with a JWT.

        :param authenticators: of the client.
        :param methods: names of those that it may use.
        :returns: the members ``is_accepted``, ``reason`` (a clause, or None)
            and ``federated_identities`` with the same of each.
        """
        try:
            assertion = _read(text, client_id, authenticators)
            method = _method(assertion)
            if method.name not in methods:
                raise ports.Refused(
                    f'{method.name} is not enabled, or the client must not '
                    f'use it'
                )
            issuers = self._vouching.issuers(assertion)
        except ports.Refused as refused:
            return _shown(str(refused).removeprefix('assertion: '))
        except errors.TemporarilyUnavailable:
            return _shown(_UNKNOWN_KEYS)
        examined = [
            _examined(authenticator, assertion, issuers)
            for authenticator in filter(method.accepts, authenticators)
        ]
        if any(one['is_matching'] for one in examined):
            return _shown(None, examined)
        return _shown('no federated identity of the client matches', examined)


def _read(
    text: str, client_id: str, authenticators: Authenticators
) -> evidences.Assertion:
    try:
        header, claims = evidences.parts(text)
    except (ValueError, RecursionError) as error:
        raise ports.Refused(f'it is not a JWT: {error}') from error
    kind = evidences.Assertion
    if _is_jwt_svid(claims, authenticators):
        kind = evidences.SpiffeAssertion
    return kind(client_id, text, header, claims)


def _is_jwt_svid(
    claims: dict[str, ty.Any], authenticators: Authenticators
) -> bool:
    """Whether the client would send the assertion as one of SPIFFE."""
    subject = claims.get('sub')
    if not isinstance(subject, str) or spiffe.trust_domain(subject) is None:
        return False
    # An OpenID issuer, such as SPIRE itself, may use SPIFFE IDs as well.
    return not any(
        (authenticator.value or {})['issuer'] == claims.get('iss')
        for authenticator in filter(
            federated_jwt.FederatedJWT.accepts, authenticators
        )
    )


def _method(
    assertion: evidences.Assertion,
) -> type[federated_jwt.FederatedJWT]:
    if isinstance(assertion, evidences.SpiffeAssertion):
        return federated_jwt.SpiffeJWT
    return federated_jwt.FederatedJWT


def _examined(
    authenticator: registration.Authenticator,
    assertion: evidences.Assertion,
    issuers: vouchings.Issuers,
) -> Shown:
    value = authenticator.value or {}
    _, problem = federated_jwt.examine(value, assertion.claims, issuers)
    return {
        'id': authenticator.id,
        'issuer_id': value['issuer_id'],
        'is_matching': problem is None,
        'reason': problem,
    }


def _shown(reason: str | None, examined: abc.Sequence[Shown] = ()) -> Shown:
    return {
        'is_accepted': reason is None,
        'reason': reason,
        'federated_identities': list(examined),
    }
