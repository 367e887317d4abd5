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

"""Secrets that users chose: their encoding and length."""

import base64

from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests.functional import base
from keystone_oauth2.tests.functional import digests

#: Characters that form encoding changes, or text that looks encoded.
ODD = (
    'a+b',
    'a b',
    'a%b',
    'a%20b',
    'a%2Bb',
    '%',
    '100%25',
    'a:b',
    'a&client_id=b',
    '\u00e4\u00f6\u00fc\u20ac',
    '\U0001f511 + %e2%82%ac',
    '\u00e9',
    'e\u0301',
)
LONG = 'x' * 72


class EncodingTest(digests.DigestTestCase):
    options = {
        'oauth2': {
            'oauth2_authn_methods': [
                'client_secret_basic',
                'client_secret_post',
            ]
        },
        'oauth2_limits': {'client_failures': '3/hour'},
    }

    def post_encoded(self, client):
        """Post the secret form-encoded, as in RFC 6749."""
        encoded = (base.encoded(client.id), base.encoded(client.secret))
        return self.post(authorization=base.basic(*encoded))

    def post_in_body(self, client):
        return self.post(f'{base.GRANT}&{base.in_body(client)}')

    def test_each_is_accepted_in_each_encoding_with_and_without_digest(self):
        """B02, B03: the encoding of the first use does not matter later."""
        ways = [self.post_as, self.post_encoded, self.post_in_body]
        for secret in ODD:
            client = self.identity.create_application_credential(
                self.user, secret=secret
            )
            self.remove_digest(client)
            # The first encoding differs each time.
            ways.append(ways.pop(0))
            for way in ways:
                with self.variant((secret, way)):
                    self.assertThat(way(client), digests.ISSUED)
                    self.assertEqual(1, len(self.digests(client)))
            self.assert_digest_decides(client)

    def test_reading_that_does_not_match_is_no_failure(self):
        """B09: or a client that sends a raw % would be locked out in time."""
        _, client = self.new_client(secret='100%25')
        for _ in range(5):
            self.assertThat(self.post_as(client), digests.ISSUED)

    def test_different_spelling_is_another_secret(self):
        """B02: neither case nor Unicode normalization is ignored."""
        for secret, other in (
            ('a+b', 'a b'),
            ('a%2bb', 'a%2Bb'),
            ('\u00e9', 'e\u0301'),
            ('secret', 'SECRET'),
            ('secret', 'secret '),
        ):
            with self.variant((secret, other)):
                _, client = self.new_client(secret=secret)
                for way in (self.post_encoded, self.post_in_body):
                    answer = way(client._replace(secret=other))
                    self.assertThat(answer, digests.REFUSED)


class LengthTest(digests.DigestTestCase):
    """bcrypt uses 72 bytes, and Keystone truncates longer secrets."""

    def test_difference_after_72_bytes_is_ignored_with_a_digest(self):
        """As without one: an upgrade must not break a client."""
        for secret, other in (
            (LONG, LONG + 'y'),
            (LONG + 'y', LONG + 'z'),
            (LONG + 'y', LONG),
            (LONG[:-1] + '\u20ac', LONG[:-1] + '\u20acy'),
        ):
            with self.variant((secret, other)):
                _, client = self.new_client(secret=secret)
                also = client._replace(secret=other)
                self.remove_digest(client)
                self.assertThat(self.post_as(also), digests.ISSUED)
                self.assertThat(self.post_as(client), digests.ISSUED)
                self.assertThat(self.post_as(also), digests.ISSUED)
                self.assert_digest_decides(client)

    def test_difference_within_72_bytes_is_another_secret(self):
        _, client = self.new_client(secret=LONG)
        for secret in (LONG[:-1], LONG[:-1] + 'y', 'y' + LONG):
            with self.variant(secret):
                answer = self.post_as((client.id, secret))
                self.assertThat(answer, digests.REFUSED)


class OtherHashTest(LengthTest):
    """A hash that uses all bytes, of which Keystone accepts 128 here."""

    options = {
        'identity': {
            'password_hash_algorithm': 'pbkdf2_sha512',
            'password_hash_rounds': 1000,
            'max_password_length': 128,
        }
    }

    def test_difference_after_72_bytes_is_ignored_with_a_digest(self):
        """Not with this hash: 128 bytes count."""
        end = 'y' * 56
        _, client = self.new_client(secret=LONG + end)
        for secret, expected in (
            (LONG + end + 'z', digests.ISSUED),
            (LONG + end[1:], digests.REFUSED),
            (LONG + 'z' + end[1:], digests.REFUSED),
        ):
            with self.variant(secret):
                answer = self.post_as((client.id, secret))
                self.assertThat(answer, expected)
        self.assertThat(self.post_as(client), digests.ISSUED)


class StrictLengthTest(digests.DigestTestCase):
    """Keystone is configured to refuse secrets that it would truncate."""

    options = {'DEFAULT': {'strict_password_check': True}}

    @classmethod
    def create(cls):
        cls.project = cls.identity.create_project()
        cls.connect()

    def new_client(self, **attributes):
        # Keystone's generated secrets are too long for this option.
        return super().new_client(**{'secret': LONG, **attributes})

    def test_longest_secret_has_a_digest(self):
        _, client = self.new_client()
        self.assertThat(self.post_as(client), digests.ISSUED)
        self.assert_digest_decides(client)

    def test_longer_secret_is_refused_with_and_without_digest(self):
        _, client = self.new_client()
        for _ in range(2):
            answer = self.post_as((client.id, LONG + 'y'))
            self.assertThat(answer, digests.REFUSED)
            self.remove_digest(client)

    def test_digest_from_before_the_option_is_not_compared(self):
        """It was computed over the 72 bytes that counted then."""
        _, client = self.new_client()
        key_id = self.digests(client)[0][0]
        self.assertNotIn(key_id, self.key_ids(72))
        self.assertIn(key_id, self.key_ids(64 * 1024))

    def key_ids(self, length):
        folder = self.keystone.folder / 'credential-keys'
        return [
            secret_digest.derive(
                base64.urlsafe_b64decode(path.read_bytes()), length
            ).id
            for path in folder.iterdir()
        ]
