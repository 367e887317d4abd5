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

"""Deleted users, projects and domains that a cache still contains.

The tests change the database, as another worker would. Keystone's cache
belongs to this worker alone.
"""

from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import mutual_tls

CACHE = {'enabled': True, 'backend': 'dogpile.cache.memory'}


class GoneTestCase(digests.DigestTestCase):
    """A client whose user, project and domains are cached."""

    options = {'cache': CACHE}

    def setUp(self):
        super().setUp()
        self.domain, self.project_domain = (
            self.identity.create_domain() for _ in range(2)
        )
        self.own_project = self.identity.create_project(
            domain=self.project_domain
        )
        self.owner = self.identity.create_user(
            self.own_project, ['member'], domain=self.domain
        )
        self.own = self.identity.create_application_credential(self.owner)
        self.assertThat(self.post_as(self.own), digests.ISSUED)

    def delete(self, table, key):
        """Delete a row and its references, as another worker would.

        Some rows of other tables are left, as SQLite leaves them.
        """
        self.execute(f'DELETE FROM "{table}" WHERE id = :key', key=key)

    def token_of_keystone(self):
        """Ask Keystone's own API for a token with the client's secret."""
        return self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={
                'auth': {
                    'identity': {
                        'methods': ['application_credential'],
                        'application_credential': self.own._asdict(),
                    }
                }
            },
        )

    def assert_refused(self, reason):
        self.new_log()
        self.assertThat(self.post_as(self.own), digests.REFUSED)
        self.assertIn(reason, self.new_log())


class GoneOwnerTest(GoneTestCase):
    def test_deleted_project(self):
        """K06: a missing row does not count as an enabled project."""
        self.delete('project', self.own_project.id)
        self.assert_refused('unknown client')

    def test_deleted_domain_of_the_project(self):
        """K06: nor as an enabled domain."""
        self.delete('project', self.project_domain.id)
        self.assert_refused('unknown client')

    def test_deleted_domain_of_the_user(self):
        """K06: even if the user still exists."""
        self.delete('project', self.domain.id)
        self.assert_refused('the domain of the user is disabled')

    def test_deleted_user(self):
        """K06: the identity driver is asked, not the cache."""
        self.delete('user', self.owner.id)
        self.assert_refused(f'unknown user {self.owner.id}')

    def test_deleted_project_gets_no_keystone_token_either(self):
        """K06: Keystone's cache would have its secret accepted."""
        self.assertEqual(201, self.token_of_keystone().status)
        self.delete('project', self.own_project.id)
        self.assertEqual(401, self.token_of_keystone().status)

    def test_flag_that_is_null_counts_as_disabled(self):
        """K06: as in Keystone."""
        for table, key, reason in (
            ('user', self.owner.id, 'the user is disabled'),
            ('project', self.own_project.id, 'the project is disabled'),
        ):
            with self.variant(table):
                self.execute(
                    f'UPDATE "{table}" SET enabled = NULL WHERE id = :key',
                    key=key,
                )
                self.assert_refused(reason)
                self.switch(table, key, enabled=True)
                self.assertThat(self.post_as(self.own), digests.ISSUED)


class GoneCallerTest(GoneTestCase):
    def test_it_introspects_and_revokes_no_tokens_either(self):
        """K06: the caller is refused at once."""
        token = self.post_as(self.own).json['access_token']
        self.delete('user', self.owner.id)
        for path in ('introspect', 'revoke'):
            answer = self.post_as(
                self.own, f'token={token}', path=f'/v3/OS-OAUTH2/{path}'
            )
            self.assertThat(answer, digests.REFUSED)


class CertificateOwnerTest(
    digests.DigestTestCase, mutual_tls.MutualTLSTestCase
):
    """Users that are clients themselves."""

    options = {'cache': CACHE}

    def setUp(self):
        super().setUp()
        self.domain, self.project_domain = (
            self.identity.create_domain() for _ in range(2)
        )
        self.own_project = self.identity.create_project(
            domain=self.project_domain
        )
        self.own_user = self.identity.create_user(
            self.own_project, ['member'], domain=self.domain
        )
        self.own_certificate = mutual_tls.AUTHORITY.client(
            [('CN', self.own_user.name)]
        )
        rule = {'id': self.own_user.id}
        self.map_differently(mutual_tls.one_rule(rule, 'SUBJECT_DN_CN'))
        self.assertThat(self.ask(), digests.ISSUED)

    def ask(self):
        return self.post_with(self.own_certificate, self.own_user)

    def test_owner_disabled_by_another_worker_is_refused_at_once(self):
        """D11: no cache delays the refusal."""
        for table, key in (
            ('user', self.own_user.id),
            ('project', self.domain.id),
            ('project', self.own_project.id),
            ('project', self.project_domain.id),
        ):
            with self.variant((table, key)):
                self.switch(table, key, enabled=False)
                self.assertThat(self.ask(), digests.REFUSED)
                self.switch(table, key, enabled=True)
                self.assertThat(self.ask(), digests.ISSUED)

    def test_owner_deleted_by_another_worker_is_refused_at_once(self):
        """K06: first the project, while the user still exists."""
        for table, key in (
            ('project', self.own_project.id),
            ('user', self.own_user.id),
        ):
            with self.variant(table):
                self.execute(f'DELETE FROM "{table}" WHERE id = :key', key=key)
                self.assertThat(self.ask(), digests.REFUSED)
