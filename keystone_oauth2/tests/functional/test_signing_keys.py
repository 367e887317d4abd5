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

"""The published keys, and what a rotation means for tokens."""

import json
import os
import shutil
import time

import fixtures
import jwt

from keystone_oauth2.identity import signing_key_repository
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.tests.functional.cmd import base as commands
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import tokens

PRIVATE = {'d', 'p', 'q', 'dp', 'dq', 'qi'}
#: Seconds until tokens have expired, and until no service may use them any
#: more.
EXPIRED, UNNEEDED = 3661, 172800


class Keys(jwts.Keys):
    """Helpers for the signing keys of the Keystone of a class."""

    def jwks(self, **arguments):
        """Return the answer with the published keys."""
        return self.keystone.request('GET', jwts.JWKS, **arguments)

    def kids(self):
        """Return the ids of the published keys, the active one first."""
        return [key['kid'] for key in self.jwks().json['keys']]


class PublishedKeysTest(Keys, jwts.JWTTestCase):
    """``GET /v3/OS-OAUTH2/jwks``."""

    def test_tokens_can_be_verified_with_them(self):
        """H05: by a library that knows only the metadata."""
        path = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'
        metadata = self.keystone.request('GET', path).json
        self.assertEqual(f'{jwts.ISSUER}/OS-OAUTH2/jwks', metadata['jwks_uri'])
        token = self.issue()
        keys = jwt.PyJWKSet.from_dict(self.jwks().json)
        claims = jwt.decode(
            token,
            keys[self.kid(token)],
            algorithms=['ES256'],
            audience=jwts.ISSUER,
            issuer=metadata['issuer'],
        )
        self.assertEqual(self.client.id, claims['client_id'])

    def test_only_public_members(self):
        """H09: with distinct ids, for signatures only."""
        answer = self.jwks()
        self.assertEqual(
            'application/jwk-set+json', answer.headers['Content-Type']
        )
        keys = answer.json['keys']
        self.assertEqual(2, len({key['kid'] for key in keys}))
        for key in keys:
            self.assertEqual(set(), PRIVATE & key.keys())
            self.assertEqual(('sig', 'ES256'), (key['use'], key['alg']))

    def test_it_may_be_cached(self):
        """RFC 9110, 13.1.2: and costs little when it has not changed."""
        answer = self.jwks()
        self.assertEqual(
            'public, max-age=300', answer.headers['Cache-Control']
        )
        again = self.jwks(headers={'If-None-Match': answer.headers['ETag']})
        self.assertEqual((304, b''), (again.status, again.body))

    def test_it_needs_no_token_and_ignores_a_wrong_one(self):
        self.assertEqual(200, self.jwks(token='wrong').status)

    def test_other_methods_are_refused(self):
        answer = self.keystone.request('POST', jwts.JWKS)
        self.assertEqual(405, answer.status)


class RotationTest(Keys, jwts.JWTTestCase):
    """H09: publish, wait, sign, and keep the old key published."""

    def test_staged_key_signs_next(self):
        active, *_, staged = self.kids()
        old = self.issue()
        self.assertEqual(active, self.kid(old))
        self.age(jwts.KNOWN)
        self.rotate()
        new = self.issue()
        self.assertEqual(staged, self.kid(new))
        for token in (old, new):
            self.assertEqual(200, self.use(token))
        self.assertEqual([staged, active], self.kids()[:2])

    def test_key_that_nobody_needs_is_removed(self):
        """It is published as long as its tokens live."""
        first, *_ = self.kids()
        self.age(jwts.KNOWN)
        self.rotate()
        self.assertIn(first, self.kids())
        self.age(EXPIRED)
        self.assertNotIn(first, self.kids())
        kept = len(list(self.directory.iterdir()))
        self.age(UNNEEDED)
        self.rotate()
        self.assertLess(len(list(self.directory.iterdir())), kept + 1)


class EmergencyTest(Keys, jwts.JWTTestCase):
    """A key was stolen."""

    options = {
        **jwts.OPTIONS,
        'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'},
    }

    def test_no_old_token_is_accepted(self):
        """Also those that Keystone has validated before."""
        before = self.kids()
        token = self.issue()
        self.assertEqual(200, self.use(token))
        self.assertEqual(200, self.seen(token).status)
        self.assertIs(True, self.introspect(token).json['active'])
        self.rotate('--emergency')
        self.assertEqual(404, self.seen(token).status)
        self.assertEqual(401, self.use(token))
        self.assertThat(self.introspect(token), tokens.INACTIVE)
        self.assertEqual(set(), set(before) & set(self.kids()))
        self.assertEqual(200, self.use(self.issue()))

    def test_introspection_looks_at_the_key(self):
        """Keystone has validated the token before."""
        token = self.issue()
        self.assertIs(True, self.introspect(token).json['active'])
        self.rotate('--emergency')
        self.assertThat(self.introspect(token), tokens.INACTIVE)

    def test_copy_with_times(self):
        """rsync sets the directory's time to that of its source."""
        moment = self.directory.stat().st_mtime_ns
        token = self.issue()
        self.assertEqual(200, self.use(token))
        self.rotate('--emergency')
        os.utime(self.directory, ns=(moment, moment))
        self.assertEqual(401, self.use(token))

    def test_old_key_that_was_not_deleted_is_worthless(self):
        """The new keys were only added to those of another node."""
        token = self.issue()
        old = {path: path.read_text() for path in self.directory.iterdir()}
        self.rotate('--emergency')
        for path, text in old.items():
            if path.name != '0':
                path.write_text(text)
                path.chmod(0o600)
        self.assertEqual(401, self.use(token))
        self.assertNotIn(self.kid(token), self.kids())
        self.assertEqual(200, self.use(self.issue()))


class CopiedKeysTest(Keys, jwts.JWTTestCase):
    """Another node has rotated the keys, and they are copied."""

    def test_key_that_is_staged_no_more_and_not_active_yet(self):
        """rsync replaces one file after another, the staged key first."""
        self.assertEqual(200, self.use(self.issue()))
        token = self.token_of_other_node()
        other = self.rotated_copy()
        (other / '0').rename(self.directory / '0')
        self.arrive_later(lambda: (other / '2').rename(self.directory / '2'))
        self.assertEqual(200, self.use(token))
        self.assertTrue(self.has_arrived)

    def test_file_that_is_written(self):
        """cp does not write to a temporary file first."""
        token = self.issue()
        self.assertEqual(200, self.use(token))
        text = (self.directory / '0').read_text()
        new = self.directory / '2'
        new.touch(0o600)
        self.addCleanup(new.unlink)
        self.arrive_later(lambda: new.write_text(text))
        self.assertEqual(200, self.use(token))
        self.assertTrue(self.has_arrived)

    def arrive_later(self, arrive):
        """Complete a copy while a worker waits for it."""
        self.has_arrived = False

        def sleep(seconds):
            # oslo.db pauses for no time.
            if seconds and not self.has_arrived:
                arrive()
                self.has_arrived = True

        self.useFixture(fixtures.MonkeyPatch('time.sleep', sleep))

    def token_of_other_node(self):
        """Return a token that is signed with the staged key."""
        staged = signing_keys.SigningKey.read(
            (self.directory / '0').read_text()
        )
        return staged.sign('at+jwt', jwts.claims(self.issue()))

    def rotated_copy(self):
        """Return a copy of the keys, in which they have been rotated."""
        self.age(jwts.KNOWN)
        other = self.keystone.folder / 'other-signing-keys'
        shutil.copytree(self.directory, other)
        self.addCleanup(shutil.rmtree, other)
        repository = signing_key_repository.SigningKeyRepository(f'{other}')
        repository.rotate('ES256', UNNEEDED)
        return other


class UnusableKeysTest(Keys, jwts.JWTTestCase):
    """The keys become unreadable."""

    def test_no_token_and_no_empty_set(self):
        """What is absent is not taken for good."""
        token = self.issue()
        (self.directory / '1').chmod(0o640)
        os.utime(self.directory)
        answer = self.post_as(self.client)
        self.assertEqual(
            (503, 'temporarily_unavailable', '60'),
            (
                answer.status,
                answer.json['error'],
                answer.headers['Retry-After'],
            ),
        )
        self.assertEqual(503, self.jwks().status)
        self.assertEqual(401, self.use(token))
        self.assertIn('other users may read', self.log)
        # As the log says.
        (self.directory / '1').chmod(0o600)
        self.assertEqual(200, self.use(self.issue()))


class NoKeysTest(Keys, jwts.JWTTestCase):
    """Keystone's own providers have no such tokens."""

    options = {**jwts.OPTIONS, 'token': {}, 'oauth2_tokens': {}}

    def test_nothing_is_published(self):
        answer = self.jwks()
        self.assertEqual(404, answer.status)
        path = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'
        metadata = self.keystone.request('GET', path).json
        self.assertNotIn('jwks_uri', metadata)


class AlgorithmTest(Keys, jwts.JWTTestCase):
    """H05: RS256 is supported."""

    algorithm = 'RS256'

    @classmethod
    def setUpClass(cls):
        cls.options = {
            **jwts.OPTIONS,
            'oauth2_tokens': {
                'format': 'jwt',
                'signing_algorithm': cls.algorithm,
            },
        }
        super().setUpClass()

    def test_tokens_are_signed_with_it(self):
        token = self.issue()
        self.assertEqual(
            self.algorithm, jwt.get_unverified_header(token)['alg']
        )
        self.assertEqual(200, self.use(token))


class PS256Test(AlgorithmTest):
    algorithm = 'PS256'


class ES384Test(AlgorithmTest):
    algorithm = 'ES384'


class EdDSATest(AlgorithmTest):
    algorithm = 'EdDSA'


class JWSProviderTest(jwts.JWTTestCase):
    """Beside Keystone's own JWS tokens."""

    options = {**jwts.OPTIONS, 'token': {'provider': 'oauth2_jws'}}

    def test_both_are_valid(self):
        answer = self.token_of_keystone(
            id=self.client.id, secret=self.client.secret
        )
        own = answer.headers['X-Subject-Token']
        self.assertEqual('JWT', jwt.get_unverified_header(own)['typ'])
        for token in (own, self.issue()):
            self.assertEqual(200, self.use(token))
            self.assertIs(True, self.introspect(token).json['active'])


class CommandsTest(commands.CommandTestCase):
    """``keystone-oauth2-manage signing_key_...``."""

    def manage(self, deployment, *arguments):
        """Run the command, and return its status and output."""
        done = self.run_command(
            'keystone-oauth2-manage', deployment, *arguments
        )
        return done.returncode, done.stdout + done.stderr

    def test_fresh_staged_key_does_not_sign_yet(self):
        """Others may not have it."""
        deployment = self.deploy()
        staged = deployment.folder / 'oauth2-signing-keys' / '0'
        key = {**json.loads(staged.read_text()), 'created_at': time.time()}
        staged.write_text(json.dumps(key))
        status, output = self.manage(deployment, 'signing_key_rotate')
        self.assertEqual(1, status, output)
        self.assertIn('not 360 seconds old', output)
        self.assertNotIn('Traceback', output)

    def test_setup_changes_nothing_twice(self):
        deployment = self.deploy()
        directory = deployment.folder / 'oauth2-signing-keys'
        before = {path.name: path.read_text() for path in directory.iterdir()}
        self.assertEqual({'0', '1'}, set(before))
        owner = ['--keystone-user', '0', '--keystone-group', '0']
        status, output = self.manage(deployment, 'signing_key_setup', *owner)
        self.assertEqual((0, True), (status, 'nothing was changed' in output))
        after = {path.name: path.read_text() for path in directory.iterdir()}
        self.assertEqual(before, after)

    def test_nobody_else_can_read_the_keys(self):
        deployment = self.deploy()
        directory = deployment.folder / 'oauth2-signing-keys'
        self.assertEqual(0o700, directory.stat().st_mode & 0o777)
        for path in directory.iterdir():
            self.assertEqual(0o600, path.stat().st_mode & 0o777)

    def test_interrupted_rotation_is_completed(self):
        """The staged key was activated, but not replaced."""
        deployment = self.deploy()
        directory = deployment.folder / 'oauth2-signing-keys'
        staged = json.loads((directory / '0').read_text())
        staged['active_since'] = int(time.time())
        (directory / '2').write_text(json.dumps(staged))
        (directory / '2').chmod(0o600)
        status, output = self.manage(deployment, 'signing_key_rotate')
        self.assertEqual(0, status, output)
        self.assertEqual(
            {'0', '1', '2'}, {path.name for path in directory.iterdir()}
        )
        new = json.loads((directory / '0').read_text())
        self.assertNotEqual(staged['x'], new['x'])

    def test_emergency_with_unreadable_keys(self):
        """Those that were lost cannot be read."""
        deployment = self.deploy()
        directory = deployment.folder / 'oauth2-signing-keys'
        for path in directory.iterdir():
            path.write_text('')
        status, output = self.manage(
            deployment, 'signing_key_rotate', '--emergency'
        )
        self.assertEqual(0, status, output)
        self.assertEqual(
            {'0', '2'}, {path.name for path in directory.iterdir()}
        )
