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

"""Trusted issuers, and the keys that were fetched for them.

Times are compared in whole seconds, which is what MariaDB stores.
"""

import collections.abc as abc
import dataclasses
import datetime
import json
import re
import secrets
import typing as ty

from oslo_db import exception
import sqlalchemy as sa
from sqlalchemy import orm

from keystone_oauth2.db import models
from keystone_oauth2.identity import database
from keystone_oauth2.identity import lookups
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import trusted_issuer

_Row = models.TrustedIssuer
_Authenticator = models.ClientAuthenticator
_credential = database.application_credential
_NAMES = tuple(
    field.name for field in dataclasses.fields(trusted_issuer.TrustedIssuer)
)
_FIND = lookups.Lookup(
    sa.select(*(getattr(_Row, name) for name in _NAMES))
    .where(_Row.issuer == sa.bindparam('issuer'), _Row.is_enabled == sa.true())
    .order_by(_Row.id)
)
_MAX_ISSUER_LENGTH = 255
_MAX_FAILURE_LENGTH = 255
_UNSAFE = re.compile('[^\x20-\x7e]')
# Of the first one: it is an integer of four octets.
_MAX_REVISION = 2**30
_UNCHANGEABLE = frozenset({'id', 'issuer', 'kind', 'revision'})
_WITHOUT_KEYS = {
    'jwks': None,
    'keys_fetched_at': None,
    'attempted_at': None,
    'failure': None,
}


class Exists(Exception):
    """There is already an issuer with this id."""


class Unknown(Exception):
    """There is no issuer with this id, or it has been changed."""


class InUse(Exception):
    """Federated identities of clients use the issuer.

    :ivar number: of them.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f'used by {number} federated identities')
        self.number = number


def find(issuer: ty.Any) -> list[trusted_issuer.TrustedIssuer]:
    """Return the enabled issuers with an ``iss``.

    :param issuer: from a JWT that has not been verified, so of any type.
    """
    if (
        not isinstance(issuer, str)
        or not issuer.isascii()
        or not issuer.isprintable()
        or len(issuer) > _MAX_ISSUER_LENGTH
    ):
        return []
    # Databases may ignore trailing spaces when they compare.
    return [
        plain(row) for row in _FIND.all(issuer=issuer) if row.issuer == issuer
    ]


def get(issuer_id: str) -> trusted_issuer.TrustedIssuer | None:
    """Return an issuer, or None.

    :param issuer_id: any text; not every database takes every one.
    """
    if not trusted_issuer.is_id(issuer_id):
        return None
    with database.session_for_read() as session:
        row = session.get(_Row, issuer_id)
        return plain(row) if row and row.id == issuer_id else None


def list_all() -> list[trusted_issuer.TrustedIssuer]:
    """Return all issuers, sorted by id."""
    with database.session_for_read() as session:
        rows = session.scalars(sa.select(_Row).order_by(_Row.id))
        return [plain(row) for row in rows]


def count_uses(issuer_id: str) -> int:
    """Return how many federated identities use an issuer."""
    with database.session_for_read() as session:
        return _count_uses(session, issuer_id)


@database.repeat_conflicts
def add(new: trusted_issuer.TrustedIssuer) -> None:
    """Add an issuer.

    :raises Exists: there is already one with its id.
    """
    values = {name: getattr(new, name) for name in _NAMES}
    # A request for the keys of another one with this id may not have ended.
    values['revision'] = secrets.randbelow(_MAX_REVISION)
    try:
        with database.session_for_write() as session:
            session.add(_Row(**_stored(values)))
    except exception.DBDuplicateEntry as error:
        raise Exists from error


@database.repeat_conflicts
def change(before: trusted_issuer.TrustedIssuer, **values: ty.Any) -> None:
    """Change an issuer, and increment its revision.

    If its keys come from elsewhere now, those from before are dropped.

    :param before: the issuer as the caller knows it.
    :param values: members of ``TrustedIssuer`` other than its id, issuer, kind
        and revision.
    :raises Unknown: there is no such issuer, or it has been changed.
    """
    fixed = _UNCHANGEABLE & values.keys()
    if fixed:
        raise TypeError(f'cannot be changed: {sorted(fixed)}')
    with database.session_for_write() as session:
        # The lock comes before any read: see db.registrations.
        conditions = [*is_unchanged(before)]
        if 'jwks' in values:
            # Newer ones may have been stored meanwhile.
            conditions.append(
                _Row.attempted_at.is_not_distinct_from(before.attempted_at)
            )
        if not update(session, *conditions, revision=_Row.revision + 1):
            raise Unknown
        row = session.get_one(_Row, before.id)
        if any(
            values.get(name, getattr(row, name)) != getattr(row, name)
            for name in ('key_source', 'jwks_uri')
        ):
            values = _WITHOUT_KEYS | values
        for name, value in _stored(values).items():
            setattr(row, name, value)


@database.repeat_conflicts
def delete(issuer_id: str) -> None:
    """Delete an issuer that no federated identity uses.

    :raises Unknown: there is no such issuer.
    :raises InUse: a client has a federated identity of it, maybe expired.
    """
    with database.session_for_write() as session:
        # The row first: see hold.
        if not _rowcount(session, sa.delete(_Row).where(_Row.id == issuer_id)):
            raise Unknown
        number = _count_uses(session, issuer_id)
        if number:
            raise InUse(number)


def hold(session: orm.Session, issuer_id: str, issuer: str) -> bool:
    """Keep an issuer from being deleted until a transaction ends.

    The row is locked by changing it, since the nodes of a Galera cluster
    ignore the locks of each other, and compare the rows that were changed.

    :param session: in which a federated identity is registered.
    :returns: whether the issuer exists with this ``iss``, and is enabled.
    """
    return bool(
        update(
            session,
            _Row.id == issuer_id,
            _Row.issuer == issuer,
            _Row.is_enabled == sa.true(),
            registrations=_Row.registrations + 1,
        )
    )


def is_unchanged(
    issuer: trusted_issuer.TrustedIssuer,
) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that a row is an issuer as it was read."""
    return _Row.id == issuer.id, _Row.revision == issuer.revision


def update(
    session: orm.Session, *where: sa.ColumnElement[bool], **values: ty.Any
) -> int:
    """Change rows, and return how many these were."""
    return _rowcount(session, sa.update(_Row).where(*where).values(**values))


def _rowcount(session: orm.Session, statement: sa.Update | sa.Delete) -> int:
    result: ty.Any = session.execute(
        statement, execution_options={'synchronize_session': False}
    )
    count: int = result.rowcount
    return count


def _count_uses(session: orm.Session, issuer_id: str) -> int:
    # Not the rows of deleted credentials, which SQLite leaves behind.
    values = session.scalars(
        sa.select(_Authenticator.value)
        .join(
            _credential,
            sa.and_(
                _credential.c.internal_id
                == _Authenticator.credential_internal_id,
                _credential.c.id == _Authenticator.client_id,
            ),
        )
        .where(_Authenticator.kind == registration.FEDERATED_IDENTITY)
    )
    return sum(
        json.loads(value)['issuer_id'] == issuer_id
        for value in values
        if value is not None
    )


def failure_text(reason: str) -> str:
    """Return why keys could not be fetched, as it is stored."""
    # No database takes a NUL, and not every connection all others.
    return _UNSAFE.sub('?', reason)[:_MAX_FAILURE_LENGTH]


def _stored(values: abc.Mapping[str, ty.Any]) -> dict[str, ty.Any]:
    """Return members as their columns have them."""
    stored = dict(values)
    for name, value in values.items():
        if isinstance(value, datetime.datetime):
            stored[name] = value.replace(microsecond=0)
        elif name == 'failure' and value is not None:
            stored[name] = failure_text(value)
        elif name == 'required_claims':
            stored[name] = json.dumps(list(value))
        elif isinstance(value, tuple):
            stored[name] = ' '.join(value)
    return stored


def plain(row: ty.Any) -> trusted_issuer.TrustedIssuer:
    """Return an issuer.

    :param row: has a member for each column.
    """
    values = {name: getattr(row, name) for name in _NAMES}
    return trusted_issuer.TrustedIssuer(
        **values
        | {
            'allowed_networks': tuple(row.allowed_networks.split()),
            'algorithms': tuple(row.algorithms.split()),
            'required_claims': tuple(json.loads(row.required_claims)),
        }
    )
