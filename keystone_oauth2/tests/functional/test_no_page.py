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

"""No answer below the API or at the metadata is an HTML page."""

import itertools

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import tokens

METADATA = '/.well-known/oauth-authorization-server'
PATHS = (
    base.TOKEN,
    tokens.INTROSPECT,
    tokens.REVOKE,
    f'/v3/OS-OAUTH2{METADATA}',
    f'{METADATA}/v3',
    '/v3/OS-OAUTH2',
    '/v3/OS-OAUTH2/',
    '/v3/OS-OAUTH2/nothing',
    '/v3/OS-OAUTH2//token',
    '/v3//OS-OAUTH2',
    '/v3/OS-OAUTH2/token/',
    '/v3/OS-OAUTH2/%2e%2e/token',
    '/v3/OS-OAUTH2/clients/x',
    '/v3/OS-OAUTH2/clients/x/secrets/y',
    '/v3/OS-OAUTH2/clients/x/federated_identities/test',
    '/v3/OS-OAUTH2/trusted_issuers',
    '/v3/OS-OAUTH2/<b>',
)
METHODS = ('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'FOO')
BODIES = (
    {},
    {'form': {'grant_type': 'client_credentials', 'token': 'x'}},
    {'json': {'token': 'x'}},
    {'body': '<html>', 'headers': {'Content-Type': 'text/html'}},
    {'body': b'\xff{', 'headers': {'Content-Type': 'application/json'}},
)


class NoPageTest(tokens.TokensTestCase):
    @classmethod
    def create(cls):
        """Create nothing."""

    def test_no_answer_is_html(self):
        """A13: whatever the path, the method, the body or Accept.

        An answer without a body has no media type (RFC 9110, 8.3).
        """
        for path, method, body in itertools.product(PATHS, METHODS, BODIES):
            headers = {'Accept': 'text/html', **body.get('headers', {})}
            answer = self.keystone.request(
                method, path, **{**body, 'headers': headers}
            )
            with self.variant((path, method, body, answer)):
                self.assertLess(answer.status, 500)
                self.assertNotIn(b'<', answer.body)
                if answer.body:
                    self.assertEqual(
                        'application/json', answer.headers['Content-Type']
                    )
                    self.assertIsInstance(answer.json, dict)
                elif method != 'HEAD':
                    # HEAD describes the body of GET.
                    self.assertNotIn('Content-Type', answer.headers)
