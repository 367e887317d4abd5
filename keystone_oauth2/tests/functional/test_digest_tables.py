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

"""Without the extension's tables, tokens are served with one warning."""

from keystone_oauth2 import fixture
from keystone_oauth2.db import migration
from keystone_oauth2.tests import base
from keystone_oauth2.tests.functional import limited
from keystone_oauth2.tests.support import base as functional_base
from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls

DIGESTS = digests.DIGESTS
BOUND = matchers.IsAccessToken(scope='member reader')


class MissingTablesTest(base.TestCase):
    def setUp(self):
        super().setUp()
        digests.forget_what_was_done_once()
        self.addCleanup(digests.forget_what_was_done_once)
        self.keystone = self.useFixture(
            fixture.Keystone({'oauth2': limited.NO_PROXY}, tables=False)
        )
        identity = self.keystone.client
        self.project = identity.create_project()
        self.user = identity.create_user(self.project, ['member'])
        self.client = identity.create_application_credential(self.user)

    def _fake_logs(self):
        # Keystone logs to a file, which a captured log would replace.
        pass

    def post(self, body, headers=(), **arguments):
        return self.keystone.request(
            'POST',
            functional_base.TOKEN,
            body=f'{functional_base.GRANT}{body}',
            headers={'Content-Type': functional_base.FORM, **dict(headers)},
            **arguments,
        )

    def post_as(self, client_id, secret):
        return self.post(
            '', {'Authorization': functional_base.basic(client_id, secret)}
        )

    def warnings(self):
        return [
            line
            for line in self.keystone.log.splitlines()
            if ' WARNING keystone_oauth2.' in line
        ]

    def test_secrets_are_checked_with_one_warning(self):
        for _ in range(3):
            self.assertThat(self.post_as(*self.client), digests.ISSUED)
            for client_id, secret in (
                (self.client.id, 'wrong'),
                ('unknown', self.client.secret),
            ):
                answer = self.post_as(client_id, secret)
                self.assertThat(answer, digests.REFUSED)
        (warning,) = self.warnings()
        self.assertIn('run keystone-oauth2-manage db_sync', warning)

    def test_certificates_are_checked_with_one_warning(self):
        identity = self.keystone.client
        identity.create_mapping(mutual_tls.MAPPING, mutual_tls.RULES)
        certificate = mutual_tls.AUTHORITY.client([('CN', self.user.name)])
        for _ in range(3):
            answer = self.post(
                f'&client_id={self.user.id}',
                environ=mutual_tls.verified(certificate),
            )
            self.assertThat(answer, BOUND)
        warnings = [x for x in self.warnings() if 'certificate' in x]
        self.assertEqual(1, len(warnings), warnings)
        self.assertIn('run keystone-oauth2-manage db_sync', warnings[0])

    def test_tables_are_used_once_they_exist(self):
        """No restart is needed."""
        self.assertThat(self.post_as(*self.client), digests.ISSUED)
        migration.sync()
        for _ in range(2):
            self.assertThat(self.post_as(*self.client), digests.ISSUED)
        answer = self.post_as(self.client.id, 'wrong')
        self.assertThat(answer, digests.REFUSED)
        self.assertEqual(1, len(self.warnings()))


class LostTablesTest(digests.DigestTestCase):
    """They existed when Keystone started."""

    def test_keystones_hash_decides_again(self):
        self.post_as(self.client)
        self.addCleanup(self.execute, f'ALTER TABLE x RENAME TO {DIGESTS}')
        self.execute(f'ALTER TABLE {DIGESTS} RENAME TO x')
        self.new_log()
        _, new = self.new_client()
        for client in (new, self.client):
            self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual(1, self.new_log().count('tables of keystone-oauth2'))
        self.assert_hash_decides(new)
