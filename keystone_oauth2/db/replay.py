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

"""What can be used only once, such as client assertions (RFC 7523, 3)."""

import datetime
import hashlib
import time
import typing as ty

from oslo_db import exception
from oslo_log import log
from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import models
from keystone_oauth2.identity import database

LOG = log.getLogger(__name__)

_Row = models.ClientAssertion
# Seconds between two clean-ups in a worker.
_PAUSE = 60
# Number of rows to delete at a time, so that no request waits for long.
_BATCH = 5000


class ReplayCache:
    """Remembers what was used until it expires, for all workers and nodes.

    It implements :class:`keystone_oauth2.protocol.ports.ReplayCache`. Expired
    rows are deleted along the way, without a job of the operator.
    """

    def __init__(self) -> None:
        self._cleaned_at = time.monotonic()

    def consume(
        self,
        namespace: str,
        client_id: str,
        identifier: str,
        expires_at: datetime.datetime,
    ) -> bool:
        """Whether no worker has accepted it before.

        :param namespace: what it is, such as ``client_assertion``.
        :param identifier: unique for the client, such as a ``jti``.
        :param expires_at: UTC without a zone.
        """
        message = f'{namespace}\0{client_id}\0{identifier}'.encode()
        row = {
            'digest': hashlib.sha256(message).hexdigest(),
            # Databases truncate or round fractions of a second.
            'expires_at': expires_at.replace(microsecond=0)
            + datetime.timedelta(seconds=1),
        }
        try:
            _insert(row)
        except exception.DBDuplicateEntry:
            return False
        self._clean()
        return True

    def _clean(self) -> None:
        now = time.monotonic()
        if now - self._cleaned_at < _PAUSE:
            return
        self._cleaned_at = now
        try:
            purge(_BATCH)
        except database.Error as error:
            # Another worker is deleting; the next clean-up does the rest.
            LOG.debug('Expired rows not deleted: %s', type(error).__name__)


@database.repeat_conflicts
def _insert(row: dict[str, ty.Any]) -> None:
    with database.session_for_write() as session:
        session.execute(sa.insert(_Row).values(row))


def purge(limit: int | None = None) -> int:
    """Delete expired rows, allowing for clock differences.

    :param limit: how many to delete at most.
    :returns: how many were deleted.
    """
    # A node whose clock is behind would still accept them.
    end = timeutils.utcnow() - datetime.timedelta(minutes=5)
    deleted = 0
    while limit is None or deleted < limit:
        batch = _BATCH if limit is None else min(_BATCH, limit - deleted)
        count = _purge(end, batch)
        if not count:
            break
        deleted += count
    return deleted


@database.repeat_conflicts
def _purge(end: datetime.datetime, limit: int) -> int:
    # The query has its own transaction: SQLite does not let a transaction
    # write after it has read rows that another one has changed since.
    expired = sa.select(_Row.digest).where(_Row.expires_at < end)
    with database.session_for_read() as session:
        digests = session.scalars(expired.limit(limit)).all()
    if not digests:
        return 0
    with database.session_for_write() as session:
        return session.execute(
            sa.delete(_Row).where(_Row.digest.in_(digests))
        ).rowcount
