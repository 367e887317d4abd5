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

"""Which methods a client may use: the operator's choice, and its owner's."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests.functional import clients
from keystone_oauth2.tests.functional import mutual_tls
from keystone_oauth2.tests.functional import tokens

FAILED = 'FAILED:self-signed certificate'
SECRET_METHODS = ('client_secret_basic', 'client_secret_post')


class MethodsTestCase(clients.ClientsTestCase):
    """A client that has everything that a client can have."""

    def setUp(self):
        super().setUp()
        self.signer = self.register_key()
        self.secret = self.register_secret()['secret']
        self.issued = mutual_tls.AUTHORITY.client([('CN', 'batch')])
        self.self_signed = fixture.self_signed([('CN', 'other')])
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        self.register_certificate(certificate=self.self_signed.pem)

    def ways(self):
        """Return how each method is used, anew."""
        own = self.own
        return {
            'client_secret_basic': (
                clients.by_secret(own, own.secret),
                clients.by_secret(own, self.secret),
            ),
            'client_secret_post': (
                clients.by_secret_in_body(own, own.secret),
                clients.by_secret_in_body(own, self.secret),
            ),
            'private_key_jwt': (clients.by_key(self.signer),),
            'self_signed_tls_client_auth': (
                clients.by_certificate(own, self.self_signed, FAILED),
            ),
            'tls_client_auth': (clients.by_certificate(own, self.issued),),
        }

    def assert_may_use(self, *methods):
        """Assert that these methods let it in, and no others do."""
        for name, ways in self.ways().items():
            for how in ways:
                with self.variant((methods, name)):
                    answer = self.ask(tokens.INTROSPECT, 'unknown', **how)
                    if name in methods:
                        self.assertThat(answer, tokens.INACTIVE)
                    else:
                        self.assertThat(answer, clients.REFUSED)

    def own_secret_at_keystone(self):
        """Return what Keystone itself says to the credential's secret."""
        name = self.show()['client']['name']
        return [
            self.token_of_keystone(**named, secret=self.own.secret)
            for named in (
                {'id': self.own.id},
                {'name': name, 'user': {'id': self.user.id}},
                {
                    'name': name,
                    'user': {
                        'name': self.user.name,
                        'domain': {'id': 'default'},
                    },
                },
            )
        ]


class RegisteredMethodsTest(MethodsTestCase):
    def test_where_nobody_has_chosen_all_are_allowed(self):
        self.assert_may_use(*clients.METHODS)

    def test_client_uses_the_methods_that_it_is_registered_for(self):
        """B11: it cannot fall back to any other one."""
        for methods in (
            *((name,) for name in clients.METHODS),
            ('private_key_jwt', 'tls_client_auth'),
            SECRET_METHODS,
        ):
            self.choose_methods(*methods)
            self.assert_may_use(*methods)
        answer = self.manage(
            'PATCH', json={'client': {'authentication_methods': None}}
        )
        self.assertEqual(200, answer.status)
        self.assert_may_use(*clients.METHODS)

    def test_nor_does_keystone_take_a_secret_that_it_may_not_use(self):
        """B11: by id, and by name and user."""
        for methods, status in (
            (('private_key_jwt',), 401),
            (('tls_client_auth', 'self_signed_tls_client_auth'), 401),
            (('client_secret_basic',), 201),
            (('client_secret_post', 'private_key_jwt'), 201),
        ):
            self.choose_methods(*methods)
            for answer in self.own_secret_at_keystone():
                with self.variant(methods):
                    self.assertEqual(status, answer.status)
                    self.assertEqual(
                        status == 201, 'X-Subject-Token' in answer.headers
                    )

    def test_refusal_does_not_tell_why(self):
        """B07."""
        self.choose_methods('private_key_jwt')
        right = self.get_token(**clients.by_secret(self.own, self.own.secret))
        wrong = self.get_token(**clients.by_secret(self.own, 'wrong'))
        self.assertEqual(wrong.body, right.body)
        self.assertThat(right, clients.REFUSED)
        self.assertIn('not registered for client_secret_basic', self.log)

    def test_other_clients_and_users_are_not_affected(self):
        self.choose_methods('private_key_jwt')
        other = self.identity.create_application_credential(self.user)
        self.assert_issued(**clients.by_secret(other, other.secret))
        answer = self.token_of_keystone(id=other.id, secret=other.secret)
        self.assertEqual(201, answer.status)
        self.assertThat(self.post_with(self.certificate), clients.ISSUED)
        self.assertTrue(self.identity.token_for(self.user))

    def test_tokens_from_before_stay(self):
        token = self.issue(self.own)
        self.choose_methods('private_key_jwt')
        self.assert_valid(token)


class EnabledMethodsTest(MethodsTestCase):
    """The operator has enabled two, one of which needs no secret."""

    enabled = ('client_secret_basic', 'private_key_jwt')
    options = {
        'oauth2': {
            **clients.OPTIONS,
            'oauth2_authn_methods': list(enabled),
        }
    }

    def test_what_is_registered_for_another_one_is_not_used(self):
        self.assert_may_use(*self.enabled)
        self.assertEqual(
            sorted(self.enabled),
            self.show()['client']['authentication_methods'],
        )

    def test_owners_choice_enables_nothing(self):
        """B11: the stricter of the two counts."""
        self.choose_methods('private_key_jwt', 'tls_client_auth')
        self.assert_may_use('private_key_jwt')
        self.assertEqual(
            ['private_key_jwt'],
            self.show()['client']['authentication_methods'],
        )


class CertificatesDisabledTest(MethodsTestCase):
    """Nothing that looks at certificates is enabled."""

    options = {
        'oauth2': {
            **clients.OPTIONS,
            'oauth2_authn_methods': list(SECRET_METHODS),
        }
    }

    def test_secrets_are_all_there_is(self):
        self.assert_may_use(*SECRET_METHODS)


class OneOfTwoCertificateMethodsTest(MethodsTestCase):
    """Both look at the certificate of the connection."""

    enabled = ('client_secret_basic', 'self_signed_tls_client_auth')
    options = {
        'oauth2': {
            **clients.OPTIONS,
            'oauth2_authn_methods': list(enabled),
        }
    }

    def test_other_one_is_not_used(self):
        self.assert_may_use(*self.enabled)

    def test_users_have_no_certificates_here(self):
        self.assertThat(self.post_with(self.certificate), clients.REFUSED)
