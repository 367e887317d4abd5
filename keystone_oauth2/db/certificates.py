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

"""Thumbprints of certificates that tokens are bound to."""

import datetime
import functools
import typing as ty

from oslo_db import exception
from oslo_log import log
import sqlalchemy as sa

from keystone_oauth2.db import models
from keystone_oauth2.identity import database
from keystone_oauth2.identity import lookups
from keystone_oauth2.protocol import confirmation as confirmations

LOG = log.getLogger(__name__)
_Row = models.CertificateThumbprint
# A few megabytes in each worker.
_CACHE_SIZE = 4096
_THUMBPRINT = lookups.Lookup(
    sa.select(_Row.thumbprint).where(
        _Row.keystone_thumbprint == sa.bindparam('key')
    )
)


class CertificateStore:
    """Stores thumbprints, with one query for each new certificate.

    It implements :class:`keystone_oauth2.protocol.ports.CertificateStore`.
    """

    def __init__(self) -> None:
        self._remember = functools.lru_cache(_CACHE_SIZE)(_remember)

    def remember(self, confirmation: confirmations.Confirmation) -> None:
        """Store both thumbprints of a certificate."""
        self._remember(confirmation)

    def find(self, keystone_thumbprint: str) -> str | None:
        """Return the thumbprint of RFC 8705, or None."""
        return _find(keystone_thumbprint)


@database.repeat_conflicts
def purge(before: datetime.datetime) -> int:
    """Delete certificates that expired before a given time (UTC).

    :returns: how many were deleted.
    """
    statement = sa.delete(_Row).where(_Row.expires_at < before)
    with database.session_for_write() as session:
        return session.execute(statement).rowcount


def _find(keystone_thumbprint: str) -> str | None:
    row = _THUMBPRINT.first(key=keystone_thumbprint)
    return None if row is None else row.thumbprint


def _remember(confirmation: confirmations.Confirmation) -> None:
    if _find(confirmation.keystone_thumbprint) is not None:
        return
    row = {
        'keystone_thumbprint': confirmation.keystone_thumbprint,
        'thumbprint': confirmation.x5t_s256,
        'expires_at': confirmation.expires_at,
    }
    try:
        _insert(row)
    except exception.DBDuplicateEntry:
        LOG.debug('Another worker has stored the certificate first')


@database.repeat_conflicts
def _insert(row: dict[str, ty.Any]) -> None:
    with database.session_for_write() as session:
        session.execute(sa.insert(_Row).values(row))
