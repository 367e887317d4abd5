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

"""The keys of the digests: rotated, lost, or unusable."""

import base64
import os
import pathlib
import shutil
import time

import fixtures

from keystone_oauth2 import fixture
from keystone_oauth2.db import credentials
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests import base
from keystone_oauth2.tests.functional import digests

ZERO = base64.urlsafe_b64encode(bytes(32))
SHORT = base64.urlsafe_b64encode(b'x' * 16)
# As root, keystone-manage asks for the owner of the keys.
OWNER = ('--keystone-user', '0', '--keystone-group', '0')


class KeysTestCase(digests.DigestTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.keystone.folder, 'credential-keys')
        kept = self.folder.with_name('kept')
        shutil.copytree(self.folder, kept)
        self.addCleanup(kept.rename, self.folder)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def key_ids(self):
        """Return the key ids of digests, that of the primary key first."""
        names = sorted(map(int, os.listdir(self.folder)), reverse=True)
        keys = ((self.folder / f'{name}').read_bytes() for name in names)
        return [
            secret_digest.derive(base64.urlsafe_b64decode(key), 72).id
            for key in keys
        ]

    def stored_key_id(self, client):
        ((key_id, _),) = self.digests(client)
        return key_id

    def manage(self, command):
        """Run keystone-manage, as an operator does."""
        owner = OWNER if os.geteuid() == 0 else ()
        self.keystone.deployment.manage(command, *owner)

    def warnings(self):
        """Return the extension's warnings since the last call."""
        return [
            line
            for line in self.new_log().splitlines()
            if ' WARNING keystone_oauth2.' in line
        ]


class RotationTest(KeysTestCase):
    def test_each_secret_is_hashed_once_after_its_key_is_gone(self):
        """One client is used between two rotations, the other is not."""
        _, busy = self.new_client()
        _, idle = self.new_client()
        first = self.key_ids()[0]
        self.assertEqual(first, self.stored_key_id(busy))

        self.manage('credential_rotate')
        second = self.key_ids()[0]
        self.assertEqual([second, first], self.key_ids()[:2])
        self.assert_digest_decides(busy)
        self.assertEqual(second, self.stored_key_id(busy))
        self.assertEqual(first, self.stored_key_id(idle))

        self.manage('credential_rotate')
        self.assertNotIn(first, self.key_ids())
        self.assert_digest_decides(busy)
        self.assertEqual(self.key_ids()[0], self.stored_key_id(busy))
        answer = self.post_as((idle.id, 'wrong'))
        self.assertThat(answer, digests.REFUSED)
        self.assertEqual(first, self.stored_key_id(idle))
        self.assertThat(self.post_as(idle), digests.ISSUED)
        self.assertEqual(self.key_ids()[0], self.stored_key_id(idle))
        self.assert_digest_decides(idle)
        self.assertEqual([], self.warnings())

    def test_digest_of_a_node_that_rotated_first_is_left_alone(self):
        """Its primary key is still staged here, until keys are copied."""
        _, client = self.new_client()
        primary, staged = ((self.folder / name) for name in ('1', '0'))
        there = self.folder / '2'
        shutil.copy(staged, there)
        self.assertThat(self.post_as(client), digests.ISSUED)
        there.unlink()
        stored = self.stored_key_id(client)
        self.assertEqual(self.key_ids()[-1], stored)
        self.assert_digest_decides(client)
        self.assertEqual(stored, self.stored_key_id(client))
        self.assertTrue(primary.exists())

    def test_rotation_observed_half_done_is_then_observed_whole(self):
        """All its changes may have the same timestamp."""
        tick = time.time_ns() + 3600 * 10**9
        _, client = self.new_client()
        os.utime(self.folder, ns=(tick, tick))
        self.assertThat(self.post_as(client), digests.ISSUED)
        (self.folder / '0').rename(self.folder / '2')
        new = base64.urlsafe_b64encode(os.urandom(32))
        (self.folder / '0').write_bytes(new)
        os.utime(self.folder, ns=(tick, tick))
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assertEqual(self.key_ids()[0], self.stored_key_id(client))


class StolenDatabaseTest(KeysTestCase):
    """An attacker who can read or write the database, but has no keys."""

    def test_digest_without_its_key_is_useless(self):
        """With the attacker's own keys, only the hash decides."""
        _, client = self.new_client()
        for path in self.folder.iterdir():
            path.unlink()
            path.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
        self.assertNotIn(self.stored_key_id(client), self.key_ids())
        self.assert_hash_decides(client)

    def test_row_moved_to_another_client_is_useless(self):
        _, own = self.new_client()
        _, victim = self.new_client()
        ((key_id, digest),) = self.digests(own)
        self.execute(
            f'UPDATE {digests.DIGESTS} SET key_id = :key_id, digest = :digest'
            ' WHERE client_id = :id',
            key_id=key_id,
            digest=digest,
            id=victim.id,
        )
        answer = self.post_as((victim.id, own.secret))
        self.assertThat(answer, digests.REFUSED)
        self.assertThat(self.post_as(own), digests.ISSUED)

    def test_row_that_only_names_another_client_is_useless(self):
        """Its client_id alone is not trusted."""
        _, own = self.new_client()
        _, victim = self.new_client()
        self.remove_digest(victim)
        ids = dict(
            self.execute('SELECT id, internal_id FROM application_credential')
        )
        for client_id in (own.id, victim.id):
            with self.variant(client_id):
                self.execute(
                    f'UPDATE {digests.DIGESTS} SET client_id = :client_id,'
                    ' credential_internal_id = :new'
                    ' WHERE credential_internal_id IN (:new, :old)',
                    client_id=client_id,
                    old=ids[own.id],
                    new=ids[victim.id],
                )
                answer = self.post_as((victim.id, own.secret))
                self.assertThat(answer, digests.REFUSED)


class UnusableKeysTest(KeysTestCase):
    """Tokens are still served, and one warning says what it costs."""

    def spoil(self, content=None):
        """Write files with that content to the folder, or remove it."""
        shutil.rmtree(self.folder)
        if content is not None:
            self.folder.mkdir(mode=0o700)
            for name, key in content.items():
                (self.folder / name).write_bytes(key)

    def test_unusable_keys_cause_one_warning(self):
        good = (self.folder / '0').read_bytes()
        for name, content in (
            ('no folder', None),
            ('no file', {}),
            ('empty file', {'0': b''}),
            ('all zero', {'0': ZERO}),
            ('all zero beside a good one', {'0': good, '1': ZERO}),
            ('short', {'0': SHORT}),
            ('no base64', {'0': b'nonsense'}),
            ('no text', {'0': b'\xff\xfe'}),
            ('other names', {'key': good}),
        ):
            with self.variant(name):
                client = self.identity.create_application_credential(self.user)
                key_id = self.stored_key_id(client)
                self.spoil(content)
                self.new_log()
                for _ in range(3):
                    self.assertThat(self.post_as(client), digests.ISSUED)
                    answer = self.post_as((client.id, 'wrong'))
                    self.assertThat(answer, digests.REFUSED)
                self.post_as(('unknown', 'wrong'))
                self.assert_one_warning()
                self.assert_hash_decides(client)
                self.assertEqual(key_id, self.stored_key_id(client))
                self.restore()

    def assert_one_warning(self):
        (warning,) = self.warnings()
        self.assertIn(str(self.folder), warning)
        self.assertIn('keystone-manage credential_setup', warning)

    def restore(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.folder.with_name('kept'), self.folder)

    def test_restored_keys_are_used_without_a_restart(self):
        _, client = self.new_client()
        self.spoil()
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.restore()
        self.assert_digest_decides(client)

    def test_secret_can_be_created_without_keys(self):
        self.spoil()
        _, client = self.new_client()
        self.assertEqual([], self.digests(client))
        self.assertThat(self.post_as(client), digests.ISSUED)


class OtherRepositoryTest(base.TestCase):
    """A key repository other than that of Keystone's credentials."""

    def test_its_keys_are_used_instead(self):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('0', '1'):
            key = base64.urlsafe_b64encode(os.urandom(32))
            (folder / name).write_bytes(key)
        keystone = self.useFixture(
            fixture.Keystone(
                {'oauth2_secrets': {'digest_key_repository': f'{folder}'}}
            )
        )
        shutil.rmtree(keystone.folder / 'credential-keys')
        project = keystone.client.create_project()
        user = keystone.client.create_user(project, ['member'])
        client = keystone.client.create_application_credential(user)
        found, _ = credentials.find(client.id, '')
        key = base64.urlsafe_b64decode((folder / '1').read_bytes())
        self.assertEqual(secret_digest.derive(key, 72).id, found.digest_key_id)
