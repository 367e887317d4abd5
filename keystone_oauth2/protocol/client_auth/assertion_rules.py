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

"""Rules for the header and claims of client assertions (RFC 7523, 3).

Each function returns what is wrong, as a clause, or None.
"""

import collections.abc as abc
import datetime
import re
import time
import typing as ty

# Seconds by which the clock of an issuer may be ahead (FAPI 2.0, 5.3.2.1).
_SKEW = 30
_MAX_JTI_LENGTH = 255
#: In ``typ`` (RFC 7519, 5.1; draft-ietf-oauth-rfc7523bis, 4), in lower case.
MEDIA_TYPES = ('jwt', 'client-authentication+jwt')
_DIGITS = re.compile('[0-9]{1,12}')
# The last second of the year 9999: databases cannot store later times.
_LAST_SECOND = 253_402_300_799

Members = abc.Mapping[str, ty.Any]


def problem_of_header(
    header: Members,
    algorithms: abc.Container[str],
    media_types: abc.Container[str] = MEDIA_TYPES,
) -> str | None:
    """Check a JOSE header.

    :param algorithms: that the issuer may use.
    :param media_types: that an explicit ``typ`` may have.
    """
    algorithm = header.get('alg')
    if not isinstance(algorithm, str) or algorithm not in algorithms:
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
    return None if media_type in media_types else 'unsupported typ'


def problem_of_audience(
    claims: Members, audiences: abc.Container[str]
) -> str | None:
    """Check that an assertion is for this server only."""
    audience = claims.get('aud')
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not isinstance(audience, str) or audience not in audiences:
        return 'aud must be the issuer only'
    return None


def problem_of_times(claims: Members, max_lifetime: int) -> str | None:
    """Check when an assertion is valid.

    :param max_lifetime: seconds from now in which it must expire.
    """
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


def problem_of_lifetime(claims: Members, max_lifetime: int) -> str | None:
    """Check for how long an assertion was issued, if it says so.

    :param claims: with valid times.
    :param max_lifetime: in seconds.
    """
    end, start = _moment(claims['exp']), _moment(claims.get('iat'))
    if end is None or start is None or end - start <= max_lifetime + _SKEW:
        return None
    return f'it is valid for more than {max_lifetime} seconds'


def problem_of_id(claims: Members) -> str | None:
    """Check what tells an assertion from others."""
    jti = claims.get('jti')
    if not isinstance(jti, str) or not jti.isprintable():
        return 'jti is missing or not printable text'
    if not 0 < len(jti) <= _MAX_JTI_LENGTH:
        return 'jti is empty or too long'
    return None


def end(claims: Members) -> datetime.datetime:
    """Return when an assertion with valid times expires.

    :returns: UTC without a zone.
    """
    return datetime.datetime.fromtimestamp(
        float(claims['exp']), datetime.timezone.utc
    ).replace(tzinfo=None)


def _moment(value: ty.Any) -> float | None:
    # keystonemiddleware's external_oauth2_token sends decimal strings.
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if 0 <= value <= _LAST_SECOND else None
