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

"""Limits of the size of a request."""

import io

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers

KIB = 1024


def padded(size):
    """Return a body of this many bytes."""
    start = f'{base.GRANT}&x='
    return start + 'x' * (size - len(start))


class Broken(io.BytesIO):
    """A body as uWSGI provides it after the client has disconnected."""

    def read(self, *_):
        raise OSError('error during read(100) on wsgi.input')


class LimitsTest(base.KeystoneTestCase):
    def test_body_of_16_kib_is_read(self):
        answer = self.post_as(self.client, padded(16 * KIB))
        self.assertThat(answer, matchers.IsAccessToken())

    def test_larger_body_is_refused_with_json(self):
        """A13: if Keystone passes it on."""
        for size in (16 * KIB + 1, 32 * KIB, 112 * KIB):
            with self.variant(size):
                answer = self.post_as(self.client, padded(size))
                self.assertThat(
                    answer,
                    matchers.IsOAuthError(
                        413, 'invalid_request', description='too large'
                    ),
                )

    def test_body_above_keystones_own_limit_is_refused_by_keystone(self):
        answer = self.post_as(self.client, padded(112 * KIB + 1))
        self.assertEqual(413, answer.status)
        self.assertNotIn(b'access_token', answer.body)

    def test_interrupted_body_is_a_bad_request(self):
        """A13: however the server signals that the client has gone."""
        for body in (io.BytesIO(b'grant_'), Broken()):
            with self.variant(body):
                answer = self.post_as(
                    self.client,
                    environ={'wsgi.input': body, 'CONTENT_LENGTH': '100'},
                )
                self.assertThat(
                    answer,
                    matchers.IsOAuthError(
                        400, 'invalid_request', description='incomplete'
                    ),
                )
        self.assertNotIn('ERROR', self.log)

    def test_64_parameters_are_accepted_and_65_refused(self):
        more = ''.join(f'&p{number}=' for number in range(63))
        answer = self.post_as(self.client, base.GRANT + more)
        self.assertThat(answer, matchers.IsAccessToken())
        answer = self.post_as(self.client, f'{base.GRANT}{more}&last=1')
        self.assertThat(answer, matchers.IsOAuthError(400, 'invalid_request'))

    def test_longest_credentials_are_refused_like_wrong_ones(self):
        """B07: their length makes no difference."""
        for client_id, secret in (
            (self.client.id, 'x' * 5000),
            ('x' * 5000, 'x'),
            ('\u20ac' * 300, '\u20ac' * 300),
            (self.client.id, ''),
            ('', ''),
        ):
            with self.variant((client_id, secret)):
                answer = self.post_as((client_id, secret))
                self.assertThat(
                    answer, matchers.IsOAuthError(401, 'invalid_client')
                )


class StrictPasswordsTest(base.KeystoneTestCase):
    options = {'DEFAULT': {'strict_password_check': True}}

    @classmethod
    def create(cls):
        project = cls.identity.create_project()
        user = cls.identity.create_user(project, ['member', 'reader'])
        # Keystone's generated secrets are too long for this option.
        cls.client = cls.identity.create_application_credential(
            user, secret='short enough'
        )

    def test_secret_that_keystone_refuses_to_hash_is_wrong(self):
        """B07: Keystone raises an error for a secret that is too long."""
        for client_id in (self.client.id, 'unknown'):
            for secret in ('x' * 73, 'x' * 5000):
                with self.variant((client_id, secret)):
                    self.assertThat(
                        self.post_as((client_id, secret)),
                        matchers.IsOAuthError(401, 'invalid_client'),
                    )
