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

"""Revocation events, and when the tokens of a client were revoked."""

from alembic import op
import sqlalchemy as sa

revision = '0005'
down_revision = '0004'


def upgrade() -> None:
    """Add the table, and a column."""
    op.add_column('oauth2_client', sa.Column('tokens_revoked_at', sa.DateTime))
    op.create_table(
        'oauth2_revocation_event',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('audit_id', sa.String(32)),
        sa.Column('client_id', sa.String(64)),
        sa.Column('user_id', sa.String(64)),
        sa.Column('project_id', sa.String(64)),
        sa.Column('domain_id', sa.String(64)),
        sa.Column('issued_before', sa.DateTime, nullable=False),
        sa.Column('revoked_at', sa.DateTime, nullable=False),
        sa.Column('expires_at', sa.DateTime, nullable=False),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
    for column in ('user_id', 'expires_at'):
        op.create_index(
            f'ix_oauth2_revocation_event_{column}',
            'oauth2_revocation_event',
            [column],
        )
