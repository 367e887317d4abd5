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

"""Error messages for the owner about a wrong registration."""

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation

WRONG_TIME = 'expires_at must be a time in UTC, such as 2027-06-01T00:00:00Z.'


class RegistrationMessageTest(federation.FederationTestCase):
    def assert_error(self, sentence, answer):
        self.assertThat(answer, clients.IsKeystoneError(400))
        self.assertEqual(sentence, answer.json['error']['message'])

    def test_malformed_expiry_is_answered_with_an_example(self):
        """Keystone's own message names neither the member nor its form."""
        for end in (
            'tomorrow',
            '',
            '2027-06-01',
            '2027-06-01T00:00:00+02:00',
            '10000-01-01T00:00:00Z',
        ):
            with self.variant(end):
                answer = self.manage(
                    'POST', '/secrets', {'secret': {'expires_at': end}}
                )
                self.assert_error(WRONG_TIME, answer)

    def test_body_that_is_no_object_is_reported_as_such(self):
        for method, rest, body in (
            ('POST', '/secrets', ''),
            ('POST', '/secrets', 'null'),
            ('POST', '/secrets', '"secret"'),
            ('POST', '/secrets', '[{}]'),
            ('POST', '/secrets', '\xff'),
            ('PATCH', '', '[]'),
        ):
            with self.variant((body, method)):
                answer = self.keystone.request(
                    method,
                    clients.path_of(self.own, rest),
                    body=body,
                    headers={'Content-Type': 'application/json'},
                    token=self.owner_token,
                )
                self.assert_error('The body is not a JSON object.', answer)

    def test_wrong_member_is_named_with_what_it_must_be(self):
        """C07, D02: in plain words, not those of a JSON schema."""
        for rest, body, sentence in (
            ('secrets', {}, 'body: it must have secret'),
            ('secrets', {'secret': 5}, 'secret: it must be an object'),
            (
                'secrets',
                {'secret': {'id': 'x'}},
                'secret: it may have description, expires_at only',
            ),
            (
                'secrets',
                {'secret': {'description': 5}},
                'secret/description: it must be a string or null',
            ),
            (
                'secrets',
                {'secret': {'description': 'x' * 256}},
                'secret/description: it must not have more than 255 '
                'characters',
            ),
            (
                'secrets',
                {'secret': {'description': '\0'}},
                'secret/description: it has a character that cannot be stored',
            ),
            (
                'keys',
                {'key': {'jwk': '-----BEGIN PUBLIC KEY-----'}},
                'key/jwk: it must be an object',
            ),
            (
                'keys',
                {'key': {'jwks': []}},
                'key/jwks: it must be an object',
            ),
            (
                'certificates',
                {'certificate': {'tls_client_auth_san_ip': ''}},
                'certificate/tls_client_auth_san_ip: it must not be empty',
            ),
            (
                'certificates',
                {'certificate': {'certificate': ['x']}},
                'certificate/certificate: it must be a string',
            ),
        ):
            with self.variant(body):
                answer = self.manage('POST', f'/{rest}', body)
                self.assert_error(f'Invalid input for {sentence}.', answer)

    def test_available_methods_are_listed(self):
        methods = 'client/authentication_methods'
        installed = sorted([*clients.METHODS, 'spiffe_jwt'])
        for value, sentence in (
            ([], f'{methods}: it must not be empty'),
            ('x', f'{methods}: it must be a list or null'),
            (
                ['none'],
                f'{methods}/0: it must be one of {", ".join(installed)}',
            ),
            (
                ['private_key_jwt', 'private_key_jwt'],
                f'{methods}: it must not have an item twice',
            ),
        ):
            with self.variant(value):
                answer = self.manage(
                    'PATCH', json={'client': {'authentication_methods': value}}
                )
                self.assert_error(f'Invalid input for {sentence}.', answer)
