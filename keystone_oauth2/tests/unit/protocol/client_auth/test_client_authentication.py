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

"""The client authentication method of a request (RFC 6749, 2.3)."""

import collections

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

USER = messages.User('user', 'name', 'domain', 'name of domain')


class HeaderMethod:
    """Uses any Authorization field."""

    scheme = 'Header'
    evidence = 'header'

    def is_used(self, request, form):
        return bool(request.authorization)

    def client_id(self, request, form):
        return 'header'

    def authenticate(self, request, form):
        return messages.Client('header', 'header', USER, 'project')


class BodyMethod:
    """Uses a parameter with that name, and always fails."""

    scheme = None
    evidence = 'password'

    def is_used(self, request, form):
        return 'password' in form

    def client_id(self, request, form):
        return 'body'

    def authenticate(self, request, form):
        raise ports.Refused('body: wrong')


class SlowMethod(BodyMethod):
    """Fails likewise, perhaps after a slow hash."""

    def __init__(self, was_slow):
        self.was_slow = was_slow

    def authenticate(self, request, form):
        raise ports.Refused('body: wrong', was_slow=self.was_slow)


class OtherHeaderMethod(HeaderMethod):
    scheme = 'Another'

    def is_used(self, request, form):
        return False


METHODS = {
    'body': BodyMethod(),
    'header': HeaderMethod(),
    'other': OtherHeaderMethod(),
    'private_key_jwt': private_key_jwt.PrivateKeyJWT(None),
}


def authenticate(enabled, authorization=None, **form):
    return protocol_base.authenticator(METHODS, enabled).authenticate(
        protocol_base.request(authorization=authorization),
        protocol_base.form(**form),
    )


def challenge(enabled, authorization=None):
    return protocol_base.authenticator(METHODS, enabled).challenge(
        protocol_base.request(authorization=authorization)
    )


class AuthenticateTest(base.TestCase):
    def test_method_that_the_request_uses_is_selected(self):
        client = authenticate(['body', 'header'], 'Header x')
        self.assertEqual('header', client.id)
        error = self.assert_raises(
            errors.InvalidClient,
            lambda: authenticate(['body', 'header'], password='x'),
        )
        self.assertEqual('body: wrong', error.detail)

    def test_two_methods_are_refused_even_if_one_succeeds(self):
        """B01: only one method in each request."""
        error = self.assert_raises(
            errors.TwoAuthenticationMethods,
            lambda: authenticate(['body', 'header'], 'Header x', password='x'),
        )
        self.assertEqual('body and header', error.detail)

    def test_disabled_method_beside_an_enabled_one_is_refused(self):
        """B01: two methods are refused, even if one is disabled."""
        self.assert_raises(
            errors.TwoAuthenticationMethods,
            lambda: authenticate(['header'], 'Header x', password='x'),
        )

    def test_assertion_beside_another_method_is_refused(self):
        """B01: a secret and an assertion."""
        for name in ('client_assertion', 'client_assertion_type'):
            with self.variant(name):
                self.assert_raises(
                    errors.TwoAuthenticationMethods,
                    lambda name=name: authenticate(
                        ['header'], 'Header x', **{name: 'x'}
                    ),
                )

    def test_disabled_method_is_refused(self):
        """B05: using a disabled method is a failed attempt."""
        error = self.assert_raises(
            errors.InvalidClient,
            lambda: authenticate(['body'], 'Header x'),
        )
        self.assertEqual('header is not enabled', error.detail)

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
                self.assertEqual(
                    'private_key_jwt is not enabled', error.detail
                )

    def test_request_without_credentials_is_refused(self):
        """A12: only authenticated clients get tokens."""
        for form in ({}, {'client_id': 'x'}):
            with self.variant(form):
                error = self.assert_raises(
                    errors.InvalidClient,
                    lambda form=form: authenticate(METHODS, **form),
                )
                self.assertEqual('no client authentication', error.detail)


class CertificateMethod:
    """Uses the same evidence as another method.

    :param client_id: id of the client that it accepts, or None.
    """

    scheme = None
    evidence = 'certificate'

    def __init__(self, name, client_id):
        self.name = name
        self.known = client_id
        self.attempts = 0

    def is_used(self, request, form):
        return 'certificate' in form

    def client_id(self, request, form):
        return 'claimed'

    def authenticate(self, request, form):
        self.attempts += 1
        if self.known is None:
            raise ports.Refused(f'{self.name} knows nobody')
        return messages.Client(self.known, self.name, USER, 'project')


class SharedEvidenceTest(base.TestCase):
    """Two methods that use the same evidence."""

    def set_up_methods(self, one=None, two=None, **arguments):
        self.methods = {
            'one': CertificateMethod('one', one),
            'two': CertificateMethod('two', two),
        }
        self.authenticator = protocol_base.authenticator(
            METHODS | self.methods,
            arguments.pop('enabled', ['one', 'two', 'header']),
            **arguments,
        )

    def authenticate(self, **attributes):
        return self.authenticator.authenticate(
            protocol_base.request(**attributes),
            protocol_base.form(certificate='x'),
        )

    def test_successful_method_authenticates(self):
        """B01: one certificate counts as one authentication."""
        for one, two, method in (
            ('x', None, 'one'),
            (None, 'x', 'two'),
            ('x', 'x', 'one'),
        ):
            with self.variant((one, two)):
                self.set_up_methods(one, two)
                client = self.authenticate()
                self.assertEqual(
                    ('x', method), (client.id, client.authentication_method)
                )

    def test_disabled_method_is_not_tried(self):
        """B11: a disabled method authenticates no client."""
        self.set_up_methods(one='x', enabled=['two'])
        error = self.assert_raises(errors.InvalidClient, self.authenticate)
        self.assertEqual('two knows nobody', error.detail)
        self.assertEqual(0, self.methods['one'].attempts)

    def test_all_disabled_methods_are_named(self):
        """B05: a failed attempt."""
        self.set_up_methods(one='x', two='x', enabled=['header'])
        error = self.assert_raises(errors.InvalidClient, self.authenticate)
        self.assertEqual('one or two is not enabled', error.detail)

    def test_additional_evidence_is_refused(self):
        """B01: even if both are valid."""
        self.set_up_methods(one='x', two='x')
        error = self.assert_raises(
            errors.TwoAuthenticationMethods,
            lambda: self.authenticate(authorization='Header x'),
        )
        self.assertEqual('header and one and two', error.detail)

    def test_evidence_that_all_methods_refuse_is_one_failure(self):
        """B08: it is counted once, with each reason."""
        guard = Counter(allowed=2)
        self.set_up_methods(guard=guard)
        for failures in (1, 2):
            error = self.assert_raises(errors.InvalidClient, self.authenticate)
            self.assertEqual(
                'one knows nobody; two knows nobody', error.detail
            )
            self.assertEqual(failures, guard.failures.total())
        self.assert_raises(errors.TooManyRequests, self.authenticate)

    def test_identical_reasons_are_given_once(self):
        self.set_up_methods()
        for method in self.methods.values():
            method.name = 'it'
        error = self.assert_raises(errors.InvalidClient, self.authenticate)
        self.assertEqual('it knows nobody', error.detail)


class Counter:
    """A guard that allows a number of failures of a client from a source.

    A failure beyond ``warned`` raises ``TooManyFailures``.
    """

    def __init__(self, allowed, warned=None):
        self.allowed = allowed
        self.warned = allowed if warned is None else warned
        self.failures = collections.Counter()
        self.slow = collections.Counter()

    def check(self, client_id, source):
        if self.failures[client_id, source] >= self.allowed:
            raise ports.TooManyFailures(seconds=30)

    def failed(self, client_id, source, *, was_slow):
        self.failures[client_id, source] += 1
        self.slow[client_id, source] += was_slow
        if self.failures[client_id, source] > self.warned:
            raise ports.TooManyFailures(seconds=20)


class GuardTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.authenticator = protocol_base.authenticator(
            METHODS, ['body', 'header'], Counter(allowed=2)
        )

    def authenticate(self, authorization=None, **form):
        return self.authenticator.authenticate(
            protocol_base.request(authorization=authorization),
            protocol_base.form(**form),
        )

    def test_attempt_after_too_many_failures_is_not_evaluated(self):
        """B08: this stops brute force."""
        for expected in (
            errors.InvalidClient,
            errors.InvalidClient,
            errors.TooManyRequests,
            errors.TooManyRequests,
        ):
            error = self.assert_raises(
                expected, lambda: self.authenticate(password='x')
            )
        self.assertEqual({'Retry-After': '30'}, error.headers)
        self.assertEqual(429, error.status)

    def test_failure_beyond_the_limit_gets_429(self):
        """B09: it was evaluated, and the log has the reason."""
        self.authenticator = protocol_base.authenticator(
            METHODS, ['body', 'header'], Counter(allowed=3, warned=2)
        )
        for detail, seconds in (('; body: wrong', '20'), ('', '30')):
            for _ in range(2 if seconds == '20' else 0):
                self.assert_raises(
                    errors.InvalidClient,
                    lambda: self.authenticate(password='x'),
                )
            error = self.assert_raises(
                errors.TooManyRequests,
                lambda: self.authenticate(password='x'),
            )
            self.assertEqual({'Retry-After': seconds}, error.headers)
            self.assertEqual(
                f'too many failures of client (4 characters, redacted)'
                f'{detail}',
                error.detail,
            )

    def test_guard_is_told_of_a_slow_hash(self):
        """B09: from any of several methods for the same evidence."""
        for was_slow in ([False], [True], [False, True], [True, False]):
            with self.variant(was_slow):
                methods = {
                    f'{number}': SlowMethod(each)
                    for number, each in enumerate(was_slow)
                }
                guard = Counter(allowed=1)
                authenticator = protocol_base.authenticator(
                    methods, methods, guard
                )
                self.assert_raises(
                    errors.InvalidClient,
                    authenticator.authenticate,
                    protocol_base.request(),
                    protocol_base.form(password='x'),
                )
                self.assertEqual(any(was_slow), bool(guard.slow.total()))

    def test_failures_of_one_client_do_not_block_another(self):
        """B09: no client can lock out another client."""
        for _ in range(3):
            self.assertRaises(
                errors.OAuthError, lambda: self.authenticate(password='x')
            )
        self.assertEqual('header', self.authenticate('Header x').id)

    def test_success_is_not_counted(self):
        """B09: no matter how often."""
        for _ in range(5):
            self.assertEqual('header', self.authenticate('Header x').id)


class CallerTest(base.TestCase):
    """The caller of introspection, where X-Auth-Token is allowed."""

    HOLDER = messages.Caller('user', 'domain', ())

    def authenticate(self, authorization=None, holder=None):
        authenticator = protocol_base.authenticator(METHODS, ['header'])
        return authenticator.authenticate_caller(
            protocol_base.request(
                authorization=authorization,
                has_keystone_token=True,
                token_holder=holder,
            ),
            protocol_base.form(),
        )

    def test_holder_of_a_token_is_the_caller(self):
        """G01: without client authentication."""
        self.assertEqual(self.HOLDER, self.authenticate(holder=self.HOLDER))

    def test_invalid_token_is_refused(self):
        """K06: it is not ignored."""
        error = self.assert_raises(errors.InvalidClient, self.authenticate)
        self.assertEqual('X-Auth-Token is not valid', error.detail)

    def test_token_beside_a_method_is_refused(self):
        """B01, K06: whether the token is valid or not."""
        for holder in (self.HOLDER, None):
            with self.variant(holder):
                self.assert_raises(
                    errors.TwoAuthenticationMethods,
                    lambda holder=holder: self.authenticate(
                        'Header x', holder
                    ),
                )


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
