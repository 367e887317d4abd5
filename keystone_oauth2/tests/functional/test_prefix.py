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

"""Keystone mounted below a prefix, and behind a public address."""

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers


class PrefixTest(base.KeystoneTestCase):
    def test_endpoint_is_available_below_any_prefix(self):
        for prefix in ('/identity', '/a/b'):
            with self.variant(prefix):
                answer = self.post_as(
                    self.client, environ={'SCRIPT_NAME': prefix}
                )
                self.assertThat(answer, matchers.IsAccessToken())

    def test_challenge_names_keystone_below_the_prefix(self):
        """B05: as Keystone's own 401 does."""
        answer = self.post(environ={'SCRIPT_NAME': '/identity'})
        self.assertThat(
            answer,
            matchers.IsOAuthError(
                401, 'invalid_client', url='http://localhost/identity/v3'
            ),
        )

    def test_other_errors_are_the_same_below_the_prefix(self):
        environ = {'SCRIPT_NAME': '/identity'}
        self.assertThat(
            self.keystone.request('GET', base.TOKEN, environ=environ),
            matchers.IsOAuthError(
                405, 'invalid_request', allow='OPTIONS, POST'
            ),
        )
        self.assertThat(
            self.post('', environ=environ),
            matchers.IsOAuthError(400, 'invalid_request'),
        )


class PublicEndpointTest(base.KeystoneTestCase):
    options = {
        'DEFAULT': {'public_endpoint': 'https://cloud.example.org/identity'}
    }

    def test_challenge_names_the_public_address(self):
        """B05: not the one in a client's Host field."""
        answer = self.post(headers={'Host': 'evil.example.org'})
        self.assertThat(
            answer,
            matchers.IsOAuthError(
                401,
                'invalid_client',
                url='https://cloud.example.org/identity/v3',
            ),
        )
        self.assertNotIn('evil', f'{answer.headers}')
