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

"""The keys of trusted issuers, which one worker fetches for all.

It implements :class:`keystone_oauth2.outbound.refresher.Store`. Times are
compared in whole seconds, which is what MariaDB stores.
"""

import dataclasses
import datetime

from oslo_utils import timeutils
import sqlalchemy as sa
from sqlalchemy import orm

from keystone_oauth2.db import models
from keystone_oauth2.db import trusted_issuers
from keystone_oauth2.identity import database
from keystone_oauth2.protocol.federation import trusted_issuer

_Row = models.TrustedIssuer
_COOL_DOWN = datetime.timedelta(seconds=30)


def due(seconds: float) -> list[trusted_issuer.TrustedIssuer]:
    """Return the enabled issuers whose keys should be fetched now.

    :param seconds: the age of their keys.
    """
    now = _now()
    query = (
        sa.select(_Row)
        .where(
            _Row.is_enabled == sa.true(),
            _Row.key_source != trusted_issuer.JWKS,
            _is_cool(now),
            _is_before(
                _Row.keys_fetched_at,
                now - datetime.timedelta(seconds=seconds),
                now,
            ),
        )
        .order_by(_Row.id)
    )
    with database.session_for_read() as session:
        return [trusted_issuers.plain(row) for row in session.scalars(query)]


@database.repeat_conflicts
def claim(
    issuer: trusted_issuer.TrustedIssuer,
) -> trusted_issuer.TrustedIssuer | None:
    """Begin to fetch the keys of an issuer, unless somebody just has.

    The issuer must be enabled and unchanged, and no request for its keys may
    have begun in the last 30 seconds.

    :returns: the issuer to store keys or a failure of, or None.
    """
    now = _now()
    with database.session_for_write() as session:
        claimed = trusted_issuers.update(
            session,
            *trusted_issuers.is_unchanged(issuer),
            _Row.is_enabled == sa.true(),
            _is_cool(now),
            attempted_at=now,
            failure=None,
        )
    if not claimed:
        return None
    return dataclasses.replace(issuer, attempted_at=now, failure=None)


@database.repeat_conflicts
def store_keys(issuer: trusted_issuer.TrustedIssuer, jwks: str) -> None:
    """Store the keys of an issuer, unless somebody has claimed it since.

    :param issuer: as returned by :func:`claim`.
    :param jwks: text of a JWK set with usable keys.
    """
    with database.session_for_write() as session:
        trusted_issuers.update(
            session,
            *_is_claimed(issuer),
            jwks=jwks,
            # A clock may go backwards.
            keys_fetched_at=max(_now(), issuer.attempted_at or _now()),
            failure=None,
        )


@database.repeat_conflicts
def store_failure(issuer: trusted_issuer.TrustedIssuer, reason: str) -> None:
    """Store why keys could not be fetched, under the same condition.

    :param issuer: as returned by :func:`claim`.
    :param reason: a sentence, of which 255 characters are kept.
    """
    with database.session_for_write() as session:
        trusted_issuers.update(
            session,
            *_is_claimed(issuer),
            failure=trusted_issuers.failure_text(reason),
        )


def _now() -> datetime.datetime:
    return timeutils.utcnow().replace(microsecond=0)


def _is_before(
    column: orm.InstrumentedAttribute[datetime.datetime | None],
    time: datetime.datetime,
    now: datetime.datetime,
) -> sa.ColumnElement[bool]:
    """Whether a time is unknown, before another one, or impossible."""
    latest = now + trusted_issuer.MAX_SKEW
    return sa.or_(column.is_(None), column <= time, column > latest)


def _is_cool(now: datetime.datetime) -> sa.ColumnElement[bool]:
    return _is_before(_Row.attempted_at, now - _COOL_DOWN, now)


def _is_claimed(
    issuer: trusted_issuer.TrustedIssuer,
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        *trusted_issuers.is_unchanged(issuer),
        _Row.attempted_at == issuer.attempted_at,
    )
