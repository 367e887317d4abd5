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

"""Digests of secrets, and an index that Keystone's own table lacks."""

from alembic import op
import sqlalchemy as sa

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    """Add the table and the index."""
    op.create_table(
        'oauth2_secret_digest',
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
        sa.Column('key_id', sa.String(32), nullable=False),
        sa.Column('digest', sa.String(64), nullable=False),
        mysql_engine='InnoDB',
        mysql_charset='utf8mb4',
        mysql_collate='utf8mb4_bin',
    )
    # Keystone finds credentials by an id that has no index, so that each
    # look-up, even of a made-up id, reads all of them.
    op.create_index(
        'ix_keystone_oauth2_application_credential_id',
        'application_credential',
        ['id'],
    )
