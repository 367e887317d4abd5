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

"""Receipts for multi-factor authentication that represent a client's secret.

Keystone gives a receipt to a user whose rules require a second method; the
second request sends the receipt instead of the secret.
"""

from keystone_oauth2.tests.support import clients

RECEIPT = 'Openstack-Auth-Receipt'
RULES = [['application_credential', 'token']]
UNAUTHORIZED = clients.IsKeystoneError(401)


class ReceiptTest(clients.ClientsTestCase):
    def setUp(self):
        super().setUp()
        self.owner = self.identity.create_user(self.project, ['member'])
        self.own = self.identity.create_application_credential(self.owner)
        self.token = self.identity.token_for(self.owner)
        self.identity.update(
            self.owner,
            options={
                'multi_factor_auth_enabled': True,
                'multi_factor_auth_rules': RULES,
            },
        )

    def receipt(self):
        """Send the secret alone, and return the receipt for it."""
        answer = self.token_of_keystone(id=self.own.id, secret=self.own.secret)
        self.assertEqual(401, answer.status)
        return answer.headers[RECEIPT]

    def second_request(self):
        """Send the receipt with a token of the owner."""
        identity = {
            'methods': ['token'],
            'token': {'id': self.token},
            'application_credential': {'id': self.own.id},
        }
        return self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={'auth': {'identity': identity}},
            headers={RECEIPT: self.receipt()},
        )

    def test_receipt_beside_a_token_represents_the_secret(self):
        """B11: a token alone is exchanged; the receipt stems from a secret."""
        answer = self.second_request()
        self.assertEqual(201, answer.status, answer.text)
        self.register('secret', token=self.token)
        self.remove('secret', self.own.id, token=self.token)
        self.assertThat(self.second_request(), UNAUTHORIZED)
        self.assertIn(f'{self.own.id}: its secret is retired', self.log)
