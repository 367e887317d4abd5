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

"""Mutual-TLS with a registered certificate (RFC 8705, 2.2)."""

import datetime

from keystone_oauth2.fixture import certificates as made
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import self_signed_tls_client_auth
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

AUTHORITY = made.CertificateAuthority('CA')
SUBJECT = [('CN', 'client')]
SELF_SIGNED = made.self_signed(SUBJECT).der
ISSUED = AUTHORITY.client(SUBJECT).der


class SelfSignedTLSClientAuthTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.clients = protocol_base.ClientStore()
        self.clients.add('client')
        self.clients.add('other')
        self.method = self_signed_tls_client_auth.SelfSignedTLSClientAuth()

    def register(self, der, client_id='client', **attributes):
        return self.clients.register(
            registration.CERTIFICATE,
            {'certificate': 'PEM'},
            client_id,
            certificates.fingerprint(der),
            **attributes,
        )

    def verify(self, der, problem=None, client_id='client', has_verdict=True):
        return self.method.verify(
            evidence.Certificate(
                client_id,
                messages.ClientCertificate(der, problem, has_verdict),
            ),
            self.clients.find(client_id),
        )

    def assert_refused(self, reason, *arguments):
        error = self.assert_raises(ports.Refused, self.verify, *arguments)
        self.assertIn(reason, str(error))

    def test_registered_certificate_authenticates_the_client(self):
        """D04: with the delegation of its application credential."""
        self.register(ISSUED)
        registered = self.register(SELF_SIGNED)
        self.assertEqual(
            clients.AuthenticatedClient(
                client=self.clients.find('client'),
                method='self_signed_tls_client_auth',
                authenticator=registered,
                confirmation=confirmation.Confirmation.of_certificate(
                    SELF_SIGNED
                ),
            ),
            self.verify(SELF_SIGNED),
        )

    def test_evidence_fits_if_this_certificate_is_registered(self):
        """Whatever the verdict, which is a matter of verification."""
        self.register(SELF_SIGNED)
        client = self.clients.find('client')
        for der, problem, fits in (
            (SELF_SIGNED, None, True),
            (SELF_SIGNED, 'why not', True),
            (made.self_signed(SUBJECT).der, None, False),
            (ISSUED, None, False),
            (b'', 'not readable', False),
        ):
            with self.variant((der, problem)):
                found = evidence.Certificate(
                    'client', messages.ClientCertificate(der, problem)
                )
                self.assertIs(fits, self.method.fits(found, client))

    def test_self_signed_certificate_needs_no_successful_verdict(self):
        """D04: it has no chain that a front end could verify."""
        self.register(SELF_SIGNED)
        for problem in (None, 'the front end could not verify it'):
            with self.variant(problem):
                self.assertEqual(
                    'client', self.verify(SELF_SIGNED, problem).id
                )

    def test_self_signed_certificate_without_a_verdict_is_refused(self):
        """K06: the client may not have its private key."""
        self.register(SELF_SIGNED)
        self.assert_refused(
            'no verdict', SELF_SIGNED, 'no verdict', 'client', False
        )

    def test_client_expires_with_the_registration_or_the_certificate(self):
        """K04: whichever is earlier."""
        end = certificates.expires_at(SELF_SIGNED)
        day = datetime.timedelta(days=1)
        for registered, expected in (
            (None, end),
            (end + day, end),
            (end - day, end - day),
        ):
            with self.variant(registered):
                self.register(SELF_SIGNED, 'other', expires_at=registered)
                client = self.verify(SELF_SIGNED, client_id='other')
                self.assertEqual(expected, client.ends_at)
                self.clients.unregister_all()

    def test_certificate_of_a_ca_may_be_registered_too(self):
        """D04: but its verdict counts, since it may be revoked."""
        self.register(ISSUED)
        self.assert_refused('revoked', ISSUED, 'it was revoked')
        self.assertEqual('client', self.verify(ISSUED).id)

    def test_other_certificate_is_refused(self):
        """D04: even with the same subject, or if truncated or extended."""
        self.register(SELF_SIGNED)
        for der in (
            made.self_signed(SUBJECT).der,
            ISSUED,
            SELF_SIGNED[:-1],
            SELF_SIGNED + b'\0',
            b'',
        ):
            with self.variant(der):
                self.assert_refused('not registered', der)

    def test_certificate_of_another_client_is_refused(self):
        """D01: client_id says which client it must belong to."""
        self.register(SELF_SIGNED, 'other')
        self.assert_refused('not registered', SELF_SIGNED)
        self.assertEqual(
            'other', self.verify(SELF_SIGNED, client_id='other').id
        )

    def test_client_without_a_certificate_is_refused(self):
        """D04: even if a subject is registered."""
        self.assert_refused('not registered', SELF_SIGNED)
        self.clients.register(
            registration.CERTIFICATE,
            {'tls_client_auth_subject_dn': 'CN=client'},
            fingerprint=certificates.fingerprint(b'CN=client'),
        )
        self.assert_refused('not registered', SELF_SIGNED)
        self.assert_refused('not registered', ISSUED)

    def test_unreadable_certificate_needs_a_successful_verdict(self):
        """D04: it cannot be recognized as self-signed."""
        for der in (b'', b'x', SELF_SIGNED[:-1]):
            with self.variant(der):
                self.register(der)
                self.assert_refused('not readable', der, 'not readable')

    def test_certificate_outside_its_period_is_refused(self):
        """D04, K06: whether or not the front end gives a verdict."""
        now = datetime.datetime.now(datetime.timezone.utc)
        minute = datetime.timedelta(minutes=1)
        for reason, dates in (
            ('has expired', {'not_after': now - minute}),
            ('is not valid before', {'not_before': now + minute}),
        ):
            for der in (
                made.self_signed(SUBJECT, **dates).der,
                AUTHORITY.client(SUBJECT, **dates).der,
            ):
                self.register(der)
                with self.variant((reason, der)):
                    self.assert_refused(reason, der)
        der = made.self_signed(SUBJECT, not_before=now + minute).der
        self.register(der)
        self.assert_refused('is not valid before', der, 'refused')

    def test_method_has_no_http_scheme(self):
        """B06: a challenge cannot name it."""
        self.assertIsNone(self.method.scheme)
