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

"""``openstack oauth2 client key ...``."""

import json
import os
import pathlib
import stat
import urllib.parse

from cryptography.hazmat.primitives import serialization
from oslo_serialization import jsonutils

from keystone_oauth2.osc import keys
from keystone_oauth2.tests.integration import misbehaving
from keystone_oauth2.tests.integration.osc import base
from keystone_oauth2.tests.support import assertions

LIST = 'oauth2 client key list'
CREATE = 'oauth2 client key create'


class KeyTest(base.CommandTestCase):
    def setUp(self):
        super().setUp()
        self.file = pathlib.Path(self.folder, 'private.pem')

    def signer(self, algorithm):
        """Return a signer with the key in the file."""
        key = serialization.load_pem_private_key(self.file.read_bytes(), None)
        return assertions.Signer(self.own.id, base.ISSUER, algorithm, key)

    def assert_authenticates(self, signer):
        answer = self.get_token(
            self.own,
            client_assertion_type=assertions.TYPE,
            client_assertion=signer.assertion(),
        )
        self.assertEqual(200, answer.status, answer.text)

    def test_client_authenticates_with_a_generated_key(self):
        for algorithm in (None, *keys.ALGORITHMS):
            option = f'--algorithm {algorithm}' if algorithm else ''
            with self.variant(option):
                created = self.shown(
                    CREATE, self.own.id, f'--generate {self.file}', option
                )
                signer = self.signer(algorithm or 'ES256')
                self.assert_authenticates(signer)
                public = {**signer.jwk, 'alg': algorithm or 'ES256'}
                self.assertEqual(public, created['jwk'])
                self.assertEqual(0o600, stat.S_IMODE(self.file.stat().st_mode))
            self.file.unlink()

    def test_private_half_is_not_sent(self):
        done = self.run_command(
            '--debug', CREATE, self.own.id, f'--generate {self.file}'
        )
        self.assertEqual(0, done.status, done.err)
        private = assertions.jwk(
            self.signer('ES256').key, 'ES256', is_private=True
        )
        # The log has the request with its public half.
        self.assertIn(private['x'], done.err)
        for secret in (private['d'], self.file.read_text().splitlines()[1]):
            self.assertNotIn(secret, done.out + done.err)

    def test_existing_file_is_not_changed(self):
        self.file.write_text('something else')
        os.symlink('elsewhere', f'{self.folder}/link')
        for path in (self.file, f'{self.folder}/link'):
            with self.variant(path):
                self.fail_with(
                    f'{path} exists already, and was not changed.',
                    CREATE,
                    self.own.id,
                    f'--generate {path}',
                )
        self.assertEqual('something else', self.file.read_text())
        self.assertEqual([], self.shown(LIST, self.own.id))

    def test_file_is_removed_if_the_registration_fails(self):
        done = self.run_command(
            CREATE, f'unknown --generate {self.file}', cloud='admin'
        )
        self.assertEqual(1, done.status)
        self.assertIn('(HTTP 403)', done.err)
        self.assertEqual([], os.listdir(self.folder))

    def test_file_is_kept_if_the_registration_is_uncertain(self):
        """The server may have the key already."""
        gateway = self.useFixture(misbehaving.Gateway(self.keystone))
        prefix = urllib.parse.urlsplit(self.keystone.url).path
        path = f'{prefix}/v3/OS-OAUTH2/clients/{self.own.id}/keys'
        gateway.misbehave(misbehaving.status(502), path)
        clouds = self.clouds()
        clouds['owner']['identity_endpoint_override'] = (
            f'{gateway.url}{prefix}/v3'
        )
        self.clouds_file.write_text(jsonutils.dumps({'clouds': clouds}))
        done = self.run_command(CREATE, self.own.id, f'--generate {self.file}')
        self.assertEqual(1, done.status)
        self.assertIn(f'Its private half is in {self.file}.', done.err)
        self.assertEqual([self.file.name], os.listdir(self.folder))

    def test_texts_are_no_commands_to_a_terminal(self):
        """Another user may have chosen them."""
        signer = assertions.Signer(self.own.id, base.ISSUER)
        self.file.write_text(json.dumps({**signer.jwk, 'kid': '\x1b[2Jmine'}))
        created = self.succeed(
            CREATE, self.own.id, f'--public-key {self.file}'
        )
        for shown in (created, self.succeed(LIST, self.own.id)):
            self.assertNotIn('\x1b', shown)
            self.assertIn('\ufffd[2Jmine', shown)

    def test_file_cannot_be_written(self):
        path = f'{self.folder}/missing/key'
        self.fail_with(
            f'Cannot write {path}: No such file or directory.',
            CREATE,
            self.own.id,
            f'--generate {path}',
        )
        self.assertEqual([], self.shown(LIST, self.own.id))

    def test_public_key_is_registered(self):
        for algorithm, form in (
            ('ES256', 'PEM'),
            ('ES256', 'JWK'),
            ('EdDSA', 'PEM'),
            ('RS256', 'PEM'),
        ):
            signer = assertions.Signer(self.own.id, base.ISSUER, algorithm)
            with self.variant((algorithm, form)):
                self.file.write_text(self.public(signer, form))
                created = self.shown(
                    CREATE, self.own.id, f'--public-key {self.file}'
                )
                self.assert_authenticates(signer)
                self.assertEqual(
                    {'PEM': None, 'JWK': 'mine'}[form], created['kid']
                )

    def public(self, signer, form):
        """Return the public key of a signer as the text of a file."""
        if form == 'JWK':
            return json.dumps({**signer.jwk, 'kid': 'mine', 'use': 'sig'})
        pem = signer.key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        return pem.decode()

    def test_private_key_is_not_registered(self):
        signer = assertions.Signer(self.own.id, base.ISSUER)
        private = assertions.jwk(signer.key, 'ES256', is_private=True)
        for text, reason in (
            (signer.pem, 'has a private key, which must stay on the host'),
            (json.dumps(private), 'has private or secret members'),
            ('anything', 'has no public key, neither PEM nor a JWK'),
            ('{', 'is not JSON'),
            ('{"keys": []}', 'has a JWK set: give one key'),
        ):
            with self.variant(reason):
                self.file.write_text(text)
                done = self.run_command(
                    '--debug', CREATE, self.own.id, f'--public-key {self.file}'
                )
                self.assertEqual(1, done.status)
                self.assertIn(f'The file of --public-key {reason}', done.err)
                self.assertNotIn(f'{self.own.id}/keys', done.err)
                self.assertNotIn(private['d'], done.err)
                self.assertNotIn(signer.pem.splitlines()[1], done.err)
        self.assertEqual([], self.shown(LIST, self.own.id))

    def test_algorithm_is_for_generated_keys(self):
        self.file.write_text('anything')
        self.fail_with(
            '--algorithm can only be used with --generate.',
            CREATE,
            self.own.id,
            f'--public-key {self.file} --algorithm ES256',
        )

    def test_lists(self):
        created = self.shown(
            CREATE,
            self.own.id,
            f'--generate {self.file} --key-id first --description hello',
        )
        self.assertEqual('first', created['jwk']['kid'])
        (row,) = self.shown(LIST, self.own.id)
        short = {
            'ID': created['id'],
            'Description': 'hello',
            'Type': 'P-256',
            'Key ID': 'first',
            'Expires At': None,
            'Last Used At': None,
        }
        self.assertEqual(short, row)
        (row,) = self.shown(LIST, self.own.id, '--long')
        self.assertEqual(
            {
                **short,
                'Algorithm': 'ES256',
                'Thumbprint': created['thumbprint'],
                'Created At': created['created_at'],
                'Expires Soon': False,
            },
            row,
        )
        shown = self.shown(
            'oauth2 client key show', self.own.id, created['id']
        )
        self.assertEqual(created, shown)
