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

"""The recipe with the plugin ``v3oauth2client``: each cloud of its file."""

import subprocess
import sys

from keystone_oauth2.tests.integration import recipes

EXAMPLE = 'https://keystone.example.com:5000/v3'
EXAMPLE_ID = 'a7850381222a4e2cb595664dfd57d083'


class PluginRecipeTest(recipes.RecipeTestCase):
    def setUp(self):
        super().setUp()
        signer = self.register_key(self.user, self.client)
        (self.home / 'backup.key').write_text(signer.pem)
        certificate, key = self.files
        text = (recipes.SAMPLES / 'recipe_clouds.yaml').read_text()
        for example, value in (
            (EXAMPLE, self.issuer),
            ('/etc/backup/backup-tls.pem', certificate),
            ('/etc/backup/backup-tls.key', key),
            ('/etc/backup', str(self.home)),
        ):
            self.assertIn(example, text)
            text = text.replace(example, value)
        self.clouds = self.home / 'clouds.yaml'
        self.text = text.replace(EXAMPLE_ID, self.client.id)
        self.set_variable('OS_CLIENT_CONFIG_FILE', str(self.clouds))

    def run_recipe(self, cloud, url):
        """Return what the recipe prints."""
        self.clouds.write_text(self.text)
        done = subprocess.run(
            [
                sys.executable,
                recipes.SAMPLES / 'recipe_openstacksdk.py',
                cloud,
                url,
            ],
            capture_output=True,
            text=True,
            timeout=recipes.TIMEOUT,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def test_secret_and_key(self):
        for cloud in ('backup', 'backup-with-a-key'):
            for url in self.urls:
                with self.variant((cloud, url)):
                    printed = self.run_recipe(cloud, url)
                    self.assertIn(self.user.name, printed)
        self.assert_requests(4)

    def test_certificate(self):
        """Of the user, who is the client then."""
        self.text = self.text.replace(self.client.id, self.user.id)
        printed = self.run_recipe(
            'backup-with-a-certificate', f'{self.service.url}/certificate'
        )
        self.assertIn(self.user.name, printed)
