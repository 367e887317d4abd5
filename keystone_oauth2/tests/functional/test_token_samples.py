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

from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import base

INTROSPECT = '/v3/OS-OAUTH2/introspect'
METADATA = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'


def shape(value):
    """Return the parts that sample and answer must have in common."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        # Supported or enabled values, which the reference lists.
        return value
    return type(value)


class TokenSamplesTest(base.KeystoneTestCase):
    options = {
        'DEFAULT': {'public_endpoint': 'https://keystone.example.com/identity'}
    }

    def assert_sample(self, name, answer):
        self.assertEqual(200, answer.status, answer.text)
        sample = samples.read(f'{name}.json')
        self.assertEqual(shape(sample), shape(answer.json))

    def introspect(self, token):
        return self.post_as(self.client, f'token={token}', path=INTROSPECT)

    def test_active_token(self):
        """G04: its members and types are those of real answers."""
        token = self.post_as(self.client).json['access_token']
        self.assert_sample(
            'introspect-active-response', self.introspect(token)
        )

    def test_inactive_token(self):
        """G02: without any other member."""
        self.assert_sample(
            'introspect-inactive-response', self.introspect('x')
        )

    def test_metadata(self):
        """H04: the features that are enabled by default."""
        answer = self.keystone.request('GET', METADATA)
        self.assert_sample('metadata-response', answer)


class MetadataSampleTest(base.KeystoneTestCase):
    options = {
        'DEFAULT': {'public_endpoint': 'https://keystone.example.com:5000'},
        'oauth2': {
            'oauth2_authn_methods': ['client_secret_basic', 'private_key_jwt']
        },
    }

    @classmethod
    def create(cls):
        """Create nothing."""

    def test_metadata_with_private_key_jwt(self):
        """H03: the algorithms, without none."""
        self.assertEqual(
            samples.read('metadata-assertion-response.json'),
            self.keystone.request('GET', METADATA).json,
        )
