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

"""Creation of an application credential while no digest can be stored."""

from keystone_oauth2.tests.support import digests

TABLE = digests.DIGESTS


class FailingLookUpTest(digests.DigestTestCase):
    def rename(self, old, new):
        self.execute(f'ALTER TABLE {TABLE} RENAME COLUMN {old} TO {new}')

    def test_credential_is_still_created(self):
        """The owner sees the secret only in this answer."""
        self.rename('digest', 'elsewhere')
        try:
            client = self.identity.create_application_credential(self.user)
        finally:
            self.rename('elsewhere', 'digest')
        self.assertIn('The digest of a secret could not be stored: ', self.log)
        self.assertEqual([], self.digests(client))
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual(1, len(self.digests(client)))
