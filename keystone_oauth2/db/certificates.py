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

from oslo_db import exception
from oslo_log import log
import sqlalchemy as sa

from keystone_oauth2.db import models
from keystone_oauth2.identity import database
from keystone_oauth2.protocol import certificates

LOG = log.getLogger(__name__)
_Row = models.CertificateThumbprint
# Some megabytes in each worker, at the most.
_MOST_KNOWN = 4096
_THUMBPRINT = sa.select(_Row.thumbprint).where(
    _Row.keystone_thumbprint == sa.bindparam('key')
)


class ThumbprintStore:
    """Keeps thumbprints, and asks the database once for each certificate.

    It is a :class:`keystone_oauth2.protocol.ports.RememberCertificate`.
    """

    def __init__(self) -> None:
        self._remember = functools.lru_cache(_MOST_KNOWN)(_remember)

    def __call__(self, certificate: bytes) -> None:
        """Keep both thumbprints of a certificate (DER).

        Without the table, tokens are still issued: one warning says so.
        """
        try:
            self._remember(certificate)
        except database.Error as error:
            # Nothing is known of this certificate: the next token tries anew.
            if not database.is_missing_table(error):
                raise
            _warn()


def find(keystone_thumbprint: str) -> str | None:
    """Return the thumbprint of RFC 8705, or None."""
    try:
        return _find(keystone_thumbprint)
    except database.Error as error:
        if not database.is_missing_table(error):
            raise
        _warn()
        return None


def purge(before: datetime.datetime) -> int:
    """Delete certificates that ended before a moment (UTC).

    :returns: how many.
    """
    statement = sa.delete(_Row).where(_Row.expires_at < before)
    with database.session_for_write() as session:
        return session.execute(statement).rowcount


def _find(keystone_thumbprint: str) -> str | None:
    with database.connection_for_read() as connection:
        return connection.scalar(_THUMBPRINT, {'key': keystone_thumbprint})


def _remember(certificate: bytes) -> None:
    key = certificates.keystone_thumbprint(certificate)
    if _find(key) is not None:
        return
    row = {
        'keystone_thumbprint': key,
        'thumbprint': certificates.thumbprint(certificate),
        'expires_at': certificates.expires_at(certificate),
    }
    try:
        with database.session_for_write() as session:
            session.execute(sa.insert(_Row).values(row))
    except exception.DBDuplicateEntry:
        LOG.debug('another worker remembered the certificate first')


@functools.cache
def _warn() -> None:
    LOG.warning(
        'The tables of keystone-oauth2 are missing: run '
        'keystone-oauth2-manage db_sync. Until then introspection takes '
        'certificate-bound tokens for inactive.'
    )
