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

"""The methods that a client may use: chosen by operator and owner."""

from keystone_oauth2 import fixture
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

FAILED = 'FAILED:self-signed certificate'
SECRET_METHODS = ('client_secret_basic', 'client_secret_post')


class MethodsTestCase(federation.FederationTestCase):
    """A client with an authenticator of each kind."""

    def setUp(self):
        super().setUp()
        self.signer = self.register_key()
        self.secret = self.register_secret()['secret']
        self.issued = mutual_tls.AUTHORITY.client([('CN', 'batch')])
        self.self_signed = fixture.self_signed([('CN', 'other')])
        self.register_certificate(tls_client_auth_subject_dn='CN=batch')
        self.register_certificate(certificate=self.self_signed.pem)
        self.identify()

    def ways(self):
        """Return new request arguments for each method."""
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
            'federated_jwt': (self.by(),),
            'private_key_jwt': (clients.by_key(self.signer),),
            'self_signed_tls_client_auth': (
                clients.by_certificate(own, self.self_signed, FAILED),
            ),
            'tls_client_auth': (clients.by_certificate(own, self.issued),),
        }

    def assert_may_use(self, *methods):
        """Assert that exactly these methods authenticate the client."""
        for name, ways in self.ways().items():
            for how in ways:
                with self.variant((methods, name)):
                    answer = self.ask(tokens.INTROSPECT, 'unknown', **how)
                    if name in methods:
                        self.assertThat(answer, tokens.INACTIVE)
                    else:
                        self.assertThat(answer, clients.REFUSED)

    def own_secret_at_keystone(self):
        """Return Keystone's own answer to the credential's secret."""
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
    def test_without_a_choice_all_methods_are_allowed(self):
        self.assert_may_use(*clients.METHODS)

    def test_client_uses_only_its_registered_methods(self):
        """B11: it cannot fall back to another one."""
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

    def test_keystone_refuses_a_secret_that_is_not_allowed(self):
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

    def test_refusal_does_not_give_the_reason(self):
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

    def test_earlier_tokens_stay_valid(self):
        token = self.issue(self.own)
        self.choose_methods('private_key_jwt')
        self.assert_valid(token)


class EnabledMethodsTest(MethodsTestCase):
    """The operator has enabled two methods, one without a secret."""

    enabled = ('client_secret_basic', 'private_key_jwt')
    options = {
        **clients.OPTIONS,
        'oauth2': {
            **clients.OPTIONS['oauth2'],
            'oauth2_authn_methods': list(enabled),
        },
    }

    def test_authenticator_for_a_disabled_method_is_refused(self):
        self.assert_may_use(*self.enabled)
        self.assertEqual(
            sorted(self.enabled),
            self.show()['client']['authentication_methods'],
        )

    def test_owners_choice_enables_no_further_method(self):
        """B11: the stricter choice applies."""
        self.choose_methods('private_key_jwt', 'tls_client_auth')
        self.assert_may_use('private_key_jwt')
        self.assertEqual(
            ['private_key_jwt'],
            self.show()['client']['authentication_methods'],
        )


class CertificatesDisabledTest(MethodsTestCase):
    """No enabled method uses certificates."""

    options = {
        **clients.OPTIONS,
        'oauth2': {
            **clients.OPTIONS['oauth2'],
            'oauth2_authn_methods': list(SECRET_METHODS),
        },
    }

    def test_only_secrets_are_accepted(self):
        self.assert_may_use(*SECRET_METHODS)


class OneOfTwoCertificateMethodsTest(MethodsTestCase):
    """Both methods use the certificate of the connection."""

    enabled = ('client_secret_basic', 'self_signed_tls_client_auth')
    options = {
        **clients.OPTIONS,
        'oauth2': {
            **clients.OPTIONS['oauth2'],
            'oauth2_authn_methods': list(enabled),
        },
    }

    def test_disabled_certificate_method_is_refused(self):
        self.assert_may_use(*self.enabled)

    def test_users_cannot_use_certificates(self):
        self.assertThat(self.post_with(self.certificate), clients.REFUSED)
