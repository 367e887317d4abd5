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

"""The current state of application credentials and their authenticators.

This module implements :class:`keystone_oauth2.protocol.ports.ClientStore`. It
bypasses Keystone's caches: a credential that any worker has deleted or
disabled, or that has expired, is refused at the very next request.
"""

import collections.abc as abc
import datetime
import json
import typing as ty

from oslo_db import exception
from oslo_log import log
from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import models
from keystone_oauth2.identity import database
from keystone_oauth2.identity import lookups
from keystone_oauth2.identity import users
from keystone_oauth2.protocol import claims
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration

LOG = log.getLogger(__name__)

_Digest = models.SecretDigest
_Client = models.Client
_Authenticator = models.ClientAuthenticator
_credential = database.application_credential
_access_rule = database.application_credential_access_rule
_credential_role = database.application_credential_role
_local_user = database.local_user
_user = database.user
_user_domain = database.project.alias('user_domain')
_option = database.user_option
_project = database.project
_project_domain = database.project.alias('project_domain')
_role = database.role
_ONE_MINUTE = datetime.timedelta(minutes=1)
_REVOKED = lookups.Lookup(
    sa.select(_Client.tokens_revoked_at)
    .join(
        _credential,
        _credential.c.internal_id == _Client.credential_internal_id,
    )
    .where(
        _credential.c.id == sa.bindparam('client_id'),
        _Client.client_id == _credential.c.id,
    )
)

#: Columns with what must be enabled, by the reason of a refusal.
_OF_USER = {
    'the user is disabled': 'is_user_enabled',
    'the domain of the user is disabled': 'is_user_domain_enabled',
}
_OF_PROJECT = {
    'the project is disabled': 'is_project_enabled',
    'the domain of the project is disabled': 'is_project_domain_enabled',
}


def find(client_id: str) -> clients.Client:
    """Find a client with all that is registered for it.

    This is one query, or two if anything is registered for the client.

    :raises ports.UnknownClient: there is no such application credential.
    :raises ports.UnusableClient: it has expired, or its user, its project or
        one of their domains is disabled.
    """
    rows = _rows(_FIND, client_id)
    client = _plain(rows)
    refusal = _refusal(rows[0])
    if refusal is not None:
        raise ports.UnusableClient(f'client {client_id}: {refusal}', client)
    return client


def is_registered(client_id: str) -> bool:
    """Whether anything is registered for a client.

    This is cheaper than :func:`find`, for requests that need no more.

    :raises ports.UnknownClient: there is no such application credential.
    """
    return _is_registered(_rows(_FIND_REGISTERED, client_id)[0])


def tokens_revoked_at(client_id: str) -> datetime.datetime | None:
    """Return when the tokens of a client were revoked with an authenticator.

    :returns: UTC without a zone, or None.
    """
    row = _REVOKED.first(client_id=client_id)
    revoked_at: datetime.datetime | None = row and row.tokens_revoked_at
    return revoked_at


def store_digest(client_id: str, digest: clients.SecretDigest) -> None:
    """Replace the digest of a client's own secret, if the database allows.

    Without a digest, the next request takes the slow hash again. That is not
    a reason to refuse this request.
    """
    try:
        try:
            # The insert comes first: an update that finds no row would make
            # MariaDB lock the gap for other transactions.
            _write(_inserted(client_id, digest))
        except exception.DBDuplicateEntry:
            _write(
                sa.update(_Digest)
                .where(_Digest.credential_internal_id == _key(client_id))
                .values(
                    client_id=client_id,
                    key_id=digest.key_id,
                    digest=digest.digest,
                )
            )
    except exception.DBReferenceError:
        LOG.debug('The digest was not stored: the credential was deleted')
    except database.Error as error:
        LOG.warning(
            'The digest of a secret could not be stored: %s',
            type(error).__name__,
        )


def note_use(
    client: clients.Client, authenticator: registration.Authenticator
) -> None:
    """Record that a client has used an authenticator.

    A failure is only logged: it is not a reason to refuse the client.
    """
    now = timeutils.utcnow()
    last = authenticator.last_used_at
    if not client.is_registered or (last and now - last < _ONE_MINUTE):
        return
    try:
        _write(_noted(client, authenticator, now))
    except database.Error as error:
        LOG.warning(
            'The last use of an authenticator could not be recorded: %s',
            type(error).__name__,
        )


@database.repeat_conflicts
def purge(key_ids: abc.Collection[str] = ()) -> int:
    """Delete digests that are no longer used.

    Databases other than SQLite delete those of deleted credentials
    themselves. Anyone holding a rotated-out key could test guesses cheaply
    against a digest under that key.

    :param key_ids: of the current keys; if empty, digests are kept whatever
        their key.
    :returns: how many were deleted.
    """
    obsolete: sa.ColumnElement[bool] = _Digest.credential_internal_id.not_in(
        sa.select(_credential.c.internal_id)
    )
    if key_ids:
        obsolete = sa.or_(obsolete, _Digest.key_id.not_in(key_ids))
    with database.session_for_write() as session:
        return session.execute(sa.delete(_Digest).where(obsolete)).rowcount


@database.repeat_conflicts
def _write(statement: sa.Executable) -> None:
    with database.session_for_write() as session:
        session.execute(statement)


def _key(client_id: str) -> sa.ScalarSelect[ty.Any]:
    return (
        sa.select(_credential.c.internal_id)
        .where(_credential.c.id == client_id)
        .scalar_subquery()
    )


def _inserted(client_id: str, digest: clients.SecretDigest) -> sa.Insert:
    return sa.insert(_Digest).from_select(
        ['credential_internal_id', 'client_id', 'key_id', 'digest'],
        sa.select(
            _credential.c.internal_id,
            sa.literal(client_id),
            sa.literal(digest.key_id),
            sa.literal(digest.digest),
        ).where(_credential.c.id == client_id),
    )


def _noted(
    client: clients.Client,
    authenticator: registration.Authenticator,
    now: datetime.datetime,
) -> sa.Update:
    if authenticator.id == client.id:
        return (
            sa.update(_Client)
            .where(_Client.credential_internal_id == _key(client.id))
            .values(secret_last_used_at=now)
        )
    return (
        sa.update(_Authenticator)
        .where(_Authenticator.id == authenticator.id)
        .values(last_used_at=now)
    )


def _rows(lookup: lookups.Lookup, client_id: str) -> list[ty.Any]:
    # MariaDB fails on four-byte characters if two tables have different
    # collations, and ids are ASCII.
    rows = lookup.all(id=client_id if client_id.isascii() else '')
    # Databases may ignore case and trailing spaces when they compare ids.
    if not rows or rows[0].id != client_id or not _has_project(rows[0]):
        raise ports.UnknownClient(f'unknown client {ports.redact(client_id)}')
    return rows


def _is_registered(row: ty.Any) -> bool:
    # Rows in our tables may belong to a deleted credential: see models.
    registered: bool = row.registered_client_id == row.id
    return registered


def _has_project(row: ty.Any) -> bool:
    # A credential without a project, or its domain, does not count.
    return None not in (row.project_id, row.project_domain_id)


def _refusal(row: ty.Any) -> str | None:
    if row.expires_at is not None and row.expires_at <= timeutils.utcnow():
        return 'the credential has expired'
    # A user who is not in the database is for the identity driver to check.
    of_user = {} if row.known_user_id is None else _OF_USER
    for reason, column in {**of_user, **_OF_PROJECT}.items():
        if getattr(row, column) is not True:
            return reason
    return None


def _plain(rows: abc.Sequence[ty.Any]) -> clients.Client:
    row = rows[0]
    is_registered = _is_registered(row)
    methods = row.methods if is_registered else None
    return clients.Client(
        id=row.id,
        user_id=row.known_user_id or row.user_id,
        project_id=row.project_id,
        is_user_enabled=row.known_user_id is not None
        and users.is_row_decisive(row.user_domain_id),
        has_mfa_rules=row.mfa_rules is not None,
        roles=tuple(
            clients.Role(part.role_id, part.role_name)
            for part in rows
            if part.role_id is not None
        ),
        expires_at=row.expires_at,
        is_registered=is_registered,
        methods=None if methods is None else frozenset(methods.split()),
        authenticators=_authenticators(row, is_registered),
        secret_digest=clients.SecretDigest(row.key_id, row.digest)
        if row.digest_client_id == row.id
        else None,
        details=_details(row),
    )


def _details(row: ty.Any) -> clients.Details:
    user_domain = None
    if row.user_name is not None:
        user_domain = claims.Domain(row.user_domain_id, row.user_domain_name)
    return clients.Details(
        user_name=row.user_name,
        user_domain=user_domain,
        project=claims.Project(
            row.project_id,
            row.project_name,
            claims.Domain(row.project_domain_id, row.project_domain_name),
        ),
        is_domain=row.is_domain,
        name=row.name,
        is_restricted=not row.unrestricted,
        has_access_rules=row.has_access_rules,
    )


def _authenticators(
    row: ty.Any, is_registered: bool
) -> tuple[registration.Authenticator, ...]:
    own = registration.Registration(
        row.id,
        secret_last_used_at=row.secret_last_used_at if is_registered else None,
    ).own_secret()
    if not is_registered:
        return (own,)
    registered = [
        registration.Authenticator(
            id=part.id,
            client_id=row.id,
            kind=part.kind,
            fingerprint=part.fingerprint,
            value=None if part.value is None else json.loads(part.value),
            expires_at=part.expires_at,
            last_used_at=part.last_used_at,
        )
        for part in _REGISTERED.all(
            id=row.id, internal_id=row.internal_id, now=timeutils.utcnow()
        )
    ]
    # Several may match a certificate: the one that expires last comes first.
    registered.sort(
        key=lambda item: item.expires_at or datetime.datetime.max,
        reverse=True,
    )
    is_retired = row.secret_retired_at is not None
    return tuple(registered if is_retired else [own, *registered])


def _find() -> sa.Select[ty.Any]:
    own = _credential.c.internal_id
    return (
        sa.select(
            own,
            _credential.c.id,
            _credential.c.user_id,
            _credential.c.expires_at,
            _credential.c.name,
            _credential.c.unrestricted,
            sa.exists()
            .where(_access_rule.c.application_credential_id == own)
            .label('has_access_rules'),
            _local_user.c.name.label('user_name'),
            _user.c.id.label('known_user_id'),
            _user.c.domain_id.label('user_domain_id'),
            _user.c.enabled.label('is_user_enabled'),
            _user_domain.c.name.label('user_domain_name'),
            _user_domain.c.enabled.label('is_user_domain_enabled'),
            _option.c.option_id.label('mfa_rules'),
            _project.c.id.label('project_id'),
            _project.c.name.label('project_name'),
            _project.c.is_domain,
            _project.c.enabled.label('is_project_enabled'),
            _project_domain.c.id.label('project_domain_id'),
            _project_domain.c.name.label('project_domain_name'),
            _project_domain.c.enabled.label('is_project_domain_enabled'),
            _role.c.id.label('role_id'),
            _role.c.name.label('role_name'),
            _Digest.client_id.label('digest_client_id'),
            _Digest.key_id,
            _Digest.digest,
            _Client.client_id.label('registered_client_id'),
            _Client.methods,
            _Client.secret_retired_at,
            _Client.secret_last_used_at,
        )
        .select_from(_credential)
        .outerjoin(_user, _user.c.id == _credential.c.user_id)
        .outerjoin(_local_user, _local_user.c.user_id == _user.c.id)
        .outerjoin(
            _option,
            sa.and_(
                _option.c.user_id == _credential.c.user_id,
                _option.c.option_id == users.MFA_RULES,
            ),
        )
        .outerjoin(_user_domain, _user_domain.c.id == _user.c.domain_id)
        .outerjoin(_project, _project.c.id == _credential.c.project_id)
        .outerjoin(
            _project_domain, _project_domain.c.id == _project.c.domain_id
        )
        .outerjoin(_Digest, _Digest.credential_internal_id == own)
        .outerjoin(_Client, _Client.credential_internal_id == own)
        .outerjoin(
            _credential_role,
            _credential_role.c.application_credential_id == own,
        )
        .outerjoin(_role, _role.c.id == _credential_role.c.role_id)
        .where(_credential.c.id == sa.bindparam('id'))
    )


_FIND = lookups.Lookup(_find())
_FIND_REGISTERED = lookups.Lookup(
    sa.select(
        _credential.c.id,
        _project.c.id.label('project_id'),
        _project_domain.c.id.label('project_domain_id'),
        _Client.client_id.label('registered_client_id'),
    )
    .select_from(_credential)
    .outerjoin(_project, _project.c.id == _credential.c.project_id)
    .outerjoin(_project_domain, _project_domain.c.id == _project.c.domain_id)
    .outerjoin(
        _Client, _Client.credential_internal_id == _credential.c.internal_id
    )
    .where(_credential.c.id == sa.bindparam('id'))
)
_REGISTERED = lookups.Lookup(
    sa.select(
        _Authenticator.id,
        _Authenticator.kind,
        _Authenticator.fingerprint,
        _Authenticator.value,
        _Authenticator.expires_at,
        _Authenticator.last_used_at,
    ).where(
        # The index starts with the client's id.
        _Authenticator.client_id == sa.bindparam('id'),
        _Authenticator.credential_internal_id == sa.bindparam('internal_id'),
        sa.or_(
            _Authenticator.expires_at.is_(None),
            _Authenticator.expires_at > sa.bindparam('now'),
        ),
    )
)
