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

"""The client authentication of a request, and its failures (RFC 6749, 2.3)."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.client_auth import dummies


def authenticate(enabled, authorization=None, **form):
    return protocol_base.authentication(
        dummies.methods(), enabled, client_store=dummies.client_store()
    ).authenticate(
        protocol_base.request(authorization=authorization),
        protocol_base.form(**form),
    )


def challenge(enabled, authorization=None):
    return protocol_base.authentication(dummies.methods(), enabled).challenge(
        protocol_base.request(authorization=authorization)
    )


class AuthenticateTest(base.TestCase):
    def test_method_that_the_request_uses_is_selected(self):
        client = authenticate(['body', 'header'], dummies.BASIC)
        self.assertEqual(('header', 'header'), (client.id, client.method))
        error = self.assert_raises(
            errors.InvalidClient,
            lambda: authenticate(['body', 'header'], **dummies.posted()),
        )
        self.assertEqual('body: wrong', error.detail)

    def test_two_methods_are_refused_even_if_one_succeeds(self):
        """B01: only one method in each request."""
        error = self.assert_raises(
            errors.TwoAuthenticationMethods,
            lambda: authenticate(
                ['body', 'header'], dummies.BASIC, **dummies.posted()
            ),
        )
        self.assertEqual(
            'the Authorization field and client_secret', error.detail
        )

    def test_disabled_method_beside_an_enabled_one_is_refused(self):
        """B01: two methods are refused, even if one is disabled."""
        self.assert_raises(
            errors.TwoAuthenticationMethods,
            lambda: authenticate(['header'], dummies.BASIC, client_secret='x'),
        )

    def test_assertion_beside_another_method_is_refused(self):
        """B01: a secret and an assertion."""
        for name in ('client_assertion', 'client_assertion_type'):
            with self.variant(name):
                self.assert_raises(
                    errors.TwoAuthenticationMethods,
                    lambda name=name: authenticate(
                        ['header'], dummies.BASIC, **{name: 'x'}
                    ),
                )

    def test_certificate_beside_another_method_is_refused(self):
        """B01: if the request names a client in the body."""
        authentication = protocol_base.authentication(
            dummies.methods(), client_store=dummies.client_store()
        )
        request = protocol_base.request(
            authorization=dummies.BASIC,
            client_certificate=messages.ClientCertificate(b'x'),
        )
        error = self.assert_raises(
            errors.TwoAuthenticationMethods,
            authentication.authenticate,
            request,
            protocol_base.form(client_id='header'),
        )
        self.assertEqual(
            'the Authorization field and a client certificate', error.detail
        )
        client = authentication.authenticate(request, protocol_base.form())
        self.assertEqual('header', client.id)

    def test_disabled_method_is_refused(self):
        """B05: using a disabled method is a failed attempt."""
        error = self.assert_raises(
            errors.InvalidClient,
            lambda: authenticate(['body'], dummies.BASIC),
        )
        self.assertEqual('header is not enabled', error.detail)

    def test_all_disabled_methods_are_named(self):
        """B05: a failed attempt."""
        authentication = protocol_base.authentication(
            [
                dummies.Dummy('one', evidence.Assertion, strength=2),
                dummies.Dummy('two', evidence.Assertion, strength=1),
            ],
            ['header'],
        )
        error = self.assert_raises(
            errors.InvalidClient,
            authentication.authenticate,
            protocol_base.request(),
            dummies.assertion('jwt'),
        )
        self.assertEqual('one or two is not enabled', error.detail)

    def test_disabled_method_is_not_tried(self):
        """B11: a disabled method authenticates no client."""
        store = dummies.client_store()
        store.register('one', client_id='jwt')
        installed = [
            dummies.Dummy('one', evidence.Assertion),
            dummies.Dummy('jwt', evidence.Assertion, succeeds=False),
        ]
        authentication = protocol_base.authentication(
            installed, ['jwt'], client_store=store
        )
        error = self.assert_raises(
            errors.InvalidClient,
            authentication.authenticate,
            protocol_base.request(),
            dummies.assertion('jwt'),
        )
        self.assertEqual('jwt: wrong', error.detail)
        self.assertEqual([], installed[0].calls)

    def test_assertion_is_refused_if_its_method_is_disabled(self):
        """A12: the assertion is not evaluated."""
        for name in ('client_assertion', 'client_assertion_type'):
            with self.variant(name):
                error = self.assert_raises(
                    errors.InvalidClient,
                    lambda name=name: authenticate(
                        ['body', 'header'], **{name: 'x'}
                    ),
                )
                self.assertEqual('jwt is not enabled', error.detail)

    def test_request_without_credentials_is_refused(self):
        """A12: only authenticated clients get tokens."""
        for form in ({}, {'client_id': 'x'}):
            with self.variant(form):
                error = self.assert_raises(
                    errors.NoClientAuthentication,
                    lambda form=form: authenticate(None, **form),
                )
                self.assertEqual('no client authentication', error.detail)

    def test_client_that_must_not_be_used_is_not_verified(self):
        """B07: nor an unknown one, but the response takes as long."""
        for client_id, detail in (
            ('unknown', 'unknown client'),
            ('header', 'it has expired'),
        ):
            with self.variant(client_id):
                store = dummies.client_store()
                store.refusals['header'] = 'it has expired'
                header, *others = dummies.methods()
                authentication = protocol_base.authentication(
                    [header, *others], client_store=store
                )
                error = self.assert_raises(
                    errors.InvalidClient,
                    authentication.authenticate,
                    protocol_base.request(
                        authorization=protocol_base.basic(f'{client_id}:x')
                    ),
                    protocol_base.form(),
                )
                self.assertEqual(detail, error.detail)
                self.assertEqual(['pretend'], header.calls)
                self.assertEqual(1, store.finds)
                self.assertEqual([], store.uses)


class UserTest(base.TestCase):
    """Clients that are users, for which nothing is registered."""

    def setUp(self):
        super().setUp()
        self.weak = dummies.Dummy('weak', evidence.Assertion, users=['user'])
        self.strong = dummies.Dummy('strong', evidence.Assertion, strength=1)
        self.clients = dummies.client_store()
        self.authentication = protocol_base.authentication(
            [self.weak, self.strong], client_store=self.clients
        )

    def authenticate(self, client_id):
        return self.authentication.authenticate(
            protocol_base.request(), dummies.assertion(client_id)
        )

    def test_method_that_knows_the_user_authenticates_it(self):
        client = self.authenticate('user')
        self.assertTrue(client.client.is_user)
        self.assertEqual(('user', 'weak'), (client.id, client.method))
        self.assertEqual([], self.clients.uses)

    def test_unknown_user_is_refused(self):
        self.assert_raises(errors.InvalidClient, self.authenticate, 'unknown')
        self.assertEqual(['pretend'], self.strong.calls)

    def test_application_credential_is_never_a_user(self):
        """B12, D11: even if it must not be used."""
        self.clients.add('user')
        self.clients.refusals['user'] = 'it has expired'
        error = self.assert_raises(
            errors.InvalidClient, self.authenticate, 'user'
        )
        self.assertEqual('it has expired', error.detail)
        del self.clients.refusals['user']
        self.clients.register('weak', client_id='user')
        self.assertFalse(self.authenticate('user').client.is_user)


class CallerTest(base.TestCase):
    """The caller of introspection, where X-Auth-Token is allowed."""

    HOLDER = messages.Caller('user', 'domain', ())

    def authenticate(self, authorization=None, holder=None, **attributes):
        self.tokens = protocol_base.TokenService()
        self.tokens.refuses = attributes.pop('refuses', False)
        authentication = protocol_base.authentication(
            dummies.methods(),
            ['header'],
            client_store=dummies.client_store(),
            tokens=self.tokens,
        )
        return authentication.authenticate_caller(
            protocol_base.request(
                authorization=authorization,
                token_holder=holder,
                **{'has_keystone_token': True, **attributes},
            ),
            protocol_base.form(),
        )

    def test_holder_of_a_token_is_the_caller(self):
        """G01: without client authentication."""
        self.assertEqual(self.HOLDER, self.authenticate(holder=self.HOLDER))

    def test_client_is_the_caller_with_the_roles_of_its_token(self):
        """G01: an application credential has no more than that."""
        caller = self.authenticate(dummies.BASIC, has_keystone_token=False)
        self.assertEqual(
            messages.Caller('user', 'domain', ('member', 'reader'), 'header'),
            caller,
        )

    def test_client_that_would_get_no_token_is_refused(self):
        """G01: with the same error as at the token endpoint."""
        error = self.assert_raises(
            errors.InvalidClient,
            lambda: self.authenticate(
                dummies.BASIC, has_keystone_token=False, refuses=True
            ),
        )
        self.assertEqual('no role', error.detail)

    def test_invalid_token_is_refused(self):
        """K06: it is not ignored."""
        error = self.assert_raises(errors.InvalidClient, self.authenticate)
        self.assertEqual('X-Auth-Token is not valid', error.detail)

    def test_token_beside_a_method_is_refused(self):
        """B01, K06: whether the token is valid or not."""
        for holder in (self.HOLDER, None):
            with self.variant(holder):
                error = self.assert_raises(
                    errors.TwoAuthenticationMethods,
                    lambda holder=holder: self.authenticate(
                        dummies.BASIC, holder
                    ),
                )
                self.assertEqual('X-Auth-Token', error.detail)


class ChallengeTest(base.TestCase):
    def test_scheme_that_the_client_used_is_named(self):
        """B05: that scheme, in its usual spelling."""
        for authorization in ('Header x', 'header x', 'HEADER', ' hEADER  x'):
            with self.variant(authorization):
                self.assertEqual(
                    'Header', challenge(['header', 'other'], authorization)
                )

    def test_scheme_that_the_client_used_is_named_though_disabled(self):
        """B05: even if its method is disabled."""
        self.assertEqual('Header', challenge(['other'], 'Header x'))
        self.assertEqual('Header', challenge(['body'], 'Header x'))

    def test_enabled_scheme_is_named_if_the_client_used_no_known_one(self):
        """B06: a 401 names an enabled scheme."""
        for authorization in (None, '', ' ', 'Bearer x', 'Headers x', '\xe9'):
            with self.variant(authorization):
                self.assertEqual(
                    'Another', challenge(['body', 'other'], authorization)
                )
                self.assertEqual(
                    'Header', challenge(['body', 'header'], authorization)
                )

    def test_no_scheme_is_named_if_no_enabled_method_has_one(self):
        """B06: disabled schemes are not named."""
        self.assertIsNone(challenge(['body']))
        self.assertIsNone(challenge(['body'], 'Bearer x'))
