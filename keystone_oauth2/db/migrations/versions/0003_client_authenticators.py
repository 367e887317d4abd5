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

"""Secrets, keys and certificates of clients, and used assertions."""

from alembic import op
import sqlalchemy as sa

revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        'oauth2_client',
        sa.Column(
            'credential_internal_id',
            sa.Integer,
            sa.ForeignKey(
                'application_credential.internal_id', ondelete='CASCADE'
            ),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column('client_id', sa.String(64), nullable=False),
        sa.Column('methods', sa.String(255)),
        sa.Column('secret_retired_at', sa.DateTime),
        sa.Column('secret_last_used_at', sa.DateTime),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
    op.create_table(
        'oauth2_client_authenticator',
        sa.Column('id', sa.String(32), primary_key=True),
        sa.Column(
            'credential_internal_id',
            sa.Integer,
            sa.ForeignKey(
                'application_credential.internal_id', ondelete='CASCADE'
            ),
            nullable=False,
            index=True,
        ),
        sa.Column('client_id', sa.String(64), nullable=False),
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('fingerprint', sa.String(64), nullable=False),
        sa.Column('value', sa.Text),
        sa.Column('description', sa.String(255)),
        sa.Column('created_at', sa.DateTime, nullable=False),
        sa.Column('expires_at', sa.DateTime, index=True),
        sa.Column('last_used_at', sa.DateTime),
        sa.UniqueConstraint(
            'client_id',
            'kind',
            'fingerprint',
            name='uq_oauth2_client_authenticator_fingerprint',
        ),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
    op.create_table(
        'oauth2_client_assertion',
        sa.Column('digest', sa.String(64), primary_key=True),
        sa.Column('expires_at', sa.DateTime, nullable=False, index=True),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
