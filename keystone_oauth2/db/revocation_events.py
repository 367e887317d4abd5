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
import typing as ty

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
#: How many tokens and clients of a user are listed one by one. A client that
#: keeps getting and revoking tokens must not make the list long for all
#: services, nor a user who keeps creating and deleting clients.
LISTED_OF_USER = 100


def record(event: _Event) -> None:
    """Store an event."""
    _insert(event)
    _cleaner.clean()


@database.repeat_conflicts
def _insert(event: _Event) -> None:
    with database.session_for_write() as session:
        add(session, event)


def add(session: orm.Session, event: _Event) -> None:
    """Store an event as a part of another change.

    It replaces those with the same ids, and the many of a user.
    """
    # First, since SQLite does not let a transaction write after it has read
    # rows that another one has changed since.
    row = _Row(
        **dataclasses.asdict(event),
        revoked_at=timeutils.utcnow().replace(microsecond=0),
    )
    session.add(row)
    session.flush()
    own = row.id
    replaced = _rows(session, own, _with_ids(event.ids()))
    changes: dict[str, ty.Any] = {}
    if event.user_id and (event.audit_id or event.client_id):
        many = _rows(session, own, _listed_of(event.user_id))
        if len(many) >= LISTED_OF_USER:
            former = _rows(session, own, _with_ids({'user_id': event.user_id}))
            replaced = [*many, *former]
            changes = {'audit_id': None, 'client_id': None}
    if replaced:
        _replace(session, own, event, replaced, changes)


def _rows(
    session: orm.Session, own: int, which: sa.ColumnElement[bool]
) -> list[ty.Any]:
    query = sa.select(_Row.id, _Row.issued_before, _Row.expires_at)
    return list(session.execute(query.where(which, _Row.id != own)))


def _with_ids(ids: dict[str, str]) -> sa.ColumnElement[bool]:
    return sa.and_(
        *(
            getattr(_Row, name).is_not_distinct_from(ids.get(name))
            for name in _IDS
        )
    )


def _listed_of(user_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        _Row.user_id == user_id,
        sa.or_(_Row.audit_id.is_not(None), _Row.client_id.is_not(None)),
    )


def _replace(
    session: orm.Session,
    own: int,
    event: _Event,
    replaced: list[ty.Any],
    changes: dict[str, ty.Any],
) -> None:
    """Delete rows, and let the new one last as long as they would have."""
    times = [*replaced, event]
    session.execute(
        sa.update(_Row)
        .where(_Row.id == own)
        .values(
            issued_before=max(row.issued_before for row in times),
            expires_at=max(row.expires_at for row in times),
            **changes,
        )
    )
    ids = [row.id for row in replaced]
    session.execute(sa.delete(_Row).where(_Row.id.in_(ids)))


def version() -> str:
    """Return a text that changes when the list does, without reading it."""
    with database.session_for_read() as session:
        return _version(session)


def _version(session: orm.Session) -> str:
    query = sa.select(
        sa.func.count(), sa.func.sum(_Row.id), sa.func.max(_Row.revoked_at)
    ).where(_Row.expires_at > timeutils.utcnow())
    return '-'.join(map(str, session.execute(query).one()))


def show(
    since: datetime.datetime | None = None,
) -> tuple[str, list[_Event]]:
    """Return the version, and the events, oldest first.

    Of those with the same ids, the last is returned. The version is from the
    same server as the events, which may lag behind others.

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
        # First: a newer list of an older version only costs a request.
        version = _version(session)
        rows = session.execute(query).mappings()
        return version, [_Event(**row) for row in rows]


def purge() -> int:
    """Delete events that have expired; see :func:`.expired_rows.purge`."""
    return expired_rows.purge(_Row)
