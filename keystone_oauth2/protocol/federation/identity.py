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

"""Federated identities: which subjects of a trusted issuer are a client.

Their conditions are equalities: of the subject, and of claims. What a JWT
does not say is never equal to anything.
"""

import collections.abc as abc
import dataclasses
import hashlib
import json
import re
import typing as ty

from keystone_oauth2.protocol.federation import claim_names
from keystone_oauth2.protocol.federation import kinds
from keystone_oauth2.protocol.federation import spiffe
from keystone_oauth2.protocol.federation import trusted_issuer

Claims = abc.Mapping[str, ty.Any]

_MAX_CLAIMS = 10
_MAX_VALUES = 10
_MAX_TEXT = 1024
# Databases take 64 KiB, of JSON that escapes each character.
_MAX_LENGTH = 16 * 1024
# Integers beyond this are not exact in all JSON parsers (RFC 8259, 6).
_MAX_INTEGER = 2**53 - 1
# Whose subject is all that says which workload it is.
_WITH_SUBJECT = frozenset({trusted_issuer.KUBERNETES, trusted_issuer.SPIFFE})
# Others than the subject say nothing of who it is.
_REGISTERED = frozenset({'iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'})


@dataclasses.dataclass(frozen=True, kw_only=True)
class FederatedIdentity:
    """What a JWT must say so that it is a client's.

    :ivar issuer_id: of the trusted issuer.
    :ivar issuer: its ``iss``: another one may get the id later.
    :ivar subject: the exact ``sub``; for SPIFFE it may end in ``/*``; None for
        any.
    :ivar claims: values by the names of claims (see :mod:`.claim_names`), of
        which a JWT must have one each.
    """

    issuer_id: str
    issuer: str
    subject: str | None = None
    claims: abc.Mapping[str, tuple[ty.Any, ...]] = dataclasses.field(
        default_factory=dict
    )

    @classmethod
    def read(
        cls,
        issuer: trusted_issuer.TrustedIssuer,
        subject: str | None,
        claims: abc.Mapping[str, ty.Any],
    ) -> 'FederatedIdentity':
        """Return what the owner of a client wants to register.

        :param claims: a value or a list of values by name.
        :raises ValueError: it is malformed, or not specific enough for this
            issuer; one sentence with the reason.
        """
        if len(claims) > _MAX_CLAIMS:
            raise ValueError(f'At most {_MAX_CLAIMS} claims can be bound.')
        read = cls(
            issuer_id=issuer.id,
            issuer=issuer.issuer,
            subject=subject,
            claims={
                name: _values(name, value, issuer.kind)
                for name, value in sorted(claims.items())
            },
        )
        if subject is not None:
            _check_subject(subject, issuer)
        lacking = read.lacking(issuer)
        if lacking is not None:
            raise ValueError(f'It must have {lacking}.')
        if len(json.dumps(read.value)) > _MAX_LENGTH:
            raise ValueError(f'It has more than {_MAX_LENGTH} characters.')
        return read

    @classmethod
    def of(cls, value: abc.Mapping[str, ty.Any]) -> 'FederatedIdentity':
        """Return one that is registered.

        :param value: see :attr:`value`.
        """
        return cls(
            issuer_id=value['issuer_id'],
            issuer=value['issuer'],
            subject=value['subject'],
            claims={
                name: tuple(values) for name, values in value['claims'].items()
            },
        )

    @property
    def value(self) -> dict[str, ty.Any]:
        """Its members, for JSON."""
        return {
            'issuer_id': self.issuer_id,
            'issuer': self.issuer,
            'subject': self.subject,
            'claims': {
                name: list(values) for name, values in self.claims.items()
            },
        }

    @property
    def fingerprint(self) -> str:
        """What tells it from others, in hexadecimal."""
        text = json.dumps(self.value, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def problem(
        self, issuer: trusted_issuer.TrustedIssuer, claims: Claims
    ) -> str | None:
        """Return why a JWT of an issuer is not this client's, or None.

        :param issuer: that has signed it, as it is registered now.
        :param claims: of the JWT.
        :returns: a clause.
        """
        if (issuer.id, issuer.issuer) != (self.issuer_id, self.issuer):
            return 'it is of another issuer'
        lacking = self.lacking(issuer)
        if lacking is not None:
            return f'the issuer now requires {lacking}'
        return (
            self._problem_of_subject(issuer.kind, claims.get('sub'))
            or self._problem_of_claims(claims)
            or kinds.problem_of_unbound(issuer.kind, claims, self.claims)
        )

    def lacking(self, issuer: trusted_issuer.TrustedIssuer) -> str | None:
        """Return what it must bind for an issuer, but does not.

        :param issuer: as it is registered now.
        """
        required = issuer.required_claims
        if required and not self.claims.keys() & set(required):
            return f'at least one of the claims {", ".join(required)}'
        needs_subject = not required or issuer.kind in _WITH_SUBJECT
        if needs_subject and self.subject is None:
            return 'a subject'
        return None

    def _problem_of_subject(self, kind: str, subject: ty.Any) -> str | None:
        if self.subject is None:
            return None
        if not isinstance(subject, str):
            return 'sub is missing'
        is_same = subject == self.subject
        if kind == trusted_issuer.SPIFFE:
            is_same = spiffe.matches(self.subject, subject)
        return None if is_same else f'sub is {claim_names.shown(subject)}'

    def _problem_of_claims(self, claims: Claims) -> str | None:
        for name, values in self.claims.items():
            exists, value = claim_names.find(name, claims)
            if not exists:
                return f'{name} is missing'
            if not any(_equal(value, one) for one in values):
                return f'{name} is {claim_names.shown(value)}'
        return None


def _equal(value: ty.Any, registered: ty.Any) -> bool:
    # In Python, True is 1, and 1.0 as well.
    return type(value) is type(registered) and bool(value == registered)


def _check_subject(subject: str, issuer: trusted_issuer.TrustedIssuer) -> None:
    if issuer.kind == trusted_issuer.SPIFFE:
        spiffe.check_subject(subject, issuer.issuer)
        return
    _check_text('The subject', subject)
    kinds.check_subject(issuer.kind, subject)


def _values(name: str, value: ty.Any, kind: str) -> tuple[ty.Any, ...]:
    claim_names.check(name)
    if name.removeprefix('/') in _REGISTERED:
        raise ValueError(
            f'The claim {name} cannot be bound: the subject is a member of '
            f'its own, and the others differ in each JWT.'
        )
    values = value if isinstance(value, list) else [value]
    if not 0 < len(values) <= _MAX_VALUES:
        raise ValueError(
            f'The claim {name} must have 1 to {_MAX_VALUES} values.'
        )
    for one in values:
        _check_value(name, one, kind)
    unique = {json.dumps(one): one for one in values}
    return tuple(unique[text] for text in sorted(unique))


def _check_value(name: str, value: ty.Any, kind: str) -> None:
    if isinstance(value, str):
        _check_text(f'The claim {name}', value)
        return
    if not isinstance(value, (bool, int)) or abs(value) > _MAX_INTEGER:
        raise ValueError(
            f'The claim {name} must be a string, an integer, true, false, or '
            f'a list of these.'
        )
    kinds.check_not_text(kind, name, value)


def _check_text(what: str, text: str) -> None:
    if not 0 < len(text) <= _MAX_TEXT or not _is_printable(text):
        raise ValueError(
            f'{what} must have 1 to {_MAX_TEXT} printable characters.'
        )
    if '*' in text:
        raise ValueError(
            f'{what} is compared exactly, and * has no special meaning: give '
            f'whole values, or a list of them.'
        )


def _is_printable(text: str) -> bool:
    # Half of a surrogate pair is not printable either.
    return bool(re.fullmatch(r'[^\x00-\x1f\x7f\ud800-\udfff]*', text))
