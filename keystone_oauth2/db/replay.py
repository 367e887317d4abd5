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
import typing as ty

from oslo_db import exception
import sqlalchemy as sa

from keystone_oauth2.db import expired_rows
from keystone_oauth2.db import models
from keystone_oauth2.identity import database

_Row = models.ClientAssertion


class ReplayCache:
    """Remembers what was used until it expires, for all workers and nodes.

    It implements :class:`keystone_oauth2.protocol.ports.ReplayCache`. Expired
    rows are deleted along the way, without a job of the operator.
    """

    def __init__(self) -> None:
        self._cleaner = expired_rows.Cleaner(_Row)

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
        self._cleaner.clean()
        return True


@database.repeat_conflicts
def _insert(row: dict[str, ty.Any]) -> None:
    with database.session_for_write() as session:
        session.execute(sa.insert(_Row).values(row))


def purge(limit: int | None = None) -> int:
    """Delete those that have expired; see :func:`.expired_rows.purge`."""
    return expired_rows.purge(_Row, limit)
