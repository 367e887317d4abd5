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

"""Clients with tokens that are bound to their certificates."""

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers

PROJECTS = '/v3/auth/projects'
FAILED = 'FAILED:self-signed certificate'


class CertificatesTestCase(clients.ClientsTestCase):
    """With tokens that can be bound for application credentials, too."""

    options = {**clients.OPTIONS, 'token': {'provider': 'jws'}}

    def setUp(self):
        super().setUp()
        self.own = self.identity.create_application_credential(
            self.user, ['reader']
        )

    def assert_bound(self, certificate, how):
        """Assert that a client gets a token bound to the certificate."""
        answer = self.get_token(**how)
        self.assertThat(answer, matchers.IsAccessToken(scope='reader'))
        self.assertEqual(
            {'x5t#S256': certificate.keystone_thumbprint},
            self.validate(answer)['oauth2_credential'],
        )
        return answer.json['access_token']
