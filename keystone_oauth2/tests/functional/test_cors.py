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

"""Cross-origin requests: Keystone's middleware and the endpoints."""

import os
import pathlib

import fixtures

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import tokens

ORIGIN = 'https://dashboard.example.com'
PATHS = (base.TOKEN, tokens.INTROSPECT, tokens.REVOKE)
METADATA = '/.well-known/oauth-authorization-server/v3'


class CORSTest(tokens.TokensTestCase):
    @classmethod
    def setUpClass(cls):
        # Keystone's middleware looks for keystone.conf only in the usual
        # places, one of which is below the home directory.
        home = fixtures.TempDir()
        for prepared in (home, fixtures.EnvironmentVariable('HOME')):
            prepared.setUp()
            cls.addClassCleanup(prepared.cleanUp)
        os.environ['HOME'] = home.path
        folder = pathlib.Path(home.path, '.keystone')
        folder.mkdir()
        (folder / 'keystone.conf').write_text(
            f'[cors]\nallowed_origin = {ORIGIN}\n'
        )
        super().setUpClass()

    def preflight(self, path, origin=ORIGIN, method='POST'):
        return self.keystone.request(
            'OPTIONS',
            path,
            headers={
                'Origin': origin,
                'Access-Control-Request-Method': method,
            },
        )

    def test_preflight_of_an_allowed_origin_is_answered(self):
        """A01: a browser sends OPTIONS before the request itself."""
        for path in PATHS:
            with self.variant(path):
                answer = self.preflight(path)
                self.assertEqual(200, answer.status)
                self.assertEqual(b'', answer.body)
                self.assertEqual(
                    ORIGIN, answer.headers['Access-Control-Allow-Origin']
                )
                self.assertEqual(
                    'POST', answer.headers['Access-Control-Allow-Methods']
                )
        answer = self.preflight(METADATA, method='GET')
        self.assertEqual(ORIGIN, answer.headers['Access-Control-Allow-Origin'])

    def test_preflight_of_another_origin_allows_nothing(self):
        """A01: nor does the origin null, which a sandboxed page sends."""
        for path in (*PATHS, METADATA):
            for origin in ('https://evil.example.com', 'null'):
                with self.variant((path, origin)):
                    answer = self.preflight(path, origin)
                    self.assertEqual(200, answer.status)
                    for name, _ in answer.headers:
                        self.assertNotIn('access-control', name.lower())

    def test_answers_name_the_allowed_origin(self):
        """A08: a token, a refusal, and the metadata."""
        headers = {'Origin': ORIGIN}
        for answer, status in (
            (self.post_as(self.client, headers=headers), 200),
            (self.post(headers=headers), 401),
            (self.introspect('x', headers=headers), 200),
            (self.keystone.request('GET', METADATA, headers=headers), 200),
            (self.keystone.request('GET', base.TOKEN, headers=headers), 405),
        ):
            with self.variant(answer):
                self.assertEqual(status, answer.status)
                self.assertEqual(
                    ORIGIN, answer.headers['Access-Control-Allow-Origin']
                )
                self.assertIn('Origin', answer.headers['Vary'])

    def test_answers_to_another_origin_are_unchanged(self):
        """A08: complete, but without permission to read them."""
        headers = {'Origin': 'https://evil.example.com'}
        self.assertThat(
            self.post_as(self.client, headers=headers),
            matchers.IsAccessToken(),
        )
        self.assertThat(self.introspect('x', headers=headers), tokens.INACTIVE)
