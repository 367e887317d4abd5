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

"""Trusted issuers, and room for the kind of federated identities."""

from alembic import op
import sqlalchemy as sa

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    """Add the table, and widen a column."""
    op.create_table(
        'oauth2_trusted_issuer',
        sa.Column('id', sa.String(64), primary_key=True),
        sa.Column('issuer', sa.String(255), nullable=False, index=True),
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('key_source', sa.String(16), nullable=False),
        sa.Column('jwks_uri', sa.String(255)),
        sa.Column('ca_certificates', sa.Text),
        sa.Column('allowed_networks', sa.Text, nullable=False),
        sa.Column('algorithms', sa.String(255), nullable=False),
        sa.Column('audience', sa.String(255)),
        sa.Column('max_lifetime', sa.Integer, nullable=False),
        sa.Column('is_once', sa.Boolean, nullable=False),
        sa.Column('required_claims', sa.Text, nullable=False),
        sa.Column('is_enabled', sa.Boolean, nullable=False),
        sa.Column('revision', sa.Integer, nullable=False),
        sa.Column('jwks', sa.Text),
        sa.Column('keys_fetched_at', sa.DateTime),
        sa.Column('attempted_at', sa.DateTime),
        sa.Column('failure', sa.String(255)),
        sa.Column(
            'registrations', sa.Integer, nullable=False, server_default='0'
        ),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
    # SQLite cannot alter a column, so Alembic copies the table there.
    with op.batch_alter_table('oauth2_client_authenticator') as batch:
        batch.alter_column(
            'kind',
            existing_type=sa.String(16),
            type_=sa.String(32),
            existing_nullable=False,
        )
