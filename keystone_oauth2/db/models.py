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

"""Tables. Times are UTC without a zone. Migrations only expand the tables."""

import datetime
import typing as ty

import sqlalchemy as sa
from sqlalchemy import orm


class Base(orm.DeclarativeBase):
    """A base of our own, without Keystone's tables in its metadata."""


# Keystone's table, only for the foreign keys.
sa.Table(
    'application_credential',
    Base.metadata,
    sa.Column('internal_id', sa.Integer, primary_key=True),
)

# Thumbprints, digests and ids are case-sensitive.
_TABLE_ARGS = {
    'mysql_engine': 'InnoDB',
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
}


def _internal_id(**options: ty.Any) -> orm.MappedColumn[int]:
    """Return a column for the credential that a row belongs to."""
    return orm.mapped_column(
        sa.Integer,
        sa.ForeignKey(
            'application_credential.internal_id', ondelete='CASCADE'
        ),
        **options,
    )


class CertificateThumbprint(Base):
    """Both thumbprints of a certificate that a token was bound to.

    Tokens have the thumbprint that keystonemiddleware compares; introspection
    returns that of RFC 8705. Neither can be derived from the other.
    """

    __tablename__ = 'oauth2_certificate_thumbprint'
    __table_args__ = _TABLE_ARGS

    keystone_thumbprint: orm.Mapped[str] = orm.mapped_column(
        sa.String(44), primary_key=True
    )
    thumbprint: orm.Mapped[str] = orm.mapped_column(sa.String(43))
    expires_at: orm.Mapped[datetime.datetime] = orm.mapped_column(
        sa.DateTime, index=True
    )


class SecretDigest(Base):
    """Digest of the secret of an application credential.

    It is deleted with the credential. The key is not in the database.
    """

    __tablename__ = 'oauth2_secret_digest'
    __table_args__ = _TABLE_ARGS

    credential_internal_id: orm.Mapped[int] = _internal_id(
        primary_key=True, autoincrement=False
    )
    # SQLite reuses internal ids and does not cascade by default.
    client_id: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    key_id: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    digest: orm.Mapped[str] = orm.mapped_column(sa.String(64))


class Client(Base):
    """Registration of an application credential as a whole.

    It is deleted with the credential. A client without any registration has
    no row.
    """

    __tablename__ = 'oauth2_client'
    __table_args__ = _TABLE_ARGS

    credential_internal_id: orm.Mapped[int] = _internal_id(
        primary_key=True, autoincrement=False
    )
    # See SecretDigest.
    client_id: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    # Names separated by spaces; None if none were chosen.
    methods: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    # Of the credential's own secret.
    secret_retired_at: orm.Mapped[datetime.datetime | None] = (
        orm.mapped_column(sa.DateTime)
    )
    secret_last_used_at: orm.Mapped[datetime.datetime | None] = (
        orm.mapped_column(sa.DateTime)
    )
    # When they were revoked together with an authenticator.
    tokens_revoked_at: orm.Mapped[datetime.datetime | None] = (
        orm.mapped_column(sa.DateTime)
    )
    # Incremented by each change of the registration.
    revision: orm.Mapped[int] = orm.mapped_column(
        sa.Integer, server_default='0'
    )


class ClientAuthenticator(Base):
    """A secret, key, certificate or federated identity of a client.

    It is deleted with the application credential.
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
    # Of the kinds in protocol.clients.registration.
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    # The digest of a secret; otherwise an identifying value.
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
    """A used client assertion, until it expires (RFC 7523, 3)."""

    __tablename__ = 'oauth2_client_assertion'
    __table_args__ = _TABLE_ARGS

    # Of the client's id and the jti.
    digest: orm.Mapped[str] = orm.mapped_column(
        sa.String(64), primary_key=True
    )
    expires_at: orm.Mapped[datetime.datetime] = orm.mapped_column(
        sa.DateTime, index=True
    )


class RevocationEvent(Base):
    """Tokens that were revoked, until no such token can be left.

    A token is one of them if it has every id that is given.
    """

    __tablename__ = 'oauth2_revocation_event'
    __table_args__ = _TABLE_ARGS

    id: orm.Mapped[int] = orm.mapped_column(sa.Integer, primary_key=True)
    audit_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(32))
    client_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    user_id: orm.Mapped[str | None] = orm.mapped_column(
        sa.String(64), index=True
    )
    project_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    domain_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    issued_before: orm.Mapped[datetime.datetime] = orm.mapped_column(
        sa.DateTime
    )
    revoked_at: orm.Mapped[datetime.datetime] = orm.mapped_column(sa.DateTime)
    expires_at: orm.Mapped[datetime.datetime] = orm.mapped_column(
        sa.DateTime, index=True
    )


class TrustedIssuer(Base):
    """An issuer whose JWTs clients may authenticate with.

    The members of ``protocol.federation.trusted_issuer.TrustedIssuer``. No
    text may be longer than 64 KiB, MariaDB's limit.
    """

    __tablename__ = 'oauth2_trusted_issuer'
    __table_args__ = _TABLE_ARGS

    id: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    issuer: orm.Mapped[str] = orm.mapped_column(sa.String(255), index=True)
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    key_source: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    jwks_uri: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    ca_certificates: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    # Separated by spaces, as are algorithms.
    allowed_networks: orm.Mapped[str] = orm.mapped_column(sa.Text)
    algorithms: orm.Mapped[str] = orm.mapped_column(sa.String(255))
    audience: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    max_lifetime: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    is_once: orm.Mapped[bool] = orm.mapped_column(sa.Boolean)
    # A JSON list.
    required_claims: orm.Mapped[str] = orm.mapped_column(sa.Text)
    is_enabled: orm.Mapped[bool] = orm.mapped_column(sa.Boolean)
    revision: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    jwks: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    # To the second, as MariaDB stores times.
    keys_fetched_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime
    )
    attempted_at: orm.Mapped[datetime.datetime | None] = orm.mapped_column(
        sa.DateTime
    )
    failure: orm.Mapped[str | None] = orm.mapped_column(sa.String(255))
    # Incremented by each registration of a federated identity: see
    # db.trusted_issuers.hold.
    registrations: orm.Mapped[int] = orm.mapped_column(
        sa.Integer, server_default='0'
    )
