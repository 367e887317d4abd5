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

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base as tests
from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import base

INTROSPECT = '/v3/OS-OAUTH2/introspect'
METADATA = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'
ENDPOINT = {'public_endpoint': 'https://keystone.example.com:5000'}
#: The options with which Keystone has the metadata of a sample.
SAMPLES = {
    'response': {},
    'assertion-response': {
        'oauth2': {
            'oauth2_authn_methods': ['client_secret_basic', 'private_key_jwt']
        }
    },
    'mtls-response': {
        'oauth2': {
            'mtls_endpoint': 'https://mtls.example.com:5000/v3',
            'oauth2_authn_methods': ['client_secret_basic', 'tls_client_auth'],
        }
    },
    'jwt-response': {'token': {'provider': 'oauth2_fernet'}},
}


def shape(value):
    """Return the parts that sample and answer must have in common."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    return type(value)


class TokenSamplesTest(base.KeystoneTestCase):
    options = {'DEFAULT': ENDPOINT}

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


class MetadataSamplesTest(tests.TestCase):
    """Each sample of the metadata with other options."""

    def _fake_logs(self):
        # Keystone logs to a file, which a captured log would replace.
        pass

    def test_metadata_equals_the_samples(self):
        """H03, H04: the features that are enabled, and no others."""
        for name, options in SAMPLES.items():
            keystone = fixture.Keystone({'DEFAULT': ENDPOINT, **options})
            with self.variant(name), keystone:
                self.assertEqual(
                    samples.read(f'metadata-{name}.json'),
                    keystone.request('GET', METADATA).json,
                )

    def test_every_sample_is_compared(self):
        self.assertEqual(
            {f'metadata-{name}.json' for name in SAMPLES},
            {path.name for path in samples.FOLDER.glob('metadata-*.json')},
        )
