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

"""Registrations of clients.

Each change locks the row of the application credential until the end of the
transaction, so that its counts and comparisons stay valid.
"""

import collections.abc as abc
import contextlib
import datetime
import json
import typing as ty
import uuid

from oslo_db import exception
from oslo_log import log
from oslo_utils import timeutils
import sqlalchemy as sa
from sqlalchemy import orm

from keystone_oauth2.db import models
from keystone_oauth2.db import revocation_events
from keystone_oauth2.db import trusted_issuers
from keystone_oauth2.identity import database
from keystone_oauth2.protocol import revocation_event
from keystone_oauth2.protocol.clients import registration

LOG = log.getLogger(__name__)

_Client = models.Client
_Row = models.ClientAuthenticator
_credential = database.application_credential
_user = database.user
_project = database.project
_domain = _project.alias('domain')


def show(client_id: str) -> registration.Registration:
    """Return the registration of a client.

    :raises registration.UnknownClient: there is no such credential.
    """
    with database.session_for_read() as session:
        internal_id = _internal_id(session, client_id)
        return _registration(session, client_id, internal_id)


@database.repeat_conflicts
def add(
    client_id: str,
    authenticators: abc.Collection[registration.NewAuthenticator],
    limit: int,
    authority: registration.Authority,
    *,
    keep_known: bool = False,
) -> tuple[list[registration.Authenticator], frozenset[str]]:
    """Register authenticators, all or none.

    Expired authenticators of the client are deleted first.

    :param limit: how many of a kind the client may have.
    :param authority: of the owner.
    :param keep_known: whether authenticators that are already registered are
        left unchanged, instead of a conflict.
    :returns: all of them, in order, and the ids of the new ones.
    :raises registration.UnknownClient: there is no such credential.
    :raises registration.NotAuthorized: the authority is no longer valid.
    :raises registration.TooMany: the limit would be exceeded.
    :raises registration.Conflict: one is already registered, or the issuer of
        one is not trusted.
    """
    result = []
    added = []
    try:
        with _changing(client_id) as (session, internal_id):
            _hold_issuers(session, authenticators)
            _check_owner(session, internal_id, authority)
            _delete_expired(session, client_id)
            known = {}
            if keep_known:
                before = _registration(session, client_id, internal_id)
                known = before.by_fingerprint()
            for new in authenticators:
                authenticator = known.get((new.kind, new.fingerprint))
                if authenticator is None:
                    row = _new_row(new, client_id, internal_id)
                    session.add(row)
                    session.flush()
                    authenticator = _plain(row)
                    added.append(authenticator)
                result.append(authenticator)
            registered = _registration(session, client_id, internal_id)
            for kind in {item.kind for item in added}:
                if len(registered.of_kind(kind)) > limit:
                    raise registration.TooMany(
                        f'The client already has {limit} authenticators of '
                        f'this kind, the maximum: delete one first.'
                    )
    except exception.DBDuplicateEntry as error:
        raise registration.Conflict(
            'The client already has this authenticator.'
        ) from error
    return result, frozenset(item.id for item in added)


@database.repeat_conflicts
def remove(
    client_id: str,
    kind: str,
    authenticator_id: str,
    authority: registration.Authority,
    accepting: registration.Accepting,
    event: abc.Callable[[], revocation_event.RevocationEvent] | None = None,
) -> None:
    """Remove an authenticator.

    :param authority: of the owner or of an administrator.
    :param accepting: returns the methods that accept an authenticator.
    :param event: makes the event that the client's tokens are revoked, too.
    :raises registration.UnknownClient: there is no such credential.
    :raises registration.NotAuthorized: the authority is no longer valid.
    :raises registration.UnknownAuthenticator: it has no such authenticator.
    :raises registration.Conflict: the client could no longer authenticate.
    """
    with _keeping_usable(client_id, accepting) as (session, internal_id):
        _check_remover(session, internal_id, authority)
        deleted = _count(
            session,
            sa.delete(_Row).where(
                _Row.id == authenticator_id,
                _Row.kind == kind,
                _Row.client_id == client_id,
                _Row.credential_internal_id == internal_id,
            ),
        )
        if not deleted:
            raise registration.UnknownAuthenticator
        if event is not None:
            _revoke_tokens(session, internal_id, event())


@database.repeat_conflicts
def retire_secret(
    client_id: str,
    authority: registration.Authority,
    accepting: registration.Accepting,
    event: abc.Callable[[], revocation_event.RevocationEvent] | None = None,
) -> None:
    """Retire the application credential's own secret.

    :param authority: of the owner or of an administrator.
    :param accepting: returns the methods that accept an authenticator.
    :param event: makes the event that the client's tokens are revoked, too.
    :raises registration.UnknownClient: there is no such credential.
    :raises registration.NotAuthorized: the authority is no longer valid.
    :raises registration.UnknownAuthenticator: it is already retired.
    :raises registration.Conflict: the client could no longer authenticate.
    """
    with _keeping_usable(client_id, accepting) as (session, internal_id):
        _check_remover(session, internal_id, authority)
        retired = _count(
            session,
            sa.update(_Client)
            .where(
                _Client.credential_internal_id == internal_id,
                _Client.secret_retired_at.is_(None),
            )
            .values(secret_retired_at=timeutils.utcnow()),
        )
        if not retired:
            raise registration.UnknownAuthenticator
        if event is not None:
            _revoke_tokens(session, internal_id, event())


def _revoke_tokens(
    session: orm.Session,
    internal_id: int,
    event: revocation_event.RevocationEvent,
) -> None:
    session.execute(
        sa.update(_Client)
        .where(_Client.credential_internal_id == internal_id)
        .values(tokens_revoked_at=timeutils.utcnow().replace(microsecond=0))
    )
    revocation_events.add(session, event)


@database.repeat_conflicts
def set_methods(
    client_id: str,
    methods: abc.Set[str] | None,
    authority: registration.Authority,
    accepting: registration.Accepting,
) -> None:
    """Set the methods that a client may use.

    :param methods: None for any.
    :param authority: of the owner.
    :param accepting: returns the methods that accept an authenticator.
    :raises registration.UnknownClient: there is no such credential.
    :raises registration.NotAuthorized: the authority is no longer valid.
    :raises registration.Conflict: the client could no longer authenticate.
    """
    text = None if methods is None else ' '.join(sorted(methods))
    with _keeping_usable(client_id, accepting) as (session, internal_id):
        _check_owner(session, internal_id, authority)
        session.execute(
            sa.update(_Client)
            .where(_Client.credential_internal_id == internal_id)
            .values(methods=text)
        )


def expiring(before: datetime.datetime) -> list[registration.Authenticator]:
    """Return the authenticators that expire before a given time (UTC).

    They are sorted by expiration. Expired ones are left out.
    """
    query = (
        sa.select(_Row)
        .join(
            _credential,
            sa.and_(
                _credential.c.internal_id == _Row.credential_internal_id,
                _credential.c.id == _Row.client_id,
            ),
        )
        .where(_Row.expires_at > timeutils.utcnow(), _Row.expires_at < before)
        .order_by(_Row.expires_at, _Row.id)
    )
    with database.session_for_read() as session:
        return [_plain(row) for row in session.scalars(query)]


def purge() -> int:
    """Delete authenticators that have expired or whose client was deleted.

    :returns: how many were deleted.
    """
    deleted = _purge_orphans()
    with database.session_for_read() as session:
        client_ids = session.scalars(
            sa.select(_Row.client_id)
            .where(_Row.expires_at <= timeutils.utcnow())
            .distinct()
        ).all()
    for client_id in client_ids:
        # One client at a time, as for any other change, which avoids
        # deadlocks.
        try:
            deleted += _purge_client(client_id)
        except registration.UnknownClient:
            LOG.debug('The client was deleted meanwhile')
    return deleted


@database.repeat_conflicts
def _purge_client(client_id: str) -> int:
    with _changing(client_id) as (session, _):
        return _delete_expired(session, client_id)


def _delete_expired(session: orm.Session, client_id: str) -> int:
    # By id: MariaDB locks all rows that it reads, including other clients'.
    ids = session.scalars(
        sa.select(_Row.id).where(
            _Row.client_id == client_id,
            _Row.expires_at <= timeutils.utcnow(),
        )
    ).all()
    if not ids:
        return 0
    return _count(session, sa.delete(_Row).where(_Row.id.in_(ids)))


def _purge_orphans() -> int:
    # Only SQLite has any: see models.
    with database.session_for_read() as session:
        client_ids, ids = (
            session.scalars(
                sa.select(column)
                .outerjoin(
                    _credential,
                    sa.and_(
                        _credential.c.internal_id
                        == model.credential_internal_id,
                        _credential.c.id == model.client_id,
                    ),
                )
                .where(_credential.c.internal_id.is_(None))
            ).all()
            for model, column in (
                (_Client, _Client.client_id),
                (_Row, _Row.id),
            )
        )
    deleted = 0
    if client_ids or ids:
        with database.session_for_write() as session:
            session.execute(
                sa.delete(_Client).where(_Client.client_id.in_(client_ids))
            )
            deleted = _count(session, sa.delete(_Row).where(_Row.id.in_(ids)))
    return deleted


@contextlib.contextmanager
def _changing(client_id: str) -> abc.Iterator[tuple[orm.Session, int]]:
    with database.session_for_read() as session:
        internal_id = _internal_id(session, client_id)
        is_known = _known(session, internal_id) == client_id
    with database.session_for_write() as session:
        _lock_credential(session, client_id, internal_id)
        _lock_client(session, client_id, internal_id, is_known)
        yield session, internal_id


@contextlib.contextmanager
def _keeping_usable(
    client_id: str, accepting: registration.Accepting
) -> abc.Iterator[tuple[orm.Session, int]]:
    with _changing(client_id) as (session, internal_id):
        before = _registration(session, client_id, internal_id)
        yield session, internal_id
        session.expire_all()
        after = _registration(session, client_id, internal_id)
        after.check_usable(before, timeutils.utcnow(), accepting)


def _check_owner(
    session: orm.Session, internal_id: int, authority: registration.Authority
) -> None:
    """Check that the owner may still change the registration.

    :raises registration.NotAuthorized: the client has another owner, its
        project or the project's domain is disabled, or the user may not
        remove anything either.
    """
    owner = session.execute(
        sa.select(_credential.c.user_id, _project.c.enabled, _domain.c.enabled)
        .join(_project, _project.c.id == _credential.c.project_id)
        .join(_domain, _domain.c.id == _project.c.domain_id)
        .where(_credential.c.internal_id == internal_id)
    ).first()
    if owner is None or tuple(owner) != (authority.user_id, True, True):
        raise registration.NotAuthorized(
            'the user is not the owner, or the project is disabled'
        )
    _check_user(session, authority)


def _check_remover(
    session: orm.Session, internal_id: int, authority: registration.Authority
) -> None:
    """Check that a user may still remove an authenticator of the client.

    For the owner, the rules are the same as for any other change.

    :raises registration.NotAuthorized: the user, the user's domain or the
        application credential of the token is no longer valid.
    """
    owner_id = session.scalar(
        sa.select(_credential.c.user_id).where(
            _credential.c.internal_id == internal_id
        )
    )
    if owner_id == authority.user_id:
        _check_owner(session, internal_id, authority)
    else:
        _check_user(session, authority)


def _check_user(
    session: orm.Session, authority: registration.Authority
) -> None:
    user = session.execute(
        sa.select(_user.c.id, _user.c.enabled, _domain.c.enabled)
        .join(_domain, _domain.c.id == _user.c.domain_id)
        .where(_user.c.id == authority.user_id)
    ).first()
    # Users in a directory may have no row; the directory was asked before.
    if user is not None and tuple(user) != (authority.user_id, True, True):
        raise registration.NotAuthorized(
            'the user or the domain of the user is disabled'
        )
    credential_id = authority.application_credential_id
    if credential_id is None:
        return
    credential = session.execute(
        sa.select(_credential.c.id, _credential.c.expires_at).where(
            _credential.c.id == credential_id
        )
    ).first()
    if credential is None or credential.id != credential_id:
        raise registration.NotAuthorized(
            'the application credential was deleted'
        )
    end = credential.expires_at
    if end is not None and end <= timeutils.utcnow():
        raise registration.NotAuthorized(
            'the application credential has expired'
        )


def _lock_credential(
    session: orm.Session, client_id: str, internal_id: int
) -> None:
    # Deleting the credential also starts with its row, so the same order
    # avoids deadlocks. The lock comes before any read, since MariaDB would
    # otherwise keep showing the state from before the wait. It is an update
    # that changes nothing, since SQLite does not let a transaction write after
    # it has read rows that another one has changed since.
    locked = _count(
        session,
        sa.update(_credential)
        .where(
            _credential.c.internal_id == internal_id,
            _credential.c.id == client_id,
        )
        .values(name=_credential.c.name),
    )
    if not locked:
        raise registration.UnknownClient


def _lock_client(
    session: orm.Session, client_id: str, internal_id: int, is_known: bool
) -> None:
    own = _Client.credential_internal_id == internal_id
    # The nodes of a Galera cluster ignore the locks of each other. They
    # compare the rows that were changed, so each change changes this one, and
    # before any read, as above. Not if there was none: MariaDB would lock the
    # gap for other clients.
    if is_known and _count(
        session,
        sa.update(_Client)
        .where(own, _Client.client_id == client_id)
        .values(revision=_Client.revision + 1),
    ):
        return
    known = _known(session, internal_id)
    if known == client_id:
        raise database.Conflict
    if known is not None:
        # SQLite reuses internal ids: see models.
        session.execute(sa.delete(_Client).where(own))
        session.execute(
            sa.delete(_Row).where(_Row.credential_internal_id == internal_id)
        )
    try:
        session.execute(
            sa.insert(_Client).values(
                credential_internal_id=internal_id, client_id=client_id
            )
        )
    except exception.DBDuplicateEntry as error:
        raise database.Conflict from error


def _hold_issuers(
    session: orm.Session,
    authenticators: abc.Collection[registration.NewAuthenticator],
) -> None:
    """Check that the issuers of federated identities are trusted.

    :raises registration.Conflict: one is not.
    """
    issuers = {
        (item.value['issuer_id'], item.value['issuer'])
        for item in authenticators
        if item.kind == registration.FEDERATED_IDENTITY and item.value
    }
    # In the same order each time, which avoids deadlocks.
    for issuer_id, issuer in sorted(issuers):
        if not trusted_issuers.hold(session, issuer_id, issuer):
            raise registration.Conflict(
                f'The issuer {issuer_id} is no longer trusted.'
            )


def _known(session: orm.Session, internal_id: int) -> str | None:
    return session.scalar(
        sa.select(_Client.client_id).where(
            _Client.credential_internal_id == internal_id
        )
    )


def _internal_id(session: orm.Session, client_id: str) -> int:
    row = session.execute(
        sa.select(_credential.c.internal_id, _credential.c.id).where(
            _credential.c.id == client_id
        )
    ).first()
    # Databases may ignore case and trailing spaces when they compare ids.
    if row is None or row.id != client_id:
        raise registration.UnknownClient
    internal_id: int = row.internal_id
    return internal_id


def _registration(
    session: orm.Session, client_id: str, internal_id: int
) -> registration.Registration:
    client = session.get(_Client, internal_id)
    if client is None or client.client_id != client_id:
        return registration.Registration(client_id)
    return registration.Registration(
        client_id,
        methods=None
        if client.methods is None
        else frozenset(client.methods.split()),
        secret_retired_at=client.secret_retired_at,
        secret_last_used_at=client.secret_last_used_at,
        authenticators=tuple(
            _plain(row)
            for row in session.scalars(
                sa.select(_Row).where(
                    _Row.client_id == client_id,
                    _Row.credential_internal_id == internal_id,
                )
            )
        ),
    )


def _count(session: orm.Session, statement: sa.Executable) -> int:
    result: ty.Any = session.execute(statement)
    count: int = result.rowcount
    return count


def _new_row(
    new: registration.NewAuthenticator, client_id: str, internal_id: int
) -> models.ClientAuthenticator:
    return _Row(
        id=uuid.uuid4().hex,
        credential_internal_id=internal_id,
        client_id=client_id,
        kind=new.kind,
        fingerprint=new.fingerprint,
        value=None if new.value is None else json.dumps(new.value),
        description=new.description,
        created_at=timeutils.utcnow().replace(microsecond=0),
        expires_at=new.expires_at,
    )


def _plain(row: models.ClientAuthenticator) -> registration.Authenticator:
    return registration.Authenticator(
        id=row.id,
        client_id=row.client_id,
        kind=row.kind,
        fingerprint=row.fingerprint,
        value=None if row.value is None else json.loads(row.value),
        description=row.description,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
