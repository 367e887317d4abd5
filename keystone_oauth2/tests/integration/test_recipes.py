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
"""The recipes in the user guide, with a real Keystone and a service."""

import json
import stat
import subprocess
import sys

import fixtures

from keystone_oauth2.tests.integration import python_recipes
from keystone_oauth2.tests.integration import recipes
from keystone_oauth2.tests.integration import shell_recipes
from keystone_oauth2.tests.support import requirement

RECIPES = (*python_recipes.RECIPES, shell_recipes.Curl)
CALLS = 4


class RecipesTest(recipes.RecipeTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.signer = cls.register_key(cls.user, cls.client)

    def setUp(self):
        super().setUp()
        requirement.programs(self, 'basenc', 'bash', 'curl', 'jq', 'openssl')

    def use_recipe(self, recipe, signer=None):
        """Return a recipe with the files of the client."""
        key_file = self.home / 'client.key'
        key_file.write_text((signer or self.signer).pem)
        used = recipe(
            self.issuer,
            self.client.id,
            secret_file=self.secret_file,
            key_file=key_file,
            folder=self.home,
        )
        self.addCleanup(used.close)
        return used

    def test_many_calls_need_one_token_request(self):
        for recipe in RECIPES:
            with self.variant(recipe):
                used = self.use_recipe(recipe)
                before = self.requests()
                for url in 2 * self.urls:
                    self.assertEqual(200, used.call(url))
                self.assertEqual(1, self.requests() - before)

    def test_token_is_renewed_before_its_end(self):
        for recipe in RECIPES:
            with self.variant(recipe):
                used = self.use_recipe(recipe)
                self.assertEqual(200, used.call(self.urls[0]))
                old = used.token()
                used.pass_time()
                self.assertEqual(200, used.call(self.urls[0]))
                self.assertNotEqual(old, used.token())
                self.assert_valid(old)

    def test_token_is_revoked(self):
        for recipe in RECIPES:
            with self.variant(recipe):
                used = self.use_recipe(recipe)
                self.assertEqual(200, used.call(self.urls[0]))
                self.revoke(used.token())
                self.assertEqual(
                    recipe.status_if_revoked, used.call(self.urls[0])
                )

    def test_refusal_is_what_the_server_said(self):
        self.write_secret(recipes.WRONG)
        other = self.identity.create_application_credential(self.user)
        stranger = self.register_key(self.user, other)
        for recipe in RECIPES:
            with self.variant(recipe):
                used = self.use_recipe(recipe, stranger)
                self.assert_refused(used)

    def assert_refused(self, used):
        """Assert that a recipe gets no token, and says why."""
        error = self.assertRaises(used.refusals, used.call, self.urls[0])
        self.assertIn('invalid_client', str(error))
        self.assertIn('Client authentication failed', str(error))
        self.assertNotIn(recipes.WRONG, str(error))

    def test_rotated_secret_is_used(self):
        rotated = self.register(self.user, self.client, 'secret')['secret']
        for recipe in RECIPES:
            if recipe.reads_secret_again:
                with self.variant(recipe):
                    self.write_secret(self.client.secret)
                    used = self.use_recipe(recipe)
                    self.assertEqual(200, used.call(self.urls[0]))
                    self.write_secret(recipes.WRONG)
                    used.pass_time()
                    self.assert_refused(used)
                    self.write_secret(rotated)
                    self.assertEqual(200, used.call(self.urls[0]))

    def test_simultaneous_calls_share_a_token(self):
        for recipe in (python_recipes.HTTPX2, *python_recipes.AUTHLIB[1:]):
            with self.variant(recipe):
                used = self.use_recipe(recipe)
                self.assertEqual(200, used.call(self.urls[0]))
                used.pass_time()
                before = self.requests()
                statuses = used.call_at_once(CALLS * self.urls)
                self.assertEqual({200}, set(statuses))
                self.assertEqual(1, self.requests() - before)

    def test_threads_renew_a_revoked_token_once(self):
        used = self.use_recipe(python_recipes.HTTPX2)
        self.assertEqual(200, used.call(self.urls[0]))
        self.revoke(used.token())
        before = self.requests()
        self.assertEqual({200}, set(used.call_at_once(CALLS * self.urls)))
        self.assertEqual(1, self.requests() - before)

    def test_curl_shows_no_secret(self):
        used = self.use_recipe(shell_recipes.Curl)
        self.assertEqual(200, used.call(self.urls[0]))
        lines = used.command_lines()
        self.assertIn(self.token_url, lines)
        self.assertIn(self.urls[0], lines)
        self.assertNotIn(self.client.secret, lines)
        self.assertNotIn(used.token(), lines)
        mode = stat.S_IMODE(used.headers.stat().st_mode)
        self.assertEqual(0o600, mode)

    def test_curl_with_a_certificate(self):
        used = self.use_recipe(shell_recipes.Curl)
        used.use_certificate(self.files, self.user.id)
        url = f'{self.service.url}/certificate'
        before = self.requests()
        for _ in range(2):
            self.assertEqual(200, used.run(url))
        self.assertEqual(1, self.requests() - before)
        (used.folder / 'call.curl').write_text('')
        self.assertEqual(401, used.run(url))

    def test_samples_for_keys(self):
        samples = ['assertion.py']
        if python_recipes.NEW_AUTHLIB:
            samples.append('assertion_authlib.py')
        self.use_recipe(python_recipes.HTTPX2)
        for sample in samples:
            with self.variant(sample):
                token = self.start(
                    sys.executable,
                    recipes.SAMPLES / sample,
                    self.issuer,
                    self.client.id,
                    self.home / 'client.key',
                )
                self.assert_valid(token.strip())

    def test_sample_for_openssl(self):
        signer = self.register_key(self.user, self.client, 'EdDSA')
        (self.home / 'ed25519.key').write_text(signer.pem)
        self.useFixture(
            fixtures.EnvironmentVariable('CLIENT_ID', self.client.id)
        )
        self.useFixture(fixtures.EnvironmentVariable('ISSUER', self.issuer))
        answer = self.start('bash', recipes.SAMPLES / 'assertion.sh')
        self.assert_valid(json.loads(answer)['access_token'])

    def start(self, *command):
        """Return the output of a program."""
        process = subprocess.run(
            command,
            cwd=self.home,
            capture_output=True,
            encoding='utf-8',
            timeout=recipes.TIMEOUT,
            check=False,
        )
        self.assertEqual(0, process.returncode, process.stderr)
        return process.stdout
