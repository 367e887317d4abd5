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
"""The recipes for JavaScript in the user guide, with a real Keystone."""

import json
import shutil
import subprocess
import threading

from keystone_oauth2.tests.integration import javascript
from keystone_oauth2.tests.integration import recipes

RECIPES = ('recipe_openid_client.mjs', 'assertion.mjs')


class JavaScriptRecipeTest(
    javascript.JavaScriptTestCase, recipes.RecipeTestCase
):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.not_installed is None:
            for name in RECIPES:
                shutil.copy(recipes.SAMPLES / name, cls.folder)

    def open(self):
        """Start a client, whose calls go through ``ask``."""
        self.process = subprocess.Popen(
            [
                'node',
                'caller.mjs',
                self.issuer,
                self.client.id,
                self.secret_file,
            ],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding='utf-8',
        )
        timer = threading.Timer(javascript.TIMEOUT, self.process.kill)
        timer.start()
        self.addCleanup(self.process.communicate)
        self.addCleanup(self.process.kill)
        self.addCleanup(timer.cancel)

    def ask(self, *urls, seconds=0):
        """Return the report of simultaneous calls.

        :param seconds: that pass for the client before.
        """
        self.process.stdin.write(
            json.dumps({'urls': urls, 'seconds': seconds}) + '\n'
        )
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def assert_served(self, *urls, seconds=0):
        """Assert that calls succeed, and return the token of the last."""
        report = self.ask(*urls, seconds=seconds)
        self.assertEqual(len(urls) * [200], report.get('statuses'), report)
        return report['token']

    def test_many_calls_need_one_token_request(self):
        self.open()
        tokens = {self.assert_served(*self.urls) for _ in range(3)}
        self.assertEqual(1, len(tokens))
        self.assert_requests(1)

    def test_token_is_renewed_before_its_end(self):
        self.open()
        old = self.assert_served(self.urls[0])
        new = self.assert_served(*self.urls, seconds=recipes.SECONDS)
        self.assertNotEqual(old, new)
        self.assert_requests(2)

    def test_revoked_token_is_renewed(self):
        self.open()
        self.revoke(self.assert_served(self.urls[0]))
        self.assert_served(*self.urls)
        self.assert_requests(2)

    def test_refusal_is_what_the_server_said(self):
        self.write_secret(recipes.WRONG)
        self.open()
        error = self.ask(self.urls[0])['error']
        self.assertEqual('WWWAuthenticateChallengeError', error['name'])
        self.assertEqual(401, error['status'])
        self.assertNotIn(recipes.WRONG, json.dumps(error))

    def test_rotated_secret_is_used(self):
        rotated = self.register(self.user, self.client, 'secret')['secret']
        self.open()
        self.assert_served(self.urls[0])
        self.write_secret(recipes.WRONG)
        report = self.ask(self.urls[0], seconds=recipes.SECONDS)
        self.assertIn('error', report)
        self.write_secret(rotated)
        self.assert_served(self.urls[0])

    def test_sample_for_keys(self):
        signer = self.register_key(self.user, self.client)
        key_file = self.home / 'client.key'
        key_file.write_text(signer.pem)
        process = self.start(
            'node', 'assertion.mjs', self.issuer, self.client.id, key_file
        )
        self.assertEqual(0, process.returncode, process.stderr)
        self.assert_valid(process.stdout.strip())
