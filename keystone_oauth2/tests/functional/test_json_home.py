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

"""The JSON-home document lists the endpoint as the in-tree API does."""

from keystone_oauth2.tests.support import base

BASE = 'https://docs.openstack.org/api/openstack-identity/3/ext/OS-OAUTH2/1.0'
RELATION = f'{BASE}/rel/token'
#: Relation, URL below a client, and the variable that identifies one.
BELOW_CLIENT = (
    ('client', '', None),
    ('client_secrets', '/secrets', None),
    ('client_secret', '/secrets/{authenticator_id}', 'secret_id'),
    ('client_keys', '/keys', None),
    ('client_key', '/keys/{authenticator_id}', 'key_id'),
    ('client_certificates', '/certificates', None),
    (
        'client_certificate',
        '/certificates/{authenticator_id}',
        'certificate_id',
    ),
    ('client_federated_identities', '/federated_identities', None),
    (
        'client_federated_identity',
        '/federated_identities/{authenticator_id}',
        'federated_identity_id',
    ),
    (
        'client_federated_identity_test',
        '/federated_identities/test',
        None,
    ),
)


class JsonHomeTest(base.KeystoneTestCase):
    @classmethod
    def create(cls):
        """Create nothing."""

    def resources(self, path='/v3'):
        answer = self.keystone.request(
            'GET', path, headers={'Accept': 'application/json-home'}
        )
        self.assertEqual(200, answer.status)
        return answer.json['resources']

    def test_token_endpoint_has_its_relation(self):
        resources = self.resources()
        self.assertEqual({'href': '/OS-OAUTH2/token'}, resources[RELATION])

    def test_all_other_relations_are_kept(self):
        resources = self.resources()
        self.assertGreater(len(resources), 100)
        for name in ('auth_tokens', 'users', 'projects'):
            with self.variant(name):
                self.assertTrue(
                    any(key.endswith(f'/rel/{name}') for key in resources)
                )


class ClientsJsonHomeTest(JsonHomeTest):
    def test_clients_have_relations_with_variables(self):
        resources = self.resources()
        for name, rest, parameter in BELOW_CLIENT:
            with self.variant(name):
                variables = {'client_id': f'{BASE}/param/client_id'}
                if parameter is not None:
                    variables['authenticator_id'] = f'{BASE}/param/{parameter}'
                self.assertEqual(
                    {
                        'href-template': (
                            f'/OS-OAUTH2/clients/{{client_id}}{rest}'
                        ),
                        'href-vars': variables,
                    },
                    resources[f'{BASE}/rel/{name}'],
                )

    def test_extension_adds_no_other_relations(self):
        found = {
            relation.removeprefix(f'{BASE}/rel/')
            for relation in self.resources()
            if relation.startswith(BASE)
        }
        self.assertEqual(
            {'token', 'introspect', 'revoke', 'jwks', 'revocation_events'}
            | {'trusted_issuers'}
            | {name for name, _, _ in BELOW_CLIENT},
            found,
        )


class InTreeJsonHomeTest(JsonHomeTest):
    """The same tests without the extension."""

    enable = False
