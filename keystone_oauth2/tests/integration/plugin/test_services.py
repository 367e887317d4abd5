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

"""Each kind of service accepts what the plugin sends."""

from keystonemiddleware import oauth2_token

from keystone_oauth2.plugin import errors
from keystone_oauth2.tests.integration import filters
from keystone_oauth2.tests.integration import two_formats
from keystone_oauth2.tests.integration.plugin import base

RESOURCE = 'https://image.example.com/v2'


class ServicesTest(
    two_formats.TwoFormats, base.PluginTestCase, filters.FilterTestCase
):
    """JWT and opaque tokens of the same client."""

    def sessions(self):
        """Return a session for each format of tokens."""
        opaque = self.opaque_node.url
        return {
            'jwt': self.load(),
            'opaque': self.load(oauth2_endpoint=opaque + base.TOKEN),
        }

    def test_services(self):
        services = {
            'auth_token': self.unmodified(),
            'oauth2_token': self.behind(oauth2_token),
            'ours': self.ours(),
        }
        for form, client in self.sessions().items():
            headers = client.get_auth_headers()
            for name, service in services.items():
                with self.variant((form, name)):
                    seen = service.environ_for(headers=headers)
                    self.assertEqual(200, service.answer.status)
                    self.assertEqual(self.user.id, seen['HTTP_X_USER_ID'])
        self.assertEqual(1, self.token_requests)

    def test_token_for_one_service(self):
        """It is good there, and Keystone does not accept it."""
        client = self.load(oauth2_resource_indicator=RESOURCE)
        service = self.ours(oauth2_resource=RESOURCE)
        seen = service.environ_for(headers=client.get_auth_headers())
        self.assertEqual(200, service.answer.status)
        self.assertEqual(self.user.id, seen['HTTP_X_USER_ID'])
        self.assertRaises(errors.AccessTokenError, client.get_project_id)

    def test_scope(self):
        client = self.load(oauth2_scope='reader')
        self.assert_calls(client)
        other = self.load(oauth2_scope='admin')
        error = self.assertRaises(errors.AccessTokenError, other.get_token)
        self.assertIn('invalid_scope', str(error))

    def test_keystone(self):
        for form, client in self.sessions().items():
            with self.variant(form):
                self.assert_calls(client)
                self.assertEqual(self.project.id, client.get_project_id())

    def behind(self, module, **options):
        """Return a service behind a filter of keystonemiddleware."""
        service = filters.Service()
        conf = self.conf(**options)
        return filters.Client(
            service, module.filter_factory({}, **conf)(service)
        )
