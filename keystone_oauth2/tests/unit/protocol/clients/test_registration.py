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

"""Registrations of a client, and whether they suffice."""

import datetime
import re
import string

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests import base

NOW = datetime.datetime(2026, 1, 1)
BEFORE, AFTER = (
    NOW + datetime.timedelta(seconds=seconds) for seconds in (-1, 1)
)
SUBJECT = {'tls_client_auth_san_dns': 'client.example.com'}


def authenticator(kind, value=None, expires_at=None, **attributes):
    return registration.Authenticator(
        **{
            'id': 'id',
            'client_id': 'client',
            'kind': kind,
            'fingerprint': 'x',
            'value': value,
            'created_at': NOW,
            'expires_at': expires_at,
            **attributes,
        }
    )


SECRET = authenticator(registration.SECRET)
KEY = authenticator(registration.KEY, {'kty': 'EC'})
CERTIFICATE = authenticator(registration.CERTIFICATE, {'certificate': 'PEM'})
EXPECTED_SUBJECT = authenticator(registration.CERTIFICATE, SUBJECT)


class AuthenticatorTest(base.TestCase):
    def test_each_kind_is_used_by_its_methods(self):
        """B11: a key is not accepted as a secret."""
        for one, methods in (
            (SECRET, {'client_secret_basic', 'client_secret_post'}),
            (KEY, {'private_key_jwt'}),
            (CERTIFICATE, {'self_signed_tls_client_auth'}),
            (EXPECTED_SUBJECT, {'tls_client_auth'}),
        ):
            with self.variant(one):
                self.assertEqual(methods, one.methods)
                self.assertLessEqual(methods, registration.METHODS)

    def test_authenticator_is_valid_until_it_expires(self):
        for expires_at, is_live in (
            (None, True),
            (AFTER, True),
            (NOW, False),
            (BEFORE, False),
        ):
            with self.variant(expires_at):
                one = authenticator(registration.SECRET, expires_at=expires_at)
                self.assertIs(is_live, one.is_live(NOW))


class RegistrationTest(base.TestCase):
    def test_authenticators_of_a_kind_are_returned_oldest_first(self):
        """J02: so that the owner sees which one to remove."""
        new = authenticator(registration.SECRET, id='a', created_at=AFTER)
        old = authenticator(registration.SECRET, id='c', created_at=BEFORE)
        same = authenticator(registration.SECRET, id='b', created_at=BEFORE)
        registered = registration.Registration(
            'client', authenticators=(new, KEY, old, same)
        )
        self.assertEqual(
            (same, old, new), registered.of_kind(registration.SECRET)
        )
        self.assertEqual((KEY,), registered.of_kind(registration.KEY))
        self.assertEqual((), registered.of_kind(registration.CERTIFICATE))


class CheckUsableTest(base.TestCase):
    """Whether the client can still authenticate after a change."""

    def check(self, *authenticators, methods=None, is_secret_retired=False):
        registration.Registration(
            'client',
            methods=None if methods is None else frozenset(methods),
            secret_retired_at=NOW if is_secret_retired else None,
            authenticators=authenticators,
        ).check_usable(registration.Registration('client'), NOW)

    def assert_unusable(self, *authenticators, **arguments):
        error = self.assertRaises(
            registration.Conflict, self.check, *authenticators, **arguments
        )
        self.assertIs(registration.Conflict, type(error))
        self.assertIn('could no longer authenticate', str(error))

    def test_secret_of_the_credential_itself_is_sufficient(self):
        """J02: even if nothing is registered."""
        self.check()
        self.check(methods=['client_secret_post'])
        self.check(methods=['client_secret_basic', 'private_key_jwt'])

    def test_retired_secret_requires_a_replacement(self):
        """J02: the last authenticator cannot be removed."""
        self.assert_unusable(is_secret_retired=True)
        for one in (SECRET, KEY, CERTIFICATE, EXPECTED_SUBJECT):
            with self.variant(one):
                self.check(one, is_secret_retired=True)

    def test_client_that_was_already_unusable_can_be_changed(self):
        """J02: otherwise its owner could not clean up."""
        nothing = registration.Registration('client', secret_retired_at=NOW)
        nothing.check_usable(nothing, NOW)

    def test_expired_authenticator_does_not_count(self):
        """J02: nor does one that expires at this moment."""
        for expires_at in (BEFORE, NOW):
            with self.variant(expires_at):
                old = authenticator(registration.KEY, expires_at=expires_at)
                self.assert_unusable(old, is_secret_retired=True)
                self.check(old, KEY, is_secret_retired=True)
        self.check(
            authenticator(registration.KEY, expires_at=AFTER),
            is_secret_retired=True,
        )

    def test_authenticator_for_no_chosen_method_does_not_count(self):
        """B11: a chosen method needs an authenticator."""
        for one, method, other in (
            (SECRET, 'client_secret_basic', 'private_key_jwt'),
            (SECRET, 'client_secret_post', 'tls_client_auth'),
            (KEY, 'private_key_jwt', 'client_secret_post'),
            (
                CERTIFICATE,
                'self_signed_tls_client_auth',
                'tls_client_auth',
            ),
            (
                EXPECTED_SUBJECT,
                'tls_client_auth',
                'self_signed_tls_client_auth',
            ),
        ):
            with self.variant((one, method)):
                self.check(one, methods=[method], is_secret_retired=True)
                self.check(
                    one, methods=[method, other], is_secret_retired=True
                )
                self.assert_unusable(
                    one, methods=[other], is_secret_retired=True
                )

    def test_secret_of_the_credential_is_only_for_secret_methods(self):
        """B11: it is not enough if no such method is chosen."""
        self.assert_unusable(methods=['private_key_jwt'])
        self.assert_unusable(KEY, methods=['tls_client_auth'])
        self.check(KEY, methods=['private_key_jwt'])

    def test_client_with_an_empty_choice_is_unusable(self):
        """B11: an empty choice does not mean any method."""
        self.assert_unusable(SECRET, KEY, methods=[])


class SecretTest(base.TestCase):
    def test_new_secrets_have_256_random_bits(self):
        """J02: they have no characters that need encoding."""
        secrets = {registration.new_secret() for _ in range(50)}
        self.assertEqual(50, len(secrets))
        for secret in secrets:
            with self.variant(len(secret)):
                self.assertTrue(re.fullmatch('[A-Za-z0-9_-]{43}', secret))

    def test_fingerprint_is_the_same_on_each_node(self):
        # Calculated by hand: sha256sum of a fixed text, NUL, the id of the
        # client, NUL and the secret.
        self.assertEqual(
            'c1d13a093cea9a5fbca182c4880f8d003a17ebb6f39efb9e21796c87541cb734',
            registration.secret_fingerprint('client', 'secret'),
        )

    @hypothesis.given(
        st.text(string.hexdigits, min_size=1, max_size=64), st.text()
    )
    def test_fingerprint_does_not_contain_the_secret(self, client_id, secret):
        """J02: nor does another client's fingerprint equal it."""
        fingerprint = registration.secret_fingerprint(client_id, secret)
        self.assertTrue(re.fullmatch('[0-9a-f]{64}', fingerprint))
        for other in (
            registration.secret_fingerprint(client_id + '0', secret),
            registration.secret_fingerprint(client_id, secret + '0'),
            registration.secret_fingerprint(client_id[1:], secret),
        ):
            self.assertNotEqual(fingerprint, other)
