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

import datetime
import re
import time
import typing as ty

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.client_auth import method
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.clients import registration

# Seconds by which the clock of a client may be ahead (FAPI 2.0, 5.3.2.1).
_SKEW = 30
_MAX_JTI_LENGTH = 255
_MEDIA_TYPES = ('jwt', 'client-authentication+jwt')
_DIGITS = re.compile('[0-9]{1,12}')
# The last second of the year 9999: databases cannot store later times.
_LAST_SECOND = 253_402_300_799


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
            or _problem_of_header(evidence.header)
            or _problem_of_audience(evidence.claims, self._rules.audiences)
            or _problem_of_times(evidence.claims, self._rules.max_lifetime)
            or _problem_of_id(evidence.claims)
        )
        if problem is not None:
            raise ports.Refused(f'assertion: {problem}')
        key = self._signer(evidence, client)
        if not self._replay_cache.consume(
            'client_assertion',
            client.id,
            evidence.claims['jti'],
            _end(evidence.claims),
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


def _end(claims: dict[str, ty.Any]) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(
        float(claims['exp']), datetime.timezone.utc
    ).replace(tzinfo=None)


def _problem_of_parties(
    claims: dict[str, ty.Any], client_id: str
) -> str | None:
    if claims.get('sub') != client_id:
        return 'sub differs from client_id'
    if claims.get('iss') != client_id:
        return 'iss differs from sub'
    return None


def _problem_of_header(header: dict[str, ty.Any]) -> str | None:
    if header.get('alg') not in jwk.ALGORITHMS:
        return 'unsupported alg'
    # RFC 7515, 4.1.11: no critical extension is supported.
    if 'crit' in header:
        return 'unsupported crit'
    # RFC 7797, 7: a JWT is always encoded.
    if header.get('b64', True) is not True:
        return 'unsupported b64'
    if not isinstance(header.get('kid', ''), str):
        return 'kid is not a string'
    media_type = header.get('typ', 'JWT')
    if not isinstance(media_type, str):
        return 'typ is not a string'
    media_type = media_type.lower().removeprefix('application/')
    return None if media_type in _MEDIA_TYPES else 'unsupported typ'


def _problem_of_audience(
    claims: dict[str, ty.Any], audiences: frozenset[str]
) -> str | None:
    audience = claims.get('aud')
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not isinstance(audience, str) or audience not in audiences:
        return 'aud must be the issuer only'
    return None


def _problem_of_times(
    claims: dict[str, ty.Any], max_lifetime: int
) -> str | None:
    now = time.time()
    times = {
        name: _moment(claims[name])
        for name in ('exp', 'nbf', 'iat')
        if name in claims
    }
    for name, moment in times.items():
        if moment is None:
            return f'{name} is not a valid time'
        if name != 'exp' and moment > now + _SKEW:
            return f'{name} is in the future'
    end = times.get('exp')
    if end is None:
        return 'exp is missing'
    if end <= now:
        return 'expired'
    if end > now + max_lifetime + _SKEW:
        return 'exp is too far away'
    return None


def _problem_of_id(claims: dict[str, ty.Any]) -> str | None:
    jti = claims.get('jti')
    if not isinstance(jti, str) or not jti.isprintable():
        return 'jti is missing or not printable text'
    if not 0 < len(jti) <= _MAX_JTI_LENGTH:
        return 'jti is empty or too long'
    return None


def _moment(value: ty.Any) -> float | None:
    # keystonemiddleware's external_oauth2_token sends decimal strings.
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if 0 <= value <= _LAST_SECOND else None
