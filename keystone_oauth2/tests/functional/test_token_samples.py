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

"""The samples of introspection and metadata in the API reference."""

import json
import pathlib

from keystone_oauth2.tests.functional import base

SAMPLES = pathlib.Path(__file__).parents[3] / 'api-ref/source/samples'
INTROSPECT = '/v3/OS-OAUTH2/introspect'
METADATA = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'


def shape(value):
    """Answer what a sample and an answer must have in common."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    return type(value)


class TokenSamplesTest(base.KeystoneTestCase):
    options = {
        'DEFAULT': {'public_endpoint': 'https://keystone.example.com/identity'}
    }

    def assert_sample(self, name, answer):
        self.assertEqual(200, answer.status, answer.text)
        path = SAMPLES / 'OS-OAUTH2' / f'{name}.json'
        sample = json.loads(path.read_text(encoding='utf-8'))
        self.assertEqual(shape(sample), shape(answer.json))

    def introspect(self, token):
        return self.post_as(self.client, f'token={token}', path=INTROSPECT)

    def test_active_token(self):
        """G04: members and types are those of real answers."""
        token = self.post_as(self.client).json['access_token']
        self.assert_sample(
            'introspect-active-response', self.introspect(token)
        )

    def test_inactive_token(self):
        """G02: and no other member."""
        self.assert_sample(
            'introspect-inactive-response', self.introspect('x')
        )

    def test_metadata(self):
        """H04: what is enabled by default."""
        answer = self.keystone.request('GET', METADATA)
        self.assert_sample('metadata-response', answer)
