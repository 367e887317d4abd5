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

"""A JWT signed by the client (RFC 7523, 2.2; OpenID Connect Core, 9)."""

import typing as ty

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import assertion_rules as rules
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.clients import registration


class PrivateKeyJWT(method.Method[evidences.Assertion]):
    """``client_assertion``, signed with a key registered for the client.

    :param replay_cache: accepts each assertion once.
    :param assertion_rules: the operator's rules.
    """

    name = 'private_key_jwt'
    evidence = evidences.Assertion
    strength = 30
    needs = method.Method.needs | {method.Need.ISSUER}
    signing_algorithms = tuple(jwk.ALGORITHMS)

    def __init__(
        self,
        *,
        replay_cache: ports.ReplayCache,
        assertion_rules: ports.AssertionRules,
    ) -> None:
        self._replay_cache = replay_cache
        self._rules = assertion_rules

    @classmethod
    def accepts(cls, authenticator: registration.NewAuthenticator) -> bool:
        """Whether it is a key."""
        return authenticator.kind == registration.KEY

    def fits(
        self, evidence: evidences.Assertion, client: clients.Client
    ) -> bool:
        """Whether the client has issued the assertion itself."""
        return evidence.claims.get('iss') == client.id

    def verify(
        self, evidence: evidences.Assertion, client: clients.Client
    ) -> clients.AuthenticatedClient:
        """Return the client, and mark the assertion as used.

        :raises ports.Refused: the assertion is not valid (RFC 7523, 3).
        """
        problem = (
            _problem_of_parties(evidence.claims, client.id)
            or rules.problem_of_header(evidence.header, jwk.ALGORITHMS)
            or rules.problem_of_audience(
                evidence.claims, self._rules.audiences
            )
            or rules.problem_of_times(
                evidence.claims, self._rules.max_lifetime
            )
            or rules.problem_of_id(evidence.claims)
        )
        if problem is not None:
            raise ports.Refused(f'assertion: {problem}')
        key = self._signer(evidence, client)
        if not self._replay_cache.consume(
            'client_assertion',
            client.id,
            evidence.claims['jti'],
            rules.end(evidence.claims),
        ):
            raise method.refused(client, 'the assertion was already used')
        return clients.AuthenticatedClient(
            client=client, method=self.name, authenticator=key
        )

    def _signer(
        self, evidence: evidences.Assertion, client: clients.Client
    ) -> registration.Authenticator:
        for key in client.authenticators:
            if self.accepts(key) and _has_signed(key.value or {}, evidence):
                break
        else:
            raise method.refused(
                client, 'no registered key has signed the assertion'
            )
        try:
            # An older release, without this check, may have registered it.
            jwk.check(key.value or {})
        except ValueError as error:
            raise method.refused(
                client, f'the key that has signed the assertion {error}'
            ) from error
        return key


def _has_signed(key: jwk.JWK, assertion: evidences.Assertion) -> bool:
    kid = assertion.header.get('kid')
    if kid is not None and key.get('kid', kid) != kid:
        return False
    algorithm = assertion.header['alg']
    if algorithm not in jwk.algorithms(key):
        return False
    return jwk.has_signed(key, assertion.text, algorithm)


def _problem_of_parties(
    claims: dict[str, ty.Any], client_id: str
) -> str | None:
    if claims.get('sub') != client_id:
        return 'sub differs from client_id'
    if claims.get('iss') != client_id:
        return 'iss differs from sub'
    return None
