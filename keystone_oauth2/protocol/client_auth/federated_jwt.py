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

"""A JWT that a trusted issuer has signed (RFC 7521, 4.2; RFC 7523, 3).

It says who the client is to somebody else: a service account of Kubernetes, or
a job of GitHub or GitLab. ``client_id`` says which client it wants to be.
"""

import contextlib
import typing as ty

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import assertion_rules as rules
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import identity as identities
from keystone_oauth2.protocol.federation import spiffe
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.protocol.federation import vouching as vouchings

Issuer = trusted_issuer.TrustedIssuer


class FederatedJWT(method.Method[evidences.Assertion]):
    """``client_assertion`` of a trusted issuer about a federated identity.

    :param replay_cache: accepts each assertion once.
    :param vouching: verifies assertions.
    """

    name = 'federated_jwt'
    # At the wire, it is the other method; only the issuer differs.
    advertised: ty.ClassVar[str | None] = 'private_key_jwt'
    evidence = evidences.Assertion
    strength = 28
    needs = method.Method.needs | {method.Need.ISSUER}
    signing_algorithms = tuple(jwk.ALGORITHMS)

    def __init__(
        self,
        *,
        replay_cache: ports.ReplayCache,
        vouching: vouchings.Vouching,
    ) -> None:
        self._replay_cache = replay_cache
        self._vouching = vouching

    @classmethod
    def accepts(cls, authenticator: registration.NewAuthenticator) -> bool:
        """Whether it is a federated identity, but not one of SPIFFE."""
        return _is_federated(authenticator) and not _is_spiffe(authenticator)

    def fits(
        self, evidence: evidences.Assertion, client: clients.Client
    ) -> bool:
        """Whether somebody else has issued the assertion."""
        return evidence.claims.get('iss') != client.id

    def verify(
        self, evidence: evidences.Assertion, client: clients.Client
    ) -> clients.AuthenticatedClient:
        """Return the client, and mark the assertion as used if it must be.

        :raises ports.Refused: no trusted issuer vouches for the assertion, or
            none of the client's federated identities is meant.
        :raises errors.TemporarilyUnavailable: as
            :meth:`.vouching.Vouching.issuers`.
        """
        issuers = self._vouching.issuers(evidence)
        issuer, identity = self._match(evidence, client, issuers)
        # A jti belongs to the iss, of which there may be several entries.
        if issuer.is_once and not self._replay_cache.consume(
            'federated_jwt',
            issuer.issuer,
            evidence.claims['jti'],
            rules.end(evidence.claims),
        ):
            raise method.refused(client, 'the assertion was already used')
        return clients.AuthenticatedClient(
            client=client, method=self.name, authenticator=identity
        )

    def pretend(self, evidence: evidences.Assertion) -> bool:
        """Verify the assertion, whatever the client is."""
        with contextlib.suppress(ports.Refused):
            self._vouching.issuers(evidence)
        return False

    def _match(
        self,
        evidence: evidences.Assertion,
        client: clients.Client,
        issuers: vouchings.Issuers,
    ) -> tuple[Issuer, registration.Authenticator]:
        problems = []
        for authenticator in filter(self.accepts, client.authenticators):
            issuer, problem = examine(
                authenticator.value or {}, evidence.claims, issuers
            )
            if problem is None:
                return issuer, authenticator
            problems.append(
                f'federated identity {authenticator.id}: {problem}'
            )
        raise method.refused(client, '; '.join(problems))


def examine(
    value: dict[str, ty.Any],
    claims: dict[str, ty.Any],
    issuers: vouchings.Issuers,
) -> tuple[Issuer, str | None]:
    """Return which issuer a federated identity means, and what is wrong.

    :param value: what is registered.
    :param claims: of a JWT.
    :param issuers: that vouch for it, at least one.
    :returns: the issuer, and a clause or None.
    """
    identity = identities.FederatedIdentity.of(value)
    meant = [one for one in issuers if one.id == identity.issuer_id]
    issuer = (meant or issuers)[0]
    return issuer, identity.problem(issuer, claims)


def _is_federated(authenticator: registration.NewAuthenticator) -> bool:
    return authenticator.kind == registration.FEDERATED_IDENTITY


def _is_spiffe(authenticator: registration.NewAuthenticator) -> bool:
    issuer = (authenticator.value or {}).get('issuer', '')
    return spiffe.trust_domain(issuer) is not None


class SpiffeJWT(FederatedJWT):
    """The same for a JWT-SVID (draft-ietf-oauth-spiffe-client-auth-02)."""

    name = 'spiffe_jwt'
    advertised = None
    evidence = evidences.SpiffeAssertion
    strength = 26
    needs = FederatedJWT.needs | {method.Need.SPIFFE_DRAFT}

    @classmethod
    def accepts(cls, authenticator: registration.NewAuthenticator) -> bool:
        """Whether it is a federated identity of SPIFFE."""
        return _is_federated(authenticator) and _is_spiffe(authenticator)

    def fits(
        self, evidence: evidences.Assertion, client: clients.Client
    ) -> bool:
        """Whether the evidence may be meant for this method: always."""
        return True
