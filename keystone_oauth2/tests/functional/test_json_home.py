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

"""The JSON-home document names the endpoint as the in-tree API does."""

from keystone_oauth2.tests.functional import base

RELATION = (
    'https://docs.openstack.org/api/openstack-identity/3/ext/OS-OAUTH2/1.0'
    '/rel/token'
)


class JsonHomeTest(base.KeystoneTestCase):
    @classmethod
    def create(cls):
        """Nothing is needed."""

    def resources(self, path='/v3'):
        answer = self.keystone.request(
            'GET', path, headers={'Accept': 'application/json-home'}
        )
        self.assertEqual(200, answer.status)
        return answer.json['resources']

    def test_token_endpoint_has_its_relation(self):
        resources = self.resources()
        self.assertEqual({'href': '/OS-OAUTH2/token'}, resources[RELATION])

    def test_no_other_relation_got_lost(self):
        resources = self.resources()
        self.assertGreater(len(resources), 100)
        for name in ('auth_tokens', 'users', 'projects'):
            with self.variant(name):
                self.assertTrue(
                    any(key.endswith(f'/rel/{name}') for key in resources)
                )


class InTreeJsonHomeTest(JsonHomeTest):
    """The very same without the extension."""

    enable = False
