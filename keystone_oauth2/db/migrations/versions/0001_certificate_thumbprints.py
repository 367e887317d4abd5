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

from alembic import op
import sqlalchemy as sa

revision = '0001'
down_revision = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        'oauth2_certificate_thumbprint',
        sa.Column('keystone_thumbprint', sa.String(44), primary_key=True),
        sa.Column('thumbprint', sa.String(43), nullable=False),
        sa.Column('expires_at', sa.DateTime, nullable=False),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
    op.create_index(
        'ix_oauth2_certificate_thumbprint_expires_at',
        'oauth2_certificate_thumbprint',
        ['expires_at'],
    )
