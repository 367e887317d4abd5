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

"""A deleted client leaves nothing behind that affects another one."""

import json

from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import tokens


class DeletedClientTest(tokens.TokensTestCase):
    def test_client_created_after_another_was_deleted_gets_a_token(self):
        """B07: SQLite reuses the number of the deleted row."""
        user, deleted = self.new_client('member')
        for _ in range(2):
            self.assertThat(self.post_as(deleted), matchers.IsAccessToken())
        self.identity.delete_application_credential(user, deleted.id)
        created = self.identity.create_application_credential(user)
        for _ in range(2):
            self.assertThat(self.post_as(created), matchers.IsAccessToken())
        for wrong in (
            (created.id, deleted.secret),
            (deleted.id, deleted.secret),
        ):
            with self.variant(wrong):
                self.assertThat(
                    self.post_as(wrong),
                    matchers.IsOAuthError(401, 'invalid_client'),
                )


class ChangedUserTest(digests.DigestTestCase):
    """Changes of the user by a worker that does not share the cache."""

    options = {
        'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'},
        'security_compliance': {'disable_user_account_days_inactive': 30},
    }

    def test_new_rules_for_several_factors_count(self):
        """D11: at the next request."""
        user, client = self.new_client()
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.execute(
            'INSERT INTO user_option (user_id, option_id, option_value) '
            'VALUES (:id, :option, :rules)',
            id=user.id,
            option='MFAR',
            rules=json.dumps([['password', 'totp']]),
        )
        self.assertThat(self.post_as(client), digests.REFUSED)

    def test_user_who_was_inactive_for_too_long_is_refused(self):
        """D11: Keystone computes this; the row still says enabled."""
        user, client = self.new_client()
        self.execute(
            'UPDATE "user" SET last_active_at = :day WHERE id = :id',
            id=user.id,
            day='2020-01-01',
        )
        self.assertThat(self.post_as(client), digests.REFUSED)
