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

"""A token expires with the authenticator of the client."""

import datetime

from cryptography import x509
from oslo_utils import timeutils

from keystone_oauth2 import fixture
from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import clients
from keystone_oauth2.tests.functional import mutual_tls

AUTHORITY = mutual_tls.AUTHORITY
SUBJECT = [('CN', 'batch')]
NAME = {'tls_client_auth_subject_dn': 'CN=batch'}


class EndTestCase(clients.ClientsTestCase):
    """The clock stands at a whole second."""

    options = clients.OPTIONS
    #: Whether tokens can be validated at another time than the real one.
    is_time_free = True

    def setUp(self):
        super().setUp()
        self.now = timeutils.utcnow().replace(microsecond=0)
        self.at(self.now)

    def after(self, seconds):
        """Return a moment in the format of a registration."""
        moment = self.now + datetime.timedelta(seconds=seconds)
        return moment.isoformat() + 'Z'

    def ending(self, seconds, subject=SUBJECT, make=AUTHORITY.client):
        """Return a certificate that expires this many seconds from now."""
        end = self.now + datetime.timedelta(seconds=seconds)
        return make(
            subject, not_after=end.replace(tzinfo=datetime.timezone.utc)
        )

    def assert_ends(self, seconds, how):
        """Assert when a token expires: in each description of it."""
        answer = self.get_token(**how)
        self.assertThat(answer, matchers.IsAccessToken(expires_in=[seconds]))
        token = answer.json['access_token']
        expires_at = self.identity.validate(token).json['token']['expires_at']
        end = timeutils.normalize_time(timeutils.parse_isotime(expires_at))
        self.assertEqual(self.now + datetime.timedelta(seconds=seconds), end)
        self.assertEqual(
            end.replace(tzinfo=datetime.timezone.utc).timestamp(),
            self.introspect(token).json['exp'],
        )
        if not self.is_time_free:
            return
        self.at(end, -1)
        self.assert_valid(token)
        self.at(end)
        self.assert_invalid(token)
        self.at(self.now)


class TokenEndTest(EndTestCase):
    def test_registered_secret(self):
        """K04: whatever remains of its lifetime."""
        secret = self.register_secret(expires_at=self.after(60))['secret']
        for how in (clients.by_secret, clients.by_secret_in_body):
            with self.variant(how):
                self.assert_ends(60, how(self.own, secret))

    def test_only_the_secret_that_was_used_counts(self):
        """K04: other secrets of the client may expire earlier."""
        self.register_secret(expires_at=self.after(60))
        lasting = self.register_secret()['secret']
        for secret in (lasting, self.own.secret):
            with self.variant(secret):
                self.assert_ends(3600, clients.by_secret(self.own, secret))

    def test_registered_key(self):
        """K04: the key that signed the assertion."""
        self.register_key()
        signer = self.register_key(expires_at=self.after(60))
        self.assert_ends(60, clients.by_key(signer))

    def test_certificate_of_a_user(self):
        """K04: if the mapping returns its user."""
        certificate = self.ending(60, [('CN', self.user.name)])
        self.assert_ends(60, clients.by_certificate(self.user, certificate))
        ended = self.ending(-60, [('CN', self.user.name)])
        self.assert_refused(**clients.by_certificate(self.user, ended))

    def test_credential_that_expires_first(self):
        """K04: the earliest expiry applies."""
        end = self.now + datetime.timedelta(seconds=50)
        self.own = self.identity.create_application_credential(
            self.user, expires_at=end.replace(tzinfo=datetime.timezone.utc)
        )
        secret = self.register_secret(expires_at=self.after(60))['secret']
        self.assert_ends(50, clients.by_secret(self.own, secret))

    def test_no_token_is_issued_for_less_than_a_second(self):
        """K04, A07: no client could use it."""
        secret = self.register_secret(expires_at=self.after(60))['secret']
        how = clients.by_secret(self.own, secret)
        self.at(self.now, 59)
        self.assertThat(
            self.get_token(**how), matchers.IsAccessToken(expires_in=[1])
        )
        self.at(self.now, 59.5)
        self.assert_refused(**how)


class SignedTokenEndTest(EndTestCase):
    """Tokens bound to the certificates of application credentials.

    The library that verifies them uses its own clock.
    """

    options = {**clients.OPTIONS, 'token': {'provider': 'jws'}}
    is_time_free = False

    def test_registered_certificate(self):
        """K04: or its registration, if that expires first."""
        certificate = fixture.self_signed(SUBJECT)
        self.register_certificate(
            certificate=certificate.pem, expires_at=self.after(60)
        )
        how = clients.by_certificate(self.own, certificate, 'FAILED:x')
        self.assert_ends(60, how)
        certificate = self.ending(70, make=fixture.self_signed)
        self.register_certificate(certificate=certificate.pem)
        how = clients.by_certificate(self.own, certificate, 'FAILED:x')
        self.assert_ends(70, how)

    def test_registered_subject(self):
        """K04: the earlier expiry of registration and certificate."""
        for registered, certificate, expected in (
            (None, 60, 60),
            (70, 60, 60),
            (60, 70, 60),
            (None, 7200, 3600),
        ):
            with self.variant((registered, certificate)):
                wanted = dict(NAME)
                if registered is not None:
                    wanted['expires_at'] = self.after(registered)
                one = self.register_certificate(**wanted)
                self.assert_ends(
                    expected,
                    clients.by_certificate(self.own, self.ending(certificate)),
                )
                self.remove('certificate', one)

    def test_longest_matching_registration_applies(self):
        """K04: the client could have used that one alone."""
        certificate = AUTHORITY.client(
            SUBJECT, names=[x509.DNSName('batch.example.com')]
        )
        self.register_certificate(expires_at=self.after(60), **NAME)
        self.register_certificate(
            expires_at=self.after(80),
            tls_client_auth_san_dns='batch.example.com',
        )
        self.register_certificate(
            expires_at=self.after(70),
            tls_client_auth_subject_dn='CN=other',
        )
        self.assert_ends(80, clients.by_certificate(self.own, certificate))

    def test_certificate_that_has_expired_is_refused(self):
        """K04: even if the front end has accepted it."""
        self.register_certificate(**NAME)
        ended = self.ending(-60)
        self.assert_refused(**clients.by_certificate(self.own, ended))

    def test_registered_secret(self):
        """K04: with these tokens as well."""
        secret = self.register_secret(expires_at=self.after(60))['secret']
        self.assert_ends(60, clients.by_secret(self.own, secret))
