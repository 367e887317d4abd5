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

"""What is registered for a client chooses the method (RFC 6749, 2.3)."""

import collections
import itertools

from keystone_oauth2.fixture import certificates as made
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import parameters
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import self_signed_tls_client_auth
from keystone_oauth2.protocol.client_auth import tls_client_auth
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.client_auth import dummies

ASSERTION = dummies.assertion('client')


class CountingParameters(parameters.Parameters):
    """Counts how often each parameter is required."""

    def __init__(self, values):
        super().__init__(values)
        self.reads = collections.Counter()

    def required(self, name):
        self.reads[name] += 1
        return super().required(name)


class SharedEvidenceTest(base.TestCase):
    """Two methods that read assertions.

    ``right`` is the one that should be chosen, whatever both are called and
    whichever is stronger.
    """

    def orders(self, **wrong):
        """Set up the methods in each order of names and of strengths.

        :param wrong: attributes of the other method.
        """
        for names, strengths, is_first in itertools.product(
            (('a', 'b'), ('b', 'a')), ((1, 2), (2, 1)), (True, False)
        ):
            self.clients = protocol_base.ClientStore()
            self.clients.add('client', is_retired=True)
            self.right, self.wrong = (
                dummies.Dummy(
                    name, evidence.Assertion, strength=strength, **attributes
                )
                for name, strength, attributes in zip(
                    names, strengths, ({}, wrong), strict=True
                )
            )
            installed = [self.right, self.wrong]
            self.authentication = protocol_base.authentication(
                installed if is_first else installed[::-1],
                client_store=self.clients,
            )
            with self.variant((names, strengths, is_first)):
                yield

    def register(self, *methods):
        for method in methods:
            self.clients.register(method.kind)

    def authenticate(self, form=ASSERTION):
        return self.authentication.authenticate(protocol_base.request(), form)

    def assert_refused(self, detail):
        error = self.assert_raises(errors.InvalidClient, self.authenticate)
        self.assertEqual(detail, error.detail)
        self.assertEqual([], self.clients.uses)

    def assert_right(self):
        client = self.authenticate()
        self.assertEqual(self.right.name, client.method)
        self.assertEqual(self.right.kind, client.authenticator.kind)
        self.assertNotIn('verify', self.wrong.calls)

    def test_method_with_something_registered_verifies(self):
        """B11: neither the names nor the strengths of others matter."""
        for _ in self.orders():
            self.register(self.right)
            self.assert_right()
            self.assertEqual([], self.wrong.calls)

    def test_evidence_decides_if_something_is_registered_for_both(self):
        """B01: it counts as one authentication."""
        for _ in self.orders(does_fit=False):
            self.register(self.wrong, self.right)
            self.assert_right()

    def test_stronger_method_verifies_evidence_that_fits_both(self):
        """B11: or neither; the log has one reason."""
        for does_fit in (True, False):
            for _ in self.orders(does_fit=does_fit):
                self.right.does_fit = does_fit
                self.register(self.right, self.wrong)
                methods = (self.right, self.wrong)
                stronger = max(methods, key=lambda method: method.strength)
                self.assertEqual(stronger.name, self.authenticate().method)

    def test_client_without_anything_registered_is_refused(self):
        """K06: though both methods would succeed."""
        for _ in self.orders():
            self.clients.register('something else')
            strongest = sorted(
                (self.right, self.wrong), key=lambda one: -one.strength
            )
            names = ' or '.join(method.name for method in strongest)
            self.assert_refused(
                f'client client: nothing is registered for {names}'
            )
            # Whichever of them another client would have used.
            self.assertEqual(
                [['pretend'], ['pretend']],
                [method.calls for method in strongest],
            )

    def test_client_may_use_only_the_methods_that_it_is_registered_for(self):
        """B11: whatever is registered for the others."""
        for _ in self.orders():
            self.register(self.wrong, self.right)
            self.clients.change(methods=frozenset({self.right.name}))
            self.assert_right()
            self.assertEqual([], self.wrong.calls)

    def test_method_that_the_client_must_not_use_is_never_chosen(self):
        """B11: even if it alone has something registered."""
        for _ in self.orders():
            self.register(self.wrong)
            self.clients.change(methods=frozenset({self.right.name}))
            self.assert_refused(
                f'client client: nothing is registered for {self.right.name}'
            )
            self.assertNotIn('verify', self.wrong.calls + self.right.calls)

    def test_client_with_an_empty_choice_may_use_no_method(self):
        """B11: nor any other method; no use is recorded."""
        for methods in (frozenset(), frozenset({'client_secret_basic'})):
            for _ in self.orders():
                self.register(self.right, self.wrong)
                self.clients.change(methods=methods)
                error = self.assert_raises(
                    errors.InvalidClient, self.authenticate
                )
                self.assertIn('not registered for', error.detail)
                self.assertNotIn('verify', self.wrong.calls + self.right.calls)
                self.assertEqual([], self.clients.uses)

    def test_failed_method_never_falls_through_to_the_other(self):
        """B01: no matter which one would succeed."""
        for _ in self.orders(does_fit=False):
            self.right.succeeds = False
            self.register(self.right, self.wrong)
            self.assert_refused(f'{self.right.name}: wrong')
            self.assertNotIn('verify', self.wrong.calls)

    def test_other_methods_pretend_to_verify_what_is_refused(self):
        """B07: once each, and not the one that has verified it."""
        for _ in self.orders(does_fit=False):
            self.right.succeeds = False
            self.register(self.right, self.wrong)
            self.assert_refused(f'{self.right.name}: wrong')
            self.assertEqual(['fits', 'verify'], self.right.calls)
            self.assertEqual(['fits', 'pretend'], self.wrong.calls)
        for client_id in ('client', 'unknown'):
            for _ in self.orders():
                error = self.assert_raises(
                    errors.InvalidClient,
                    self.authenticate,
                    dummies.assertion(client_id),
                )
                self.assertNotIn('wrong', error.detail)
                self.assertEqual(['pretend'], self.right.calls)
                self.assertEqual(['pretend'], self.wrong.calls)

    def test_nothing_is_pretended_for_a_client_that_is_authenticated(self):
        for _ in self.orders(does_fit=False):
            self.register(self.right, self.wrong)
            self.assert_right()
            self.assertNotIn('pretend', self.right.calls + self.wrong.calls)

    def test_client_is_looked_up_once_and_its_evidence_is_read_once(self):
        for succeeds in (True, False):
            for _ in self.orders(does_fit=False):
                self.register(self.right, self.wrong)
                self.right.succeeds = succeeds
                form = CountingParameters(
                    {
                        name: ASSERTION.get(name)
                        for name in (
                            'client_assertion',
                            'client_assertion_type',
                        )
                    }
                )
                try:
                    self.authenticate(form)
                except errors.InvalidClient:
                    self.assertFalse(succeeds)
                self.assertEqual(1, self.clients.finds)
                self.assertEqual(1, form.reads['client_assertion'])
                seen = {id(one) for _, one in self.right.seen}
                seen |= {id(one) for _, one in self.wrong.seen}
                self.assertEqual(1, len(seen))

    def test_use_of_the_authenticator_is_recorded(self):
        for _ in self.orders():
            self.register(self.wrong, self.right)
            self.clients.change(methods=frozenset({self.right.name}))
            client = self.authenticate()
            self.assertEqual(
                [('client', client.authenticator.id)], self.clients.uses
            )


class CertificateTest(base.TestCase):
    """The certificate methods, with both a subject and a certificate."""

    AUTHORITY = made.CertificateAuthority('CA')
    OWN = [('CN', 'client')]
    OTHER = [('CN', 'other')]
    ISSUED = AUTHORITY.client(OWN).der
    SELF_SIGNED = made.self_signed(OWN).der
    BY_SUBJECT = 'tls_client_auth'
    EXACT = 'self_signed_tls_client_auth'

    def setUp(self):
        super().setUp()
        self.users = protocol_base.UserDirectory()
        self.users.mapped = {'id': 'SSL_CLIENT_SUBJECT_DN_CN'}
        self.clients = protocol_base.ClientStore()
        self.clients.add('client')

    def register(self, certificate=None, subject=None):
        """Register authenticators; the last one expires last."""
        if certificate is not None:
            self.clients.register(
                registration.CERTIFICATE,
                {'certificate': 'PEM'},
                fingerprint=certificates.fingerprint(certificate),
            )
        if subject is not None:
            self.clients.register(
                registration.CERTIFICATE,
                {'tls_client_auth_subject_dn': subject},
            )

    def authenticate(
        self,
        der,
        problem=None,
        has_verdict=True,
        client_id='client',
        enabled=None,
    ):
        authentication = protocol_base.authentication(
            [
                self_signed_tls_client_auth.SelfSignedTLSClientAuth(),
                tls_client_auth.TLSClientAuth(users=self.users),
            ],
            enabled,
            client_store=self.clients,
        )
        return authentication.authenticate(
            protocol_base.request(
                client_certificate=messages.ClientCertificate(
                    der, problem, has_verdict
                )
            ),
            protocol_base.form(client_id=client_id),
        )

    def assert_refused(self, detail, *arguments, **keywords):
        error = self.assert_raises(
            errors.InvalidClient,
            lambda: self.authenticate(*arguments, **keywords),
        )
        self.assertEqual(detail, error.detail)
        self.assertEqual([], self.clients.uses)

    def test_certificate_chooses_what_it_is_registered_by(self):
        """B01: one certificate counts as one authentication."""
        another = made.self_signed(self.OWN).der
        for certificate, subject, method in (
            (self.ISSUED, 'CN=other', self.EXACT),
            (another, 'CN=client', self.BY_SUBJECT),
            # The stronger method, if both would do.
            (self.ISSUED, 'CN=client', self.BY_SUBJECT),
            (self.ISSUED, None, self.EXACT),
            (None, 'CN=client', self.BY_SUBJECT),
        ):
            with self.variant((certificate, subject)):
                self.clients.unregister_all()
                self.register(certificate, subject)
                self.assertEqual(method, self.authenticate(self.ISSUED).method)

    def test_self_signed_certificate_with_a_bad_verdict_is_compared(self):
        """D04: even if its subject is registered too."""
        self.register(self.SELF_SIGNED, 'CN=client')
        client = self.authenticate(self.SELF_SIGNED, 'why not')
        self.assertEqual(self.EXACT, client.method)

    def test_certificate_without_a_good_verdict_is_refused(self):
        """E04, K06: a CA may have revoked it, or there is no verdict."""
        self.register(self.ISSUED, 'CN=client')
        self.register(self.SELF_SIGNED)
        self.assert_refused('certificate: why not', self.ISSUED, 'why not')
        for der in (self.ISSUED, self.SELF_SIGNED):
            with self.variant(der):
                self.assert_refused(
                    'certificate: no verdict', der, 'no verdict', False
                )

    def test_certificate_that_fits_nothing_registered_is_refused(self):
        """D02: by neither method."""
        self.register(self.SELF_SIGNED, 'CN=other')
        self.assert_refused(
            'client client: the subject of the certificate is not registered',
            self.ISSUED,
        )
        self.assert_refused('certificate: why not', self.ISSUED, 'why not')

    def test_client_that_is_not_registered_for_the_method_is_refused(self):
        """B11: even if it is registered for the other certificate method."""
        for certificate, subject, method, other in (
            (self.ISSUED, None, self.EXACT, self.BY_SUBJECT),
            (None, 'CN=client', self.BY_SUBJECT, self.EXACT),
        ):
            with self.variant(method):
                self.clients.unregister_all()
                self.clients.uses.clear()
                self.register(certificate, subject)
                self.clients.change(methods=frozenset({other}))
                self.assert_refused(
                    f'client client: nothing is registered for {other}',
                    self.ISSUED,
                )
                self.assert_refused(
                    f'client client: not registered for {method}',
                    self.ISSUED,
                    enabled=[method],
                )
                self.clients.change(methods=frozenset({method, other}))
                self.assertEqual(method, self.authenticate(self.ISSUED).method)

    def test_client_without_anything_registered_is_refused(self):
        """D02: nothing is expected; the mapping is only for users."""
        self.assert_refused(
            'client client: nothing is registered for tls_client_auth or '
            'self_signed_tls_client_auth',
            self.ISSUED,
        )

    def test_user_is_a_client_only_for_the_mapping(self):
        """D01: no certificate is registered for a user."""
        self.users.add('client')
        self.users.add('other')
        self.clients.register(
            registration.CERTIFICATE,
            {'certificate': 'PEM'},
            'other',
            certificates.fingerprint(self.ISSUED),
        )
        other = self.AUTHORITY.client(self.OTHER).der
        client = self.authenticate(other, client_id='other')
        self.assertEqual(self.BY_SUBJECT, client.method)
        self.assertTrue(client.client.is_user)
        self.assertEqual([], self.clients.uses)
        self.assert_refused(
            'unknown client', other, client_id='other', enabled=[self.EXACT]
        )

    def test_mapping_is_not_used_for_an_application_credential(self):
        """D01: even if its id is also that of a user."""
        self.users.add('client')
        self.assert_refused(
            'client client: nothing is registered for tls_client_auth',
            self.ISSUED,
            enabled=[self.BY_SUBJECT],
        )

    def test_unusable_client_is_refused(self):
        """D11: nor is it treated as a user instead."""
        self.users.add('client')
        self.register(self.ISSUED, 'CN=client')
        self.clients.refusals['client'] = 'it has expired'
        for enabled in ([self.BY_SUBJECT], [self.EXACT], None):
            with self.variant(enabled):
                self.assert_refused(
                    'it has expired', self.ISSUED, enabled=enabled
                )
