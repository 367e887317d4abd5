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

"""HTTP Basic at the token endpoint (RFC 6749, 2.3.1)."""

import base64
import urllib.parse

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers

REFUSED = matchers.IsOAuthError(401, 'invalid_client')
SECRET_OF_EACH_KIND = 'a-b_c.d~e f+g%41:h/i=\xe9\u20ac"\\'


class BasicTest(base.KeystoneTestCase):
    @classmethod
    def create(cls):
        super().create()
        cls.odd = cls.identity.create_application_credential(
            cls.user, secret=SECRET_OF_EACH_KIND
        )

    def test_basic_is_accepted_by_default(self):
        """B03: a server that issues secrets accepts Basic."""
        answer = self.post_as(self.client)
        self.assertThat(answer, matchers.IsAccessToken())

    def test_secret_is_accepted_encoded_and_raw(self):
        """B02: form-encoded as in RFC 6749, or raw as curl sends it."""
        for client_id, secret in (
            (self.odd.id, SECRET_OF_EACH_KIND),
            (self.odd.id, urllib.parse.quote_plus(SECRET_OF_EACH_KIND)),
            (base.encoded(self.odd.id), base.encoded(SECRET_OF_EACH_KIND)),
        ):
            with self.variant((client_id, secret)):
                answer = self.post_as((client_id, secret))
                self.assertThat(answer, matchers.IsAccessToken())

    def test_only_the_canonical_base64_is_accepted(self):
        """B05: the unused trailing bits are zero (RFC 4648, 3.5)."""
        # Two octets remain: 16 bits, encoded in 18.
        client = self.identity.create_application_credential(
            self.user, secret='s' * 44
        )
        text = base64.b64encode(f'{client.id}:{client.secret}'.encode())
        self.assertEqual(1, text.count(b'='))
        stray = text[:-2] + bytes([text[-2] + 1]) + b'='
        self.assertEqual(base64.b64decode(text), base64.b64decode(stray))
        for parameter, expected in (
            (text, matchers.IsAccessToken()),
            (stray, REFUSED),
        ):
            with self.variant(parameter):
                answer = self.post(authorization=b'Basic ' + parameter)
                self.assertThat(answer, expected)

    def test_secret_encoded_twice_is_refused(self):
        """B02: it is decoded once."""
        twice = base.encoded(base.encoded(self.client.secret))
        self.assertThat(self.post_as((self.client.id, twice)), REFUSED)

    def test_arbitrary_bytes_get_an_answer_with_the_challenge(self):
        """B05: of the scheme that the client used."""
        for authorization in (
            b'Basic \xff\xfe',
            b'basic aWQ6c2VjcmV0',
            b'Basic ' + b'A' * 8000,
        ):
            with self.variant(authorization):
                answer = self.post(authorization=authorization)
                self.assertThat(answer, REFUSED)

    def test_two_authorization_fields_are_refused(self):
        """B01: even if both are right."""
        field = ('Authorization', base.basic(*self.client))
        answer = self.keystone.request(
            'POST',
            base.TOKEN,
            body=base.GRANT,
            headers=[field, field, ('Content-Type', base.FORM)],
        )
        self.assertThat(answer, REFUSED)

    def test_other_scheme_is_answered_with_an_enabled_one(self):
        """B06: a 401 names an enabled scheme."""
        token = self.post_as(self.client).json['access_token']
        for authorization in (
            f'Bearer {token}',
            'Negotiate x',
            token,
        ):
            with self.variant(authorization):
                self.assertThat(
                    self.post(authorization=authorization), REFUSED
                )

    def test_request_without_credentials_gets_a_challenge(self):
        """B06: even without Authorization. A12: there is no other result."""
        for parameters in ('', f'&client_id={self.client.id}'):
            with self.variant(parameters):
                self.assertThat(self.post(base.GRANT + parameters), REFUSED)

    def test_keystone_token_authenticates_no_client(self):
        """A12: X-Auth-Token is no client authentication."""
        answer = self.post(token=self.identity.admin_token())
        self.assertThat(answer, REFUSED)

    def test_secret_in_the_body_is_accepted_by_default(self):
        """B03: as in the in-tree API; never beside the header (B01)."""
        form = f'{base.GRANT}&{base.in_body(self.client)}'
        self.assertThat(self.post(form), matchers.IsAccessToken())
        self.assertThat(
            self.post_as(self.client, form),
            matchers.IsOAuthError(400, 'invalid_request'),
        )
        wrong = self.client._replace(secret='wrong')
        self.assertThat(
            self.post(f'{base.GRANT}&{base.in_body(wrong)}'), REFUSED
        )

    def test_secret_in_the_url_is_refused(self):
        """B04: the request is refused, not only the parameter ignored."""
        path = f'{base.TOKEN}?{base.GRANT}&{base.in_body(self.client)}'
        for body in (base.GRANT, ''):
            with self.variant(body):
                self.assertThat(
                    self.post(body, path=path),
                    matchers.IsOAuthError(400, 'invalid_request'),
                )
