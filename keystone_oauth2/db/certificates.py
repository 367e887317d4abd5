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


def remember(certificate: bytes) -> None:
    """Keep both thumbprints of a certificate (DER).

    Without the table, tokens are still issued: one warning says so.
    """
    try:
        _remember(
            certificates.keystone_thumbprint(certificate),
            certificates.thumbprint(certificate),
            certificates.expires_at(certificate),
        )
    except database.Error as error:
        if not database.is_missing_table(error):
            raise
        _warn()


def find(keystone_thumbprint: str) -> str | None:
    """Answer the thumbprint of RFC 8705, or None."""
    query = sa.select(_Row.thumbprint).where(
        _Row.keystone_thumbprint == keystone_thumbprint
    )
    try:
        with database.session_for_read() as session:
            return session.execute(query).scalar()
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


def _remember(
    keystone_thumbprint: str, thumbprint: str, expires_at: datetime.datetime
) -> None:
    if find(keystone_thumbprint) is not None:
        return
    row = {
        'keystone_thumbprint': keystone_thumbprint,
        'thumbprint': thumbprint,
        'expires_at': expires_at,
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
