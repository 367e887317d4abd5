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

"""What a token is bound to, and who proves possession (RFC 8705, 3)."""

import dataclasses
import datetime

from keystone_oauth2.fixture import certificates as made
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol import confirmation
from keystone_oauth2.protocol import messages
from keystone_oauth2.tests import base

SUBJECT = [('CN', 'client')]
SELF_SIGNED = made.self_signed(SUBJECT)
ISSUED = made.CertificateAuthority('CA').client(SUBJECT)


class ConfirmationTest(base.TestCase):
    def test_binding_to_a_certificate_has_both_thumbprints_and_its_end(self):
        """D05: neither thumbprint follows from the other."""
        for credential in (SELF_SIGNED, ISSUED):
            with self.variant(credential):
                self.assertEqual(
                    confirmation.Confirmation(
                        keystone_thumbprint=credential.keystone_thumbprint,
                        x5t_s256=credential.thumbprint,
                        expires_at=certificates.expires_at(credential.der),
                    ),
                    confirmation.Confirmation.of_certificate(credential.der),
                )

    def test_what_is_not_a_certificate_cannot_be_bound_to(self):
        for der in (b'', b'x', SELF_SIGNED.der[:-1]):
            with self.variant(der):
                self.assertRaises(
                    ValueError, confirmation.Confirmation.of_certificate, der
                )

    def test_cnf_has_the_thumbprint_of_the_rfc(self):
        """D06: not that of Keystone, which no other service computes."""
        bound_to = confirmation.Confirmation.of_certificate(SELF_SIGNED.der)
        self.assertEqual({'x5t#S256': SELF_SIGNED.thumbprint}, bound_to.cnf)
        unknown = dataclasses.replace(bound_to, x5t_s256=None)
        self.assertEqual({}, unknown.cnf)

    def test_tokens_are_sent_as_bearer_tokens(self):
        """A07: even a certificate-bound one (RFC 8705, 3)."""
        bound_to = confirmation.Confirmation.of_certificate(SELF_SIGNED.der)
        for value in (None, bound_to):
            with self.variant(value):
                self.assertEqual('Bearer', confirmation.token_type(value))


class HoldsTest(base.TestCase):
    """Whether a request comes from the holder of the certificate."""

    def holds(self, credential, certificate, now=None, **attributes):
        bound_to = dataclasses.replace(
            confirmation.Confirmation.of_certificate(credential.der),
            **attributes,
        )
        return bound_to.holds(certificate, now)

    def test_certificate_that_was_verified_is_sufficient(self):
        for credential in (SELF_SIGNED, ISSUED):
            with self.variant(credential):
                own = messages.ClientCertificate(credential.der)
                self.assertIs(True, self.holds(credential, own))

    def test_thumbprint_of_keystone_is_sufficient(self):
        """Keystone's token has no other."""
        own = messages.ClientCertificate(ISSUED.der)
        self.assertIs(
            True, self.holds(ISSUED, own, x5t_s256=None, expires_at=None)
        )

    def test_verdict_on_a_self_signed_certificate_is_sufficient(self):
        """K06: even a bad one, but not a missing one."""
        for has_verdict in (True, False):
            with self.variant(has_verdict):
                own = messages.ClientCertificate(
                    SELF_SIGNED.der, 'why not', has_verdict
                )
                self.assertIs(has_verdict, self.holds(SELF_SIGNED, own))

    def test_self_signed_certificate_must_be_valid(self):
        """D04: no front end has verified its period."""
        own = messages.ClientCertificate(SELF_SIGNED.der, 'why not', True)
        end = certificates.expires_at(SELF_SIGNED.der)
        second = datetime.timedelta(seconds=1)
        for now, expected in ((end - second, True), (end, False)):
            with self.variant(now):
                self.assertIs(expected, self.holds(SELF_SIGNED, own, now))
        now = datetime.datetime.now(datetime.timezone.utc)
        for dates in (
            {'not_after': now - datetime.timedelta(minutes=1)},
            {'not_before': now + datetime.timedelta(minutes=1)},
        ):
            with self.variant(dates):
                invalid = made.self_signed(SUBJECT, **dates)
                own = messages.ClientCertificate(invalid.der, 'why not', True)
                self.assertIs(False, self.holds(invalid, own))

    def test_certificate_of_a_ca_needs_a_good_verdict(self):
        """E04: it may have been revoked."""
        for has_verdict in (True, False):
            with self.variant(has_verdict):
                own = messages.ClientCertificate(
                    ISSUED.der, 'why not', has_verdict
                )
                self.assertIs(False, self.holds(ISSUED, own))

    def test_another_certificate_is_not_sufficient(self):
        """D05: not even one with the same subject."""
        for der in (
            made.self_signed(SUBJECT).der,
            ISSUED.der,
            SELF_SIGNED.der + b'\0',
            b'',
        ):
            for problem, has_verdict in ((None, False), ('why not', True)):
                with self.variant((der, problem)):
                    other = messages.ClientCertificate(
                        der, problem, has_verdict
                    )
                    self.assertIs(False, self.holds(SELF_SIGNED, other))

    def test_request_without_a_certificate_is_not_sufficient(self):
        self.assertIs(False, self.holds(SELF_SIGNED, None))

    def test_empty_thumbprint_is_that_of_no_certificate(self):
        """K06: not even of an empty one."""
        for der in (SELF_SIGNED.der, b''):
            with self.variant(der):
                self.assertIs(
                    False,
                    self.holds(
                        SELF_SIGNED,
                        messages.ClientCertificate(der),
                        keystone_thumbprint='',
                    ),
                )
