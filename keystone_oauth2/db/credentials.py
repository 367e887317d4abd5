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

This module implements :class:`keystone_oauth2.protocol.ports.Credentials`. It
bypasses Keystone's caches: a credential that any worker has deleted or
disabled, or that has expired, is refused at the very next request.
"""

import collections.abc as abc
import datetime
import functools
import json
import typing as ty

from oslo_db import exception
from oslo_log import log
from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import models
from keystone_oauth2.identity import database
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import registration

LOG = log.getLogger(__name__)

_Digest = models.SecretDigest
_Client = models.Client
_Authenticator = models.ClientAuthenticator
_credential = database.application_credential
_user = database.user
_project = database.project
_user_domain = _project.alias('user_domain')
_project_domain = _project.alias('project_domain')

_OF_USER = frozenset({'user', 'domain of the user'})
_FLAGS: abc.Mapping[str, sa.ColumnElement[bool]] = {
    'user': _user.c.enabled,
    'domain of the user': _user_domain.c.enabled,
    'project': _project.c.enabled,
    'domain of the project': _project_domain.c.enabled,
}


def find(
    client_id: str, registered_digest: str
) -> tuple[ports.StoredCredential | None, bool]:
    """Find a credential, in one query.

    If the tables of keystone-oauth2 are missing, it has no digest.

    :param registered_digest: of the registered secret to look for.
    :returns: the credential, or None; and whether the tables exist.
    """
    parameters = {
        'id': _comparable(client_id),
        'fingerprint': registered_digest,
        'now': timeutils.utcnow(),
    }
    rows, has_tables = _found(_WITH_SECRETS, parameters)
    return _plain(rows, client_id), has_tables


def find_authenticators(
    client_id: str, kind: str
) -> tuple[
    ports.ApplicationCredential, abc.Sequence[ports.RegisteredAuthenticator]
]:
    """Find the authenticators of a client, in one query.

    It implements :class:`.ports.FindAuthenticators`. If the tables are
    missing, there are none.
    """
    parameters = {
        'id': _comparable(client_id),
        'kind': kind,
        'now': timeutils.utcnow(),
    }
    rows, _ = _found(_WITH_AUTHENTICATORS, parameters)
    # Several may match a certificate: the one that expires last comes first.
    rows = sorted(
        rows,
        key=lambda row: row.authenticator_end or datetime.datetime.max,
        reverse=True,
    )
    credential = _plain(rows, client_id)
    if credential is None:
        raise ports.UnknownClient(f'unknown client {ports.redact(client_id)}')
    if credential.refusal is not None:
        raise ports.Refused(f'client {client_id}: {credential.refusal}')
    return credential.delegation(), [
        ports.RegisteredAuthenticator(
            value=json.loads(row.value),
            fingerprint=row.fingerprint,
            use=_use(row),
            expires_at=row.authenticator_end,
        )
        for row in rows
        if row.authenticator_id is not None
    ]


def store_digest(
    credential: ports.StoredCredential, key_id: str, digest: str
) -> None:
    """Replace the digest of a credential, if the database allows.

    Without a digest, the next request takes the slow hash again. That is not
    a reason to refuse this request.
    """
    values = {
        'client_id': credential.id,
        'key_id': key_id,
        'digest': digest,
    }
    own = _Digest.credential_internal_id == credential.internal_id
    row = {'credential_internal_id': credential.internal_id, **values}
    try:
        try:
            # The insert comes first: an update that finds no row would make
            # MariaDB lock the gap for other transactions.
            _write(sa.insert(_Digest).values(row))
        except exception.DBDuplicateEntry:
            _write(sa.update(_Digest).where(own).values(values))
    except exception.DBReferenceError:
        LOG.debug('The digest was not stored: the credential was deleted')
    except database.Error as error:
        if database.is_missing_table(error):
            _warn()
        else:
            LOG.warning(
                'The digest of a secret could not be stored: %s',
                type(error).__name__,
            )


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


def _write(statement: sa.Executable) -> None:
    with database.session_for_write() as session:
        session.execute(statement)


def _found(
    query: sa.Select[ty.Any], parameters: abc.Mapping[str, ty.Any]
) -> tuple[abc.Sequence[ty.Any], bool]:
    """Return rows, or only Keystone's part if our tables are missing.

    :returns: the rows; and whether our tables exist.
    """
    try:
        return _rows(query, parameters), True
    except database.Error as error:
        if not database.is_missing_table(error):
            raise
        _warn()
        return _rows(_BARE, parameters), False


def _rows(
    query: sa.Select[ty.Any], parameters: abc.Mapping[str, ty.Any]
) -> abc.Sequence[ty.Any]:
    with database.connection_for_read() as connection:
        return connection.execute(query, parameters).all()


def _use(row: ty.Any) -> ports.LastUse:
    return ports.LastUse(
        row.internal_id, row.authenticator_id, row.last_used_at
    )


def _comparable(client_id: str) -> str:
    # MariaDB fails on four-byte characters if two tables have different
    # collations, and ids are ASCII.
    return client_id if client_id.isascii() else ''


def _plain(
    rows: abc.Sequence[ty.Any], client_id: str
) -> ports.StoredCredential | None:
    # Databases may ignore case and trailing spaces when they compare ids.
    if not rows or rows[0].id != client_id:
        return None
    row = rows[0]
    # Rows in our tables may belong to a deleted credential: see models.
    has_digest = row.digest_client_id == client_id
    is_registered = row.registered_client_id == client_id
    return ports.StoredCredential(
        internal_id=row.internal_id,
        id=row.id,
        user_id=row.known_user_id or row.user_id,
        project_id=row.project_id,
        refusal=_refusal(row),
        digest_key_id=row.key_id if has_digest else None,
        digest=row.digest if has_digest else None,
        methods=frozenset(row.methods.split())
        if is_registered and row.methods is not None
        else None,
        is_secret_retired=is_registered and row.secret_retired_at is not None,
        registered_digest=row.fingerprint,
        registered_use=_use(row) if row.authenticator_id else None,
        registered_end=row.authenticator_end,
        own_use=ports.LastUse(row.internal_id, None, row.secret_last_used_at)
        if is_registered
        else None,
        is_user_enabled=row.known_user_id is not None,
    )


def _refusal(row: ty.Any) -> str | None:
    if row.expires_at is not None and row.expires_at <= timeutils.utcnow():
        return 'the credential has expired'
    for name, label in zip(_FLAGS, _LABELS, strict=True):
        if row.known_user_id is None and name in _OF_USER:
            # The user is not in the database: the identity driver checks.
            continue
        if getattr(row, label) is not True:
            return f'the {name} is disabled'
    return None


def _query(*columns: ty.Any) -> sa.Select[ty.Any]:
    flags = zip(_FLAGS.values(), _LABELS, strict=True)
    return (
        sa.select(
            _credential.c.internal_id,
            _credential.c.id,
            _credential.c.user_id,
            _user.c.id.label('known_user_id'),
            _project.c.id.label('project_id'),
            _credential.c.expires_at,
            *(column.label(label) for column, label in flags),
            *columns,
        )
        .select_from(_credential)
        # A credential without a project, or its domain, does not count.
        .join(_project, _project.c.id == _credential.c.project_id)
        .join(_project_domain, _project_domain.c.id == _project.c.domain_id)
        .outerjoin(_user, _user.c.id == _credential.c.user_id)
        .outerjoin(_user_domain, _user_domain.c.id == _user.c.domain_id)
        .where(_credential.c.id == sa.bindparam('id'))
    )


def _nothing(labels: str) -> list[ty.Any]:
    return [sa.null().label(label) for label in labels.split()]


def _joined_authenticators(
    query: sa.Select[ty.Any], *which: sa.ColumnElement[bool]
) -> sa.Select[ty.Any]:
    # The client's id is also compared, since the index starts with it.
    return query.outerjoin(
        _Client, _Client.credential_internal_id == _credential.c.internal_id
    ).outerjoin(
        _Authenticator,
        sa.and_(
            _Authenticator.client_id == sa.bindparam('id'),
            _Authenticator.credential_internal_id == _credential.c.internal_id,
            sa.or_(
                _Authenticator.expires_at.is_(None),
                _Authenticator.expires_at > sa.bindparam('now'),
            ),
            *which,
        ),
    )


_LABELS = [f'enabled_{number}' for number, _ in enumerate(_FLAGS)]
_NO_DIGEST = _nothing('digest_client_id key_id digest')
_DIGEST = (
    _Digest.client_id.label('digest_client_id'),
    _Digest.key_id,
    _Digest.digest,
)
_REGISTERED = (
    _Client.client_id.label('registered_client_id'),
    _Client.methods,
    _Client.secret_retired_at,
    _Client.secret_last_used_at,
    _Authenticator.id.label('authenticator_id'),
    _Authenticator.fingerprint,
    _Authenticator.expires_at.label('authenticator_end'),
    _Authenticator.last_used_at,
)
_BARE = _query(
    *_NO_DIGEST,
    *_nothing(
        'registered_client_id methods secret_retired_at secret_last_used_at '
        'authenticator_id fingerprint authenticator_end last_used_at'
    ),
)
_WITH_SECRETS = _joined_authenticators(
    _query(*_DIGEST, *_REGISTERED).outerjoin(
        _Digest,
        _Digest.credential_internal_id == _credential.c.internal_id,
    ),
    _Authenticator.kind == registration.SECRET,
    _Authenticator.fingerprint == sa.bindparam('fingerprint'),
)
_WITH_AUTHENTICATORS = _joined_authenticators(
    _query(*_NO_DIGEST, *_REGISTERED, _Authenticator.value),
    _Authenticator.kind == sa.bindparam('kind'),
)


@functools.cache
def _warn() -> None:
    LOG.warning(
        'The tables of keystone-oauth2 are missing: run '
        'keystone-oauth2-manage db_sync. Until then, each token request takes '
        'a slow hash.'
    )
