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

"""The client resource: its representation and its errors."""

import datetime

from oslo_utils import timeutils

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation

UNKNOWN = 'f' * 32
BASE_URL = 'http://localhost'


class ShownClientTest(federation.FederationTestCase):
    def test_client_is_shown_with_its_owner_and_methods(self):
        own = self.identity.create_application_credential(
            self.user, ['reader'], name='batch', description='nightly'
        )
        client = self.show(client=own)['client']
        url = BASE_URL + clients.path_of(own)
        domain = {'id': 'default', 'name': 'Default'}
        self.assertEqual(
            {
                'id': own.id,
                'name': 'batch',
                'description': 'nightly',
                'expires_at': None,
                'user': {
                    'id': self.user.id,
                    'name': self.user.name,
                    'domain': domain,
                },
                'project': {
                    'id': self.project.id,
                    'name': self.project.name,
                    'domain': domain,
                },
                'roles': [
                    {'id': self.identity.role_id('reader'), 'name': 'reader'}
                ],
                'authentication_methods': clients.METHODS,
                'secrets': [self.own_secret(own)],
                'keys': [],
                'certificates': [],
                'federated_identities': [],
                'links': {'self': url},
            },
            client,
        )

    def own_secret(self, own):
        """Return the representation of the credential's own secret."""
        return {
            'id': own.id,
            'description': 'The secret of the application credential itself.',
            'created_at': None,
            'expires_at': None,
            'expires_soon': False,
            'last_used_at': None,
            'links': {
                'self': BASE_URL + clients.path_of(own, f'/secrets/{own.id}')
            },
        }

    def test_own_secret_expires_with_the_credential(self):
        own = self.identity.create_application_credential(
            self.user, expires_at='2099-01-02T03:04:05Z'
        )
        client = self.show(client=own)['client']
        for shown in (client, client['secrets'][0]):
            moment = timeutils.parse_isotime(shown['expires_at'])
            self.assertEqual(
                datetime.datetime(2099, 1, 2, 3, 4, 5),
                timeutils.normalize_time(moment),
            )

    def test_client_includes_authenticators_as_their_own_resources_do(self):
        """As do their lists and the answers to their registration."""
        certificate = self.register_certificate(
            tls_client_auth_san_dns='client.example.com'
        )
        signer = self.register_key(description='of the first node')
        secret = self.register_secret(expires_at='2099-01-01T00:00:00Z')
        secret.pop('secret')
        identity = self.identify()
        client = self.show()['client']
        for kind, registered in (
            ('secret', secret),
            ('key', self.shown('key', signer.id)),
            ('certificate', certificate),
            ('federated_identity', identity),
        ):
            with self.variant(kind):
                collection = clients.COLLECTIONS[kind]
                self.assertEqual(registered, client[collection][-1])
                self.assertEqual(registered, self.shown(kind, registered))
                listed = self.show(f'/{collection}')
                self.assertEqual(client[collection], listed[collection])
                self.assertEqual(
                    BASE_URL + clients.path_of(self.own, f'/{collection}'),
                    listed['links']['self'],
                )
                self.assertEqual(
                    f'{listed["links"]["self"]}/{registered["id"]}',
                    registered['links']['self'],
                )

    def test_head_is_a_get_without_a_body(self):
        for rest in ('', '/secrets', f'/secrets/{self.own.id}'):
            with self.variant(rest):
                answer = self.manage('HEAD', rest)
                self.assertEqual((200, b''), (answer.status, answer.body))

    def test_answers_are_not_cached(self):
        """A08: they contain secrets, or describe permissions."""
        for method, rest, json in (
            ('GET', '', None),
            ('GET', '/secrets', None),
            ('GET', f'/secrets/{self.own.id}', None),
            ('POST', '/secrets', {'secret': {}}),
            ('PATCH', '', {'client': {'authentication_methods': None}}),
            ('GET', '/nothing', None),
            ('PUT', '', None),
        ):
            with self.variant((method, rest)):
                headers = self.manage(method, rest, json).headers
                self.assertEqual('no-store', headers['Cache-Control'])
                self.assertEqual('no-cache', headers['Pragma'])


class ErrorTest(clients.ClientsTestCase):
    """All errors have Keystone's format."""

    def assert_error(self, status, answer, message=''):
        self.assertThat(answer, clients.IsKeystoneError(status, message))

    def test_missing_or_invalid_token_is_401(self):
        for method, rest in (
            ('GET', ''),
            ('PATCH', ''),
            ('GET', '/secrets'),
            ('POST', '/keys'),
            ('GET', f'/secrets/{self.own.id}'),
            ('DELETE', f'/secrets/{self.own.id}'),
        ):
            for token in (None, 'wrong'):
                with self.variant((method, rest, token)):
                    answer = self.keystone.request(
                        method, clients.path_of(self.own, rest), token=token
                    )
                    self.assert_error(401, answer)
                    self.assertEqual(
                        'Keystone uri="http://localhost/v3"',
                        answer.headers['WWW-Authenticate'],
                    )

    def test_secret_of_the_client_is_not_accepted(self):
        """Nor is a client assertion."""
        answer = self.keystone.request(
            'GET',
            clients.path_of(self.own),
            **clients.by_secret(self.own, self.own.secret),
        )
        self.assert_error(401, answer)

    def test_unknown_client_is_403_to_users_and_404_to_administrators(self):
        for rest in ('', '/keys', '/keys/x'):
            with self.variant(rest):
                answer = self.manage('GET', rest, client=UNKNOWN)
                self.assert_error(403, answer, 'not authorized')
                admin = self.identity.admin_token()
                answer = self.manage('GET', rest, client=UNKNOWN, token=admin)
                self.assert_error(404, answer, UNKNOWN)

    def test_client_of_another_user_looks_like_an_unknown_client(self):
        """B07: byte for byte."""
        _, other = self.new_client('member')
        for method, rest, json in (
            ('GET', '', None),
            ('GET', '/secrets/x', None),
            ('POST', '/secrets', {'secret': {}}),
            ('DELETE', '/keys/x', None),
        ):
            with self.variant((method, rest)):
                found, unknown = (
                    self.manage(method, rest, json, client)
                    for client in (other, UNKNOWN)
                )
                self.assertEqual(403, found.status)
                self.assertEqual(unknown.body, found.body)

    def test_unknown_authenticator_is_404(self):
        """Even if another client or another collection has it."""
        signer = self.register_key()
        other = self.identity.create_application_credential(self.user)
        for method in ('GET', 'DELETE'):
            for rest, client in (
                (f'/keys/{UNKNOWN}', self.own),
                (f'/secrets/{signer.id}', self.own),
                (f'/certificates/{signer.id}', self.own),
                (f'/keys/{signer.id}', other),
                (f'/keys/{self.own.id}', self.own),
                (f'/secrets/{self.own.id}', other),
            ):
                with self.variant((method, rest)):
                    answer = self.manage(method, rest, client=client)
                    self.assert_error(404, answer)
        self.assertEqual(signer.id, self.shown('key', signer.id)['id'])

    def test_unknown_url_is_404(self):
        for path in (
            '/v3/OS-OAUTH2/clients',
            '/v3/OS-OAUTH2/clients/',
            '/v3/OS-OAUTH2//clients',
            clients.path_of(self.own, '/nothing'),
            clients.path_of(self.own, '/secrets/x/y'),
            clients.path_of('', '/secrets'),
            clients.path_of(self.own, '//secrets'),
            clients.path_of('%00'),
            clients.path_of(self.own, '/keys/%0Ax'),
        ):
            with self.variant(path):
                answer = self.keystone.request(
                    'GET', path, token=self.owner_token
                )
                self.assert_error(404, answer)
                self.assertNotIn('Traceback', self.new_log())

    def test_unsupported_method_is_405_with_allow(self):
        for rest, methods, allowed in (
            ('', ('PUT', 'POST', 'DELETE'), 'GET, HEAD, OPTIONS, PATCH'),
            (
                '/secrets',
                ('PUT', 'PATCH', 'DELETE'),
                'GET, HEAD, OPTIONS, POST',
            ),
            (
                f'/keys/{UNKNOWN}',
                ('PUT', 'PATCH', 'POST'),
                'DELETE, GET, HEAD, OPTIONS',
            ),
        ):
            for method in methods:
                with self.variant((rest, method)):
                    answer = self.manage(method, rest)
                    self.assert_error(405, answer)
                    self.assertEqual(allowed, answer.headers['Allow'])

    def post_text(self, text, method='POST', rest='/secrets'):
        return self.keystone.request(
            method,
            clients.path_of(self.own, rest),
            body=text,
            headers={'Content-Type': 'application/json'},
            token=self.owner_token,
        )

    def test_invalid_body_is_400(self):
        before = self.show()
        for text in (
            '',
            '{',
            '5',
            'true',
            'null',
            '"secret"',
            '[]',
            '[{"secret": {}}]',
            '{"secret": {}}, 5',
            '{"key": {}}',
            '{"secret": null}',
            '{"secret": []}',
            '{"secret": {}, "target": {}}',
            '{"secret": {"secret": "chosen by the user"}}',
            '{"secret": {"description": 5}}',
            '{"secret": {"description": "a\\u0000b"}}',
            '{"secret": {"description": "a\\ud800b"}}',
            '{"secret": {"description": "a\U0001f511b"}}',
            '{"secret": {"description": "%s"}}' % ('x' * 256),
            '{"secret": {"expires_at": 4070908800}}',
            '{"secret": {"expires_at": "tomorrow"}}',
            '{"secret": {"expires_at": ""}}',
            '{"secret": {"expires_at": "2020-01-01T00:00:00Z"}}',
            '{"secret": {"expires_at": "10000-01-01T00:00:00Z"}}',
            '[' * 50_000,
            '{"secret":' * 9_000,
            '\xff',
        ):
            with self.variant(text[:99]):
                self.assert_error(400, self.post_text(text))
        self.assertEqual(before, self.show())

    def test_body_is_ignored_where_none_is_expected(self):
        for text in ('[' * 50_000, '{"target": {}}'):
            for method, rest, status in (
                ('GET', '', 200),
                ('GET', '/secrets', 200),
                ('DELETE', '/secrets/x', 404),
            ):
                with self.variant((method, rest, text[:20])):
                    answer = self.post_text(text, method, rest)
                    self.assertEqual(status, answer.status)

    def test_refused_body_is_not_logged(self):
        """It may have a private key in the wrong place."""
        private = 'private-part-of-a-key'
        for wanted in (
            {'d': private},
            {'jwk': {'kty': 'EC', 'd': private}},
            {'jwk': private},
            {'jwk': {'kty': private}},
            {'jwks': [{'d': private}]},
            {'jwk': {'kty': 'EC'}, 'd': private},
        ):
            with self.variant(wanted):
                answer = self.manage('POST', '/keys', {'key': wanted})
                self.assert_error(400, answer)
                self.assertNotIn(private, answer.text)
                self.assertNotIn(private, self.new_log())


class PatchTest(clients.ClientsTestCase):
    def patch(self, value, **others):
        return self.manage(
            'PATCH',
            json={'client': {'authentication_methods': value}, **others},
        )

    def test_methods_are_changed_and_returned(self):
        """B11: any of the enabled ones."""
        for methods in (
            ['client_secret_post'],
            ['client_secret_basic', 'private_key_jwt'],
        ):
            with self.variant(methods):
                answer = self.patch(methods)
                self.assertEqual(200, answer.status, answer.text)
                self.assertEqual(
                    methods, answer.json['client']['authentication_methods']
                )
                self.assertEqual(answer.json, self.show())
        answer = self.patch(None)
        self.assertEqual(
            clients.METHODS, answer.json['client']['authentication_methods']
        )

    def test_invalid_list_of_methods_is_400(self):
        for value in (
            [],
            'client_secret_basic',
            ['none'],
            ['client_secret_jwt'],
            ['client_secret_basic', 'client_secret_basic'],
            [None],
            5,
            {},
        ):
            with self.variant(value):
                self.assertThat(
                    self.patch(value), clients.IsKeystoneError(400)
                )
        for json in (
            {},
            {'client': {}},
            {'client': {'authentication_methods': None, 'name': 'x'}},
            {'client': {'authentication_methods': None}, 'x': 1},
        ):
            with self.variant(json):
                answer = self.manage('PATCH', json=json)
                self.assertThat(answer, clients.IsKeystoneError(400))

    def test_methods_that_would_lock_the_client_out_are_409(self):
        before = self.show()
        for methods in (
            ['private_key_jwt'],
            ['tls_client_auth', 'self_signed_tls_client_auth'],
        ):
            with self.variant(methods):
                self.assertThat(
                    self.patch(methods), clients.IsKeystoneError(409)
                )
        self.assertEqual(before, self.show())
        self.assert_issued(**clients.by_secret(self.own, self.own.secret))
