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

"""Revocation events, until no token that they concern can be left."""

import dataclasses
import datetime

from oslo_utils import timeutils
import sqlalchemy as sa
from sqlalchemy import orm

from keystone_oauth2.db import expired_rows
from keystone_oauth2.db import models
from keystone_oauth2.identity import database
from keystone_oauth2.protocol import revocation_event

_Event = revocation_event.RevocationEvent
_Row = models.RevocationEvent
_IDS = ('audit_id', 'client_id', 'user_id', 'project_id', 'domain_id')
_cleaner = expired_rows.Cleaner(_Row)
#: How many revoked tokens of a user are listed one by one. Whoever gets and
#: revokes tokens all the time must not make the list long for all services.
TOKENS_OF_USER = 100


def record(event: _Event) -> None:
    """Store an event."""
    _insert(event)
    _cleaner.clean()


@database.repeat_conflicts
def _insert(event: _Event) -> None:
    with database.session_for_write() as session:
        if event.audit_id is not None and _has_many(session, event):
            event = _of_all_tokens(session, event)
        add(session, event)


def _tokens_of(event: _Event) -> sa.ColumnElement[bool]:
    return sa.and_(_Row.user_id == event.user_id, _Row.audit_id.is_not(None))


def _has_many(session: orm.Session, event: _Event) -> bool:
    count = sa.select(sa.func.count()).where(_tokens_of(event))
    return (session.scalar(count) or 0) >= TOKENS_OF_USER


def _of_all_tokens(session: orm.Session, event: _Event) -> _Event:
    """Replace the events of the tokens of a user by one of the user."""
    ends = sa.select(sa.func.max(_Row.expires_at)).where(_tokens_of(event))
    end = max(session.scalar(ends) or event.expires_at, event.expires_at)
    session.execute(sa.delete(_Row).where(_tokens_of(event)))
    return dataclasses.replace(event, audit_id=None, expires_at=end)


def add(session: orm.Session, event: _Event) -> None:
    """Store an event as a part of another change."""
    session.execute(
        sa.insert(_Row).values(
            **dataclasses.asdict(event),
            revoked_at=timeutils.utcnow().replace(microsecond=0),
        )
    )


def version() -> str:
    """Return a text that changes when the list does, without reading it."""
    query = sa.select(
        sa.func.count(), sa.func.max(_Row.id), sa.func.max(_Row.revoked_at)
    ).where(_Row.expires_at > timeutils.utcnow())
    with database.session_for_read() as session:
        return '-'.join(map(str, session.execute(query).one()))


def show(since: datetime.datetime | None = None) -> list[_Event]:
    """Return the events, oldest first; of those with the same ids, the last.

    :param since: leave out what was recorded before; UTC without a zone.
    """
    ids = [getattr(_Row, name) for name in _IDS]
    query = (
        sa.select(
            *ids,
            sa.func.max(_Row.issued_before).label('issued_before'),
            sa.func.max(_Row.expires_at).label('expires_at'),
        )
        .where(_Row.expires_at > timeutils.utcnow())
        .group_by(*ids)
        .order_by(sa.func.max(_Row.id))
    )
    if since is not None:
        query = query.where(_Row.revoked_at >= since)
    with database.session_for_read() as session:
        return [_Event(**row) for row in session.execute(query).mappings()]


def purge(limit: int | None = None) -> int:
    """Delete events that have expired; see :func:`.expired_rows.purge`."""
    return expired_rows.purge(_Row, limit)
