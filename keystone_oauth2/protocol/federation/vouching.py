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

"""Whether a trusted issuer vouches for what an assertion says.

The client plays no part in this: whatever the outcome, it tells nothing of
which clients exist, and what is registered for them.
"""

import collections.abc as abc
import datetime

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import assertion_rules as rules
from keystone_oauth2.protocol.client_auth import evidence as evidences
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.federation import issuer_keys
from keystone_oauth2.protocol.federation import spiffe
from keystone_oauth2.protocol.federation import trusted_issuer

Issuers = list[trusted_issuer.TrustedIssuer]

# Seconds after which a request may succeed that needs other keys.
_RETRY_AFTER = 2


class Vouching:
    """Verifies assertions with the keys of trusted issuers.

    :param trusted_issuers: finds them.
    :param key_fetcher: fetches their keys, while nobody waits.
    :param issuer: our own issuer identifier, the audience of assertions.
    """

    def __init__(
        self,
        *,
        trusted_issuers: ports.TrustedIssuerStore,
        key_fetcher: ports.KeyFetcher,
        issuer: str | None,
    ) -> None:
        self._store = trusted_issuers
        self._fetcher = key_fetcher
        self._issuer = issuer

    def issuers(self, assertion: evidences.Assertion) -> Issuers:
        """Return the trusted issuers that vouch for an assertion.

        Several may have the same keys.

        :raises ports.Refused: there is none.
        :raises errors.TemporarilyUnavailable: their keys may become known in
            a moment.
        """
        problem = _problem_of_header(assertion, jwk.ALGORITHMS)
        if problem is not None:
            raise ports.Refused(f'assertion: {problem}')
        named = self._named(assertion)
        knowing = [one for one in named if _knows_key(one, assertion)]
        signers = [one for one in knowing if _has_signed(one, assertion)]
        if not signers:
            self._ask_for_keys(named, knowing)
            raise ports.Refused(f'assertion: {_no_signer(named, knowing)}')
        problems = [self._problem(one, assertion) for one in signers]
        if None not in problems:
            raise ports.Refused(f'assertion: {problems[0]}')
        return [
            issuer
            for issuer, problem in zip(signers, problems, strict=True)
            if problem is None
        ]

    def _ask_for_keys(self, named: Issuers, knowing: Issuers) -> None:
        """Ask for the keys of issuers, one of which may be the signer's.

        :param knowing: those that have such a key, which has not signed.
        :raises errors.TemporarilyUnavailable: it may become known.
        """
        others = [issuer for issuer in named if issuer not in knowing]
        # Each of them is asked for.
        is_fetching = [self._fetcher.want(issuer) for issuer in others]
        now = _now()
        is_unknown = not knowing and not all(
            issuer.has_keys(now) for issuer in others
        )
        if is_unknown or any(is_fetching):
            raise errors.TemporarilyUnavailable(
                _RETRY_AFTER,
                f'the keys of trusted issuer {_ids(others)} are not known',
            )

    def _named(self, assertion: evidences.Assertion) -> Issuers:
        is_spiffe = assertion.type == evidences.SPIFFE_ASSERTION_TYPE
        name = assertion.claims.get('iss')
        if is_spiffe:
            subject = assertion.claims.get('sub')
            name = isinstance(subject, str) and spiffe.trust_domain(subject)
        found = [
            issuer
            for issuer in (
                self._store.find(name) if isinstance(name, str) else ()
            )
            if (issuer.kind == trusted_issuer.SPIFFE) == is_spiffe
        ]
        # Our own issuer identifier may have been changed.
        if not found or name == self._issuer:
            raise ports.Refused('assertion: it has no trusted issuer')
        self._fetcher.start()
        return found

    def _problem(
        self,
        issuer: trusted_issuer.TrustedIssuer,
        assertion: evidences.Assertion,
    ) -> str | None:
        claims = assertion.claims
        return (
            _problem_of_header(assertion, issuer.algorithms)
            or self._problem_of_audience(issuer, claims)
            or rules.problem_of_times(claims, issuer.max_lifetime)
            or rules.problem_of_lifetime(claims, issuer.max_lifetime)
            or (rules.problem_of_id(claims) if issuer.is_once else None)
        )

    def _problem_of_audience(
        self, issuer: trusted_issuer.TrustedIssuer, claims: rules.Members
    ) -> str | None:
        audience = issuer.audience or self._issuer
        accepted = () if audience is None else (audience,)
        if rules.problem_of_audience(claims, accepted) is None:
            return None
        return f'aud must be {audience} only'


def _problem_of_header(
    assertion: evidences.Assertion, algorithms: abc.Container[str]
) -> str | None:
    media_types: tuple[str, ...] = rules.MEDIA_TYPES
    if assertion.type == evidences.SPIFFE_ASSERTION_TYPE:
        # JWT-SVID, 2.3.
        media_types = (*media_types, 'jose')
    return rules.problem_of_header(assertion.header, algorithms, media_types)


def _has_signed(
    issuer: trusted_issuer.TrustedIssuer, assertion: evidences.Assertion
) -> bool:
    keys = issuer_keys.read(issuer.jwks or '')
    return keys.have_signed(assertion.text, assertion.header)


def _knows_key(
    issuer: trusted_issuer.TrustedIssuer, assertion: evidences.Assertion
) -> bool:
    """Whether an issuer has a key that may have signed an assertion."""
    return issuer.has_keys(_now()) and issuer_keys.read(
        issuer.jwks or ''
    ).knows(assertion.header.get('kid'))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def _no_signer(named: Issuers, knowing: Issuers) -> str:
    if knowing:
        return f'no key of trusted issuer {_ids(knowing)} has signed it'
    return f'trusted issuer {_ids(named)} has no such key'


def _ids(issuers: abc.Iterable[trusted_issuer.TrustedIssuer]) -> str:
    return ', '.join(issuer.id for issuer in issuers)
