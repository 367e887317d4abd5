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

"""Attempts to bypass the registered authenticators, which all fail."""

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls

RECEIPT = 'Openstack-Auth-Receipt'
#: The user needs the secret of a credential and a password.
RULES = [['application_credential', 'password']]


class CertificateOfUserTest(
    clients.ClientsTestCase, mutual_tls.MutualTLSTestCase
):
    """A token that a user obtained with a certificate."""

    def test_it_registers_nothing_that_outlives_the_certificate(self):
        """As Keystone 30 handles application credentials."""
        token = self.post_with(self.certificate).json['access_token']
        environ = mutual_tls.verified(self.certificate)
        for method, rest, json in (
            ('GET', '', None),
            ('POST', '/secrets', {'secret': {}}),
            ('DELETE', f'/secrets/{self.own.id}', None),
        ):
            with self.variant((method, rest)):
                answer = self.keystone.request(
                    method,
                    clients.path_of(self.own, rest),
                    json=json,
                    token=token,
                    environ=environ,
                )
                self.assertThat(answer, clients.IsKeystoneError(403))


class ReceiptTest(clients.ClientsTestCase):
    """Multi-factor authentication in two requests."""

    def setUp(self):
        super().setUp()
        self.owner = self.identity.create_user(self.project, ['member'])
        self.own = self.identity.create_application_credential(self.owner)
        self.token = self.identity.token_for(self.owner)
        self.identity.as_admin(
            'PATCH',
            f'/v3/users/{self.owner.id}',
            json={
                'user': {
                    'options': {
                        'multi_factor_auth_enabled': True,
                        'multi_factor_auth_rules': RULES,
                    }
                }
            },
        )

    def second_request(self):
        """Send the secret, then the password; return the second answer."""
        answer = self.token_of_keystone(id=self.own.id, secret=self.own.secret)
        self.assertEqual(401, answer.status)
        password = {'id': self.owner.id, 'password': self.owner.password}
        identity = {
            'methods': ['password'],
            'password': {'user': password},
            'application_credential': {'id': self.own.id},
        }
        return self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={'auth': {'identity': identity}},
            headers={RECEIPT: answer.headers[RECEIPT]},
        )

    def test_retired_secret_gets_no_token(self):
        """B11: a receipt represents the secret."""
        self.assertEqual(201, self.second_request().status)
        self.register('secret', token=self.token)
        self.remove('secret', self.own.id, token=self.token)
        self.assertEqual(401, self.second_request().status)

    def test_client_of_a_strong_method_gets_no_token(self):
        """B11: whatever method accompanies its secret."""
        signer = assertions.Signer(self.own.id, clients.ISSUER)
        self.register('key', token=self.token, jwk=signer.jwk)
        answer = self.manage(
            'PATCH',
            json={'client': {'authentication_methods': ['private_key_jwt']}},
            token=self.token,
        )
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual(401, self.second_request().status)


class ExpiredTest(clients.ClientsTestCase):
    """Expired authenticators do not count."""

    def test_it_can_be_removed_and_frees_its_place(self):
        """The last authenticator is protected only until it expires."""
        key = self.register_key()
        self.retire_secret()
        self.expire(key.id)
        for _ in range(12):
            self.expire(self.register_key().id)
        for one in self.show('/keys')['keys']:
            self.remove('key', one)
        self.assert_issued(**clients.by_key(self.register_key()))
