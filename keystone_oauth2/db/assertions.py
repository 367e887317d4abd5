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

"""Client assertions, each of which may be used once (RFC 7523, 3)."""

import datetime
import hashlib
import time

from oslo_db import exception
from oslo_log import log
from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import models
from keystone_oauth2.identity import database

LOG = log.getLogger(__name__)

_Row = models.ClientAssertion
# Seconds between two clean-ups of a worker.
_PAUSE = 60
# Rows that are deleted at a time, so that no request waits for long.
_BATCH = 5000


class ReplayCache:
    """Remembers assertions until their end, for all workers and nodes.

    It is a :class:`keystone_oauth2.protocol.ports.ConsumeAssertion`. What has
    ended is deleted along the way, so that no operator needs to.
    """

    def __init__(self) -> None:
        self._cleaned_at = time.monotonic()

    def __call__(
        self, client_id: str, jti: str, expires_at: datetime.datetime
    ) -> bool:
        """Take an assertion, if nobody has taken it before."""
        message = f'{client_id}\0{jti}'.encode()
        row = {
            'digest': hashlib.sha256(message).hexdigest(),
            # Databases cut or round parts of a second.
            'expires_at': expires_at.replace(microsecond=0)
            + datetime.timedelta(seconds=1),
        }
        try:
            with database.session_for_write() as session:
                session.execute(sa.insert(_Row).values(row))
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
            # Another worker is at it; what is left waits for the next one.
            LOG.debug('no assertion deleted: %s', type(error).__name__)


def purge(limit: int | None = None) -> int:
    """Delete assertions that have ended, whatever the clock of a node.

    :param limit: how many.
    :returns: how many.
    """
    # A node whose clock is behind still takes them.
    end = timeutils.utcnow() - datetime.timedelta(minutes=5)
    deleted = 0
    while limit is None or deleted < limit:
        batch = _BATCH if limit is None else min(_BATCH, limit - deleted)
        count = _purge(end, batch)
        if not count:
            break
        deleted += count
    return deleted


def _purge(end: datetime.datetime, limit: int) -> int:
    # First what is to go, in a transaction of its own: SQLite lets nobody
    # write who has read what somebody else has changed meanwhile.
    ended = sa.select(_Row.digest).where(_Row.expires_at < end)
    with database.session_for_read() as session:
        digests = session.scalars(ended.limit(limit)).all()
    if not digests:
        return 0
    with database.session_for_write() as session:
        return session.execute(
            sa.delete(_Row).where(_Row.digest.in_(digests))
        ).rowcount
