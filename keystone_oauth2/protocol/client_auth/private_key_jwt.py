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

import dataclasses
import datetime
import json
import re
import time
import typing as ty

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import _delegation
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.clients import registration

ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

# Seconds by which the clock of a client may be ahead (FAPI 2.0, 5.3.2.1).
_SKEW = 30
_MAX_JTI_LENGTH = 255
_MEDIA_TYPES = ('jwt', 'client-authentication+jwt')
_CLIENT_ID = re.compile('[\x20-\x7e]+')
_DIGITS = re.compile('[0-9]{1,12}')
# The last second of the year 9999: databases cannot store later times.
_LAST_SECOND = 253_402_300_799


class PrivateKeyJWT:
    """``client_assertion``, signed with a key registered for the client."""

    scheme = None
    evidence = 'client_assertion'

    def __init__(self, keystone: ports.Ports) -> None:
        self._keystone = keystone

    def is_used(
        self, request: messages.Request, form: parameters.Parameters
    ) -> bool:
        """Whether the body has an assertion, or the type of one."""
        return 'client_assertion' in form or 'client_assertion_type' in form

    def client_id(
        self, request: messages.Request, form: parameters.Parameters
    ) -> str:
        """Return the subject of the assertion, which is not yet verified.

        :raises MissingParameter: the assertion or its type is missing.
        :raises InvalidClient: it cannot be read.
        """
        return _read(form).subject

    def authenticate(
        self, request: messages.Request, form: parameters.Parameters
    ) -> messages.Client:
        """Check the assertion, and mark it as used.

        :raises errors.OAuthError: it cannot be read.
        :raises ports.Refused: it is not valid.
        """
        assertion = _read(form)
        assertion.check(self._keystone.assertion_rules, time.time())
        credential, keys = self._keystone.find_authenticators(
            assertion.subject, registration.KEY
        )
        for key in keys:
            if assertion.is_signed_with(key.value):
                break
        else:
            raise ports.Refused(
                f'client {credential.id}: no registered key has signed the '
                f'assertion'
            )
        try:
            # An older release, without this check, may have registered it.
            jwk.check(key.value)
        except ValueError as error:
            raise ports.Refused(
                f'client {credential.id}: the key that has signed the '
                f'assertion {error}'
            ) from error
        if not self._keystone.consume_assertion(
            credential.id, assertion.jti, assertion.expires_at
        ):
            raise ports.Refused(
                f'client {credential.id}: the assertion was already used'
            )
        return _delegation.client(
            self._keystone, 'private_key_jwt', credential.used(key)
        )


@dataclasses.dataclass(frozen=True)
class _Assertion:
    """A client assertion; only :attr:`subject` has been checked so far."""

    text: str
    header: dict[str, ty.Any]
    claims: dict[str, ty.Any]
    subject: str

    @property
    def jti(self) -> str:
        return ty.cast(str, self.claims['jti'])

    @property
    def expires_at(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(
            float(self.claims['exp']), datetime.timezone.utc
        ).replace(tzinfo=None)

    def check(self, rules: ports.AssertionRules, now: float) -> None:
        """Check the claims (RFC 7523, 3).

        :raises ports.Refused: one is not valid.
        """
        for problem in (
            self._problem_of_header(),
            self._problem_of_audience(rules.audiences),
            self._problem_of_times(rules.max_lifetime, now),
            self._problem_of_id(),
        ):
            if problem is not None:
                raise ports.Refused(f'assertion: {problem}')

    def is_signed_with(self, key: jwk.JWK) -> bool:
        """Whether a registered key has signed the assertion."""
        kid = self.header.get('kid')
        if kid is not None and key.get('kid', kid) != kid:
            return False
        algorithm = self.header['alg']
        if algorithm not in jwk.algorithms(key):
            return False
        return jwk.has_signed(key, self.text, algorithm)

    def _problem_of_header(self) -> str | None:
        if self.header.get('alg') not in jwk.ALGORITHMS:
            return 'unsupported alg'
        # RFC 7515, 4.1.11: no critical extension is supported.
        if 'crit' in self.header:
            return 'unsupported crit'
        # RFC 7797, 7: a JWT is always encoded.
        if self.header.get('b64', True) is not True:
            return 'unsupported b64'
        if not isinstance(self.header.get('kid', ''), str):
            return 'kid is not a string'
        media_type = self.header.get('typ', 'JWT')
        if not isinstance(media_type, str):
            return 'typ is not a string'
        media_type = media_type.lower().removeprefix('application/')
        return None if media_type in _MEDIA_TYPES else 'unsupported typ'

    def _problem_of_audience(self, audiences: frozenset[str]) -> str | None:
        audience = self.claims.get('aud')
        if isinstance(audience, list) and len(audience) == 1:
            audience = audience[0]
        if not isinstance(audience, str) or audience not in audiences:
            return 'aud must be the issuer only'
        return None

    def _problem_of_times(self, max_lifetime: int, now: float) -> str | None:
        times = {
            name: _moment(self.claims[name])
            for name in ('exp', 'nbf', 'iat')
            if name in self.claims
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

    def _problem_of_id(self) -> str | None:
        jti = self.claims.get('jti')
        if not isinstance(jti, str) or not jti.isprintable():
            return 'jti is missing or not printable text'
        if not 0 < len(jti) <= _MAX_JTI_LENGTH:
            return 'jti is empty or too long'
        return None


def _read(form: parameters.Parameters) -> _Assertion:
    if form.required('client_assertion_type') != ASSERTION_TYPE:
        raise errors.InvalidClient(detail='unknown client_assertion_type')
    text = form.required('client_assertion')
    try:
        header, claims = _read_parts(text)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidClient(
            detail=f'assertion: not a JWT: {error}'
        ) from error
    subject = claims.get('sub')
    if not isinstance(subject, str) or not _CLIENT_ID.fullmatch(subject):
        raise errors.InvalidClient(detail='assertion: sub is not a client id')
    if claims.get('iss') != subject:
        raise errors.InvalidClient(detail='assertion: iss differs from sub')
    if form.get('client_id') not in (None, subject):
        raise errors.InvalidClient(
            detail='assertion: sub differs from client_id'
        )
    return _Assertion(text, header, claims, subject)


def _read_parts(text: str) -> list[dict[str, ty.Any]]:
    """Return header and claims of a compact JWS (RFC 7515, 7.1).

    :raises ValueError: it is malformed, or not in its canonical form.
    :raises RecursionError: it is nested too deeply.
    """
    parts = text.split('.')
    if len(parts) != 3:
        raise ValueError('must have three parts')
    decoded = [jwk.octets(part) for part in parts]
    return [_read_object(part) for part in decoded[:2]]


def _read_object(content: bytes) -> dict[str, ty.Any]:
    # json.loads also accepts bytes in UTF-16 and UTF-32, and skips a byte
    # order mark; RFC 7515, 5.2, and RFC 7519, 7.2, require UTF-8.
    value = json.loads(
        content.decode('utf-8'),
        object_pairs_hook=_unique,
        parse_constant=_refuse_constant,
    )
    if not isinstance(value, dict):
        raise ValueError('header and claims must be objects')
    return value


def _unique(members: list[tuple[str, ty.Any]]) -> dict[str, ty.Any]:
    # Parsers differ in which duplicate wins (RFC 7515, 4; RFC 8725, 2.4).
    found = dict(members)
    if len(found) != len(members):
        raise ValueError('duplicate member')
    return found


def _refuse_constant(name: str) -> ty.NoReturn:
    # Python reads NaN and Infinity, which JSON does not have.
    raise ValueError(f'{name} is not JSON')


def _moment(value: ty.Any) -> float | None:
    # keystonemiddleware's external_oauth2_token sends decimal strings.
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if 0 <= value <= _LAST_SECOND else None
