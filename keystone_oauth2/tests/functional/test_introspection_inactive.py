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

"""Tokens that introspection reports as inactive, without details."""

import datetime
import sqlite3

from cryptography import fernet
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens


class NoTokenTest(tokens.TokensTestCase):
    def test_arbitrary_text_is_inactive(self):
        """G02: whatever its characters."""
        for text in (
            'x',
            'gAAAAA',
            'a.b.c',
            'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
            'two words',
            ' ',
            '\n',
            '\x7f',
            '\u20ac',
            '\U0001f600',
            "' OR 1=1 --",
            'null',
            '..%2f..',
            'x' * 15000,
        ):
            with self.variant(text):
                self.assertThat(self.introspect(text), tokens.INACTIVE)

    def test_secrets_and_ids_are_no_tokens(self):
        """G02: neither a client's nor a user's."""
        for text in (
            self.client.id,
            self.client.secret,
            self.user.id,
            self.user.password,
        ):
            with self.variant(text):
                self.assertThat(self.introspect(text), tokens.INACTIVE)

    def test_token_of_another_keystone_is_inactive(self):
        """G02: well-formed, but made with an unknown key."""
        token = self.issue()
        payload = fernet.Fernet(self.key()).decrypt(token + '==')
        stranger = fernet.Fernet(fernet.Fernet.generate_key())
        forged = stranger.encrypt(payload).decode().rstrip('=')
        self.assertThat(self.introspect(forged), tokens.INACTIVE)
        own = fernet.Fernet(self.key()).encrypt(payload).decode().rstrip('=')
        self.assertIs(True, self.introspect(own).json['active'])

    def key(self):
        """Return the primary key of this Keystone."""
        keys = list((self.keystone.folder / 'fernet-keys').iterdir())
        return max(keys, key=lambda path: int(path.name)).read_text()

    def test_altered_token_is_inactive(self):
        """G03: the signature covers every byte."""
        token = self.issue()
        for place in (0, 9, len(token) // 2, len(token) - 3):
            other = 'A' if token[place] != 'A' else 'B'
            altered = token[:place] + other + token[place + 1 :]
            with self.variant(place):
                self.assertThat(self.introspect(altered), tokens.INACTIVE)
        for altered in (token[:-1], token + 'A', f' {token}', f'{token}\n'):
            with self.variant(altered):
                self.assertThat(self.introspect(altered), tokens.INACTIVE)


class EndedTokenTest(tokens.TokensTestCase):
    """Each token is valid at first; later Keystone refuses it, too."""

    def setUp(self):
        super().setUp()
        self.owner, self.owned = self.new_client('member')
        self.token = self.issue(self.owned)
        self.assert_valid(self.token)

    def tearDown(self):
        self.assert_invalid(self.token)
        super().tearDown()

    def test_expired(self):
        """G03: Keystone's grace period for services does not apply."""
        clock = self.useFixture(time_fixture.TimeFixture())
        clock.advance_time_seconds(3590)
        self.assert_valid(self.token)
        clock.advance_time_seconds(20)
        self.assertEqual(
            200,
            self.identity.validate(self.token, allow_expired=True).status,
        )
        self.assert_invalid(self.token)

    def test_ended_with_its_credential(self):
        """G03: a token does not outlive its credential."""
        clock = self.useFixture(time_fixture.TimeFixture())
        end = timeutils.utcnow().replace(tzinfo=datetime.timezone.utc)
        client = self.identity.create_application_credential(
            self.owner, expires_at=end + datetime.timedelta(seconds=60)
        )
        self.token = self.issue(client)
        clock.advance_time_seconds(50)
        self.assert_valid(self.token)
        clock.advance_time_seconds(11)
        self.assert_invalid(self.token)

    def test_revoked_by_keystones_own_api(self):
        """G03: revocation events count."""
        self.identity.revoke(self.token)

    def test_credential_deleted(self):
        """G03: at once."""
        self.identity.delete_application_credential(self.owner, self.owned.id)

    def test_user_disabled(self):
        """G03: at once."""
        self.identity.disable(self.owner)

    def test_user_deleted(self):
        """G03: with the credential, which SQLite leaves behind."""
        self.identity.delete_application_credential(self.owner, self.owned.id)
        self.identity.delete(self.owner)

    def test_role_removed(self):
        """G03: the user has lost a delegated role."""
        self.identity.unassign(self.owner, 'member')

    def test_project_disabled(self):
        """G03: at once."""
        project = self.identity.create_project()
        self.identity.assign(self.owner, 'member', project)
        client = self.identity.create_application_credential(
            self.owner, project=project
        )
        self.token = self.issue(client)
        self.assert_valid(self.token)
        self.identity.disable(project)

    def test_domain_of_the_user_disabled(self):
        """G03: at once."""
        domain = self.identity.create_domain()
        _, client = self.new_client('member', domain=domain)
        self.token = self.issue(client)
        self.assert_valid(self.token)
        self.identity.disable(domain)

    def test_trust_deleted(self):
        """G03: this applies to every kind of token."""
        self.token, trust_id = self.token_by_trust(self.owner, self.user, True)
        self.assert_valid(self.token)
        answer = self.keystone.request(
            'DELETE',
            f'/v3/OS-TRUST/trusts/{trust_id}',
            token=self.identity.token_for(self.owner),
        )
        self.assertEqual(204, answer.status, answer.text)

    def test_password_changed(self):
        """G03: a token issued for the old one."""
        self.token = self.token_by_password(self.owner)
        self.assert_valid(self.token)
        self.identity.update(self.owner, password='another')

    def test_user_of_a_certificate_disabled(self):
        """G03: a certificate-bound token, too."""
        certificate = mutual_tls.AUTHORITY.client([('CN', self.owner.name)])
        self.token = self.issue_with(certificate, self.owner)
        self.assert_valid(self.token)
        self.identity.disable(self.owner)


class LostTableTest(tokens.TokensTestCase):
    """The table of certificates existed when Keystone started."""

    @classmethod
    def create(cls):
        super().create()
        with sqlite3.connect(cls.keystone.folder / 'keystone.db') as database:
            database.execute(
                'ALTER TABLE oauth2_certificate_thumbprint RENAME TO away'
            )

    def issue_with_table(self):
        """Return a certificate-bound token that was issued before."""
        path = self.keystone.folder / 'keystone.db'
        rename = 'ALTER TABLE {} RENAME TO {}'.format
        table = 'oauth2_certificate_thumbprint'
        with sqlite3.connect(path) as database:
            database.execute(rename('away', table))
        token = self.issue_with(self.certificate)
        with sqlite3.connect(path) as database:
            database.execute(rename(table, 'away'))
        return token

    def test_bound_token_is_not_described_without_its_certificate(self):
        """D06: without cnf a service would take it for an unbound token."""
        answer = self.introspect(self.issue_with_table())
        self.assertEqual(503, answer.status, answer.text)
        self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.assertEqual('5', answer.headers['Retry-After'])

    def test_other_tokens_are_still_described(self):
        """G03: they do not need the table."""
        self.assert_valid(self.issue())
        self.assert_valid(self.identity.token_for(self.user))

    def test_certificate_bound_token_can_still_be_revoked(self):
        """G07: revocation does not need the table."""
        token = self.issue_with_table()
        answer = self.revoke(token, token=self.identity.admin_token())
        self.assertThat(answer, tokens.REVOKED)
        self.assertEqual(404, self.identity.validate(token).status)
