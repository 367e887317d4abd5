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

"""Delete rows that have expired, along the way or by a command."""

import datetime
import time
import typing as ty

from oslo_log import log
from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import models
from keystone_oauth2.identity import database

LOG = log.getLogger(__name__)

_Expiring = type[models.ClientAssertion] | type[models.RevocationEvent]
# Seconds between two clean-ups in a worker.
_PAUSE = 60
# Number of rows to delete at a time, so that no request waits for long.
_BATCH = 5000


class Cleaner:
    """Deletes some expired rows now and then, without a job of the operator.

    :param model: of the table, with ``expires_at``.
    """

    def __init__(self, model: _Expiring) -> None:
        self._model = model
        self._cleaned_at = time.monotonic()

    def clean(self) -> None:
        """Delete some, unless this worker has just done so."""
        now = time.monotonic()
        if now - self._cleaned_at < _PAUSE:
            return
        self._cleaned_at = now
        try:
            purge(self._model, _BATCH)
        except database.Error as error:
            # Another worker is deleting; the next clean-up does the rest.
            LOG.debug('Expired rows not deleted: %s', type(error).__name__)


def purge(model: _Expiring, limit: int | None = None) -> int:
    """Delete expired rows, allowing for clock differences.

    :param limit: how many to delete at most.
    :returns: how many were deleted.
    """
    # A node whose clock is behind still needs them.
    end = timeutils.utcnow() - datetime.timedelta(minutes=5)
    deleted = 0
    while limit is None or deleted < limit:
        batch = _BATCH if limit is None else min(_BATCH, limit - deleted)
        count = _purge(model, end, batch)
        if not count:
            break
        deleted += count
    return deleted


@database.repeat_conflicts
def _purge(model: _Expiring, end: datetime.datetime, limit: int) -> int:
    (key,) = sa.inspect(ty.cast(ty.Any, model)).primary_key
    # The query has its own transaction: SQLite does not let a transaction
    # write after it has read rows that another one has changed since.
    expired = sa.select(key).where(model.expires_at < end)
    with database.session_for_read() as session:
        keys = session.scalars(expired.limit(limit)).all()
    if not keys:
        return 0
    with database.session_for_write() as session:
        result: ty.Any = session.execute(sa.delete(model).where(key.in_(keys)))
        count: int = result.rowcount
        return count
