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

"""Tables. Times are UTC without a zone; expand-only (see migrations/)."""

import datetime
import typing as ty

import sqlalchemy as sa
from sqlalchemy import orm


class Base(orm.DeclarativeBase):
    """Our own: Keystone's tables are not in its metadata."""


# Keystone's table, for the foreign key alone.
sa.Table(
    'application_credential',
    Base.metadata,
    sa.Column('internal_id', sa.Integer, primary_key=True),
)

# Thumbprints, digests and ids differ by case.
_TABLE_ARGS = {
    'mysql_engine': 'InnoDB',
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
}


def _internal_id(**options: ty.Any) -> orm.MappedColumn[int]:
    """Return a column for the credential that a row goes with."""
    return orm.mapped_column(
        sa.Integer,
        sa.ForeignKey(
            'application_credential.internal_id', ondelete='CASCADE'
        ),
        **options,
    )


class CertificateThumbprint(Base):
    """Both thumbprints of a certificate that a token was bound to.

    Tokens carry the one that keystonemiddleware compares; introspection
    answers the one of RFC 8705. Neither follows from the other.
    """

    __tablename__ = 'oauth2_certificate_thumbprint'
    __table_args__ = _TABLE_ARGS

    keystone_thumbprint: orm.Mapped[str] = orm.mapped_column(
        sa.String(44), primary_key=True
    )
    thumbprint: orm.Mapped[str] = orm.mapped_column(sa.String(43))
    # The end of the certificate's life.
    expires_at: orm.Mapped[datetime.datetime] = orm.mapped_column(
        sa.DateTime, index=True
    )


class SecretDigest(Base):
    """Digest of the secret of an application credential.

    It goes with the credential. The key is not in the database.
    """

    __tablename__ = 'oauth2_secret_digest'
    __table_args__ = _TABLE_ARGS

    credential_internal_id: orm.Mapped[int] = _internal_id(
        primary_key=True, autoincrement=False
    )
    # SQLite hands internal ids out again and does not cascade by default.
    client_id: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    key_id: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    digest: orm.Mapped[str] = orm.mapped_column(sa.String(64))


class Client(Base):
    """What is registered for an application credential as a whole.

    It goes with the credential. A client that never had anything registered
    has no row.
    """

    __tablename__ = 'oauth2_client'
    __table_args__ = _TABLE_ARGS

    credential_internal_id: orm.Mapped[int] = _internal_id(
        primary_key=True, autoincrement=False
    )
    # See SecretDigest.
    client_id: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    # Names with blanks between them; None where nobody has chosen.
    methods: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    # The credential's own secret: its end, and its last use.
    secret_retired_at: orm.Mapped[datetime.datetime | None] = (
        orm.mapped_column(sa.DateTime)
    )
    secret_last_used_at: orm.Mapped[datetime.datetime | None] = (
        orm.mapped_column(sa.DateTime)
    )


class ClientAuthenticator(Base):
    """A secret, a key or a certificate that is registered for a client.

    It goes with the application credential.
    """

    __tablename__ = 'oauth2_client_authenticator'
    __table_args__ = (
        sa.UniqueConstraint(
            'client_id',
            'kind',
            'fingerprint',
            name='uq_oauth2_client_authenticator_fingerprint',
        ),
        _TABLE_ARGS,
    )

    id: orm.Mapped[str] = orm.mapped_column(sa.String(32), primary_key=True)
    credential_internal_id: orm.Mapped[int] = _internal_id(index=True)
    # See SecretDigest.
    client_id: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    # secret, key or certificate.
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    # Of a secret the digest, of all else what tells two of them apart.
    fingerprint: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    # JSON; None for a secret.
    value: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    description: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    created_at: orm.Mapped[datetime.datetime] = orm.mapped_column(sa.DateTime)
    expires_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime, index=True
    )
    last_used_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime
    )


class ClientAssertion(Base):
    """A client assertion that was used, until its end (RFC 7523, 3)."""

    __tablename__ = 'oauth2_client_assertion'
    __table_args__ = _TABLE_ARGS

    # Of the client's id and the jti.
    digest: orm.Mapped[str] = orm.mapped_column(
        sa.String(64), primary_key=True
    )
    expires_at: orm.Mapped[datetime.datetime] = orm.mapped_column(
        sa.DateTime, index=True
    )
