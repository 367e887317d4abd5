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

"""Everything that accepts OpenStack tokens, over TLS.

The services have the filters of an unmodified keystonemiddleware.
"""

import functools

from keystone_oauth2 import fixture
from keystone_oauth2.tests.integration import test_external_oauth2_token
from keystone_oauth2.tests.integration import two_formats

#: Filters that require the certificate of the connection.
BOUND = ('oauth2_mtls_token', 'external_oauth2_token, bound')


def tampered(token):
    """Return a token with another end."""
    return token[:-8] + 'AAAAAAAA'


class DoorsTestCase(
    two_formats.TwoFormats, test_external_oauth2_token.ExternalTokenTestCase
):
    """Services with each filter, and both nodes of Keystone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.external_service = cls.service
        cls.example_service = cls.use(fixture.ServiceServer(cls.keystone))

    @functools.cached_property
    def doors(self):
        """Functions that present a token, by what accepts it."""
        example = self.example_service.url
        external = self.external_service.url
        return {
            'X-Auth-Token': self._sender('X-Auth-Token', '/v3/auth/projects'),
            'X-Subject-Token': lambda token, _files: self.identity.validate(
                token
            ),
            'X-Subject-Token of itself': self._validate_itself,
            'X-Subject-Token, no caller': self._sender(
                'X-Subject-Token', two_formats.TOKENS
            ),
            'token to exchange': self.exchange,
            'introspection': self._introspect,
            'auth_token': self._sender('X-Auth-Token', '/token', example),
            'oauth2_token': self._sender('Bearer', '/secret', example),
            'oauth2_mtls_token': self._sender(
                'Bearer', '/certificate', example
            ),
            'external_oauth2_token': self._sender(
                'Bearer', '/basic', external
            ),
            'external_oauth2_token, bound': self._sender(
                'Bearer', '/bound', external
            ),
        }

    def _sender(self, how, path, url=None):
        def send(token, files=None):
            headers = {how: token}
            if how == 'Bearer':
                headers = {'Authorization': f'Bearer {token}'}
            return self.https(files, url).request('GET', path, headers=headers)

        return send

    def _validate_itself(self, token, files=None):
        return self.https(files).request(
            'GET',
            two_formats.TOKENS,
            token=token,
            headers={'X-Subject-Token': token},
        )

    def _introspect(self, token, _files=None):
        return self.https().request(
            'POST',
            '/v3/OS-OAUTH2/introspect',
            form={
                'token': token,
                'client_id': self.client.id,
                'client_secret': self.client.secret,
            },
        )

    def ask_all(self, token, files=None):
        """Return what each door says of a token."""
        return {
            name: self.comparable(present(token, files))
            for name, present in self.doors.items()
        }

    def assert_refused_like(self, expected, token, files=None):
        """Assert that all doors refuse a token.

        :param expected: what they say of an opaque token.
        """
        found = self.ask_all(token, files)
        for name, (status, *_, text) in found.items():
            if name == 'introspection':
                self.assertEqual('{"active": false}', text)
            else:
                self.assertIn(status, (401, 403, 404), name)
        self.assertEqual(expected, found)
