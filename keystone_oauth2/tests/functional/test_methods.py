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

"""What the URLs below OS-OAUTH2 do with each HTTP method."""

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base

NOT_ALLOWED = matchers.IsOAuthError(
    405, 'invalid_request', allow='OPTIONS, POST'
)


class MethodsTest(base.KeystoneTestCase):
    def ask(self, method, path=base.TOKEN, **arguments):
        return self.keystone.request(
            method,
            path,
            body=base.GRANT,
            headers={
                'Authorization': base.basic(*self.client),
                'Content-Type': base.FORM,
            },
            **arguments,
        )

    def test_any_method_but_post_is_not_allowed(self):
        """A01: 405, and Allow says what is."""
        for method in ('GET', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT'):
            with self.variant(method):
                self.assertThat(self.ask(method), NOT_ALLOWED)

    def test_method_that_nobody_knows_is_not_allowed(self):
        """A01: and never seen before."""
        for method in ('PURGE', 'FOO', 'POSTX', 'M-SEARCH', 'X' * 100):
            with self.variant(method):
                self.assertThat(self.ask(method), NOT_ALLOWED)

    def test_head_is_not_allowed_and_has_no_body(self):
        """A01: HEAD is answered as GET would be (RFC 9110, 9.3.2)."""
        answer = self.ask('HEAD')
        self.assertEqual(405, answer.status)
        self.assertEqual(b'', answer.body)
        self.assertEqual('OPTIONS, POST', answer.headers['Allow'])
        self.assertEqual('no-store', answer.headers['Cache-Control'])

    def test_options_names_the_methods_and_hands_out_nothing(self):
        """A01: OPTIONS asks what is allowed (RFC 9110, 9.3.7)."""
        answer = self.ask('OPTIONS')
        self.assertEqual(200, answer.status)
        self.assertEqual(b'', answer.body)
        self.assertEqual(
            {'OPTIONS', 'POST'}, set(answer.headers['Allow'].split(', '))
        )

    def test_post_is_allowed(self):
        self.assertThat(self.ask('POST'), matchers.IsAccessToken())

    def test_nothing_else_is_there(self):
        """A13: and that is said in JSON, without a page."""
        for path in (
            '/v3/OS-OAUTH2/nothing',
            '/v3/OS-OAUTH2/token/more',
            '/v3/OS-OAUTH2/TOKEN',
            '/v3/OS-OAUTH2/',
            '/v3/OS-OAUTH2',
        ):
            for method in ('POST', 'GET'):
                with self.variant((method, path)):
                    self.assertThat(
                        self.ask(method, path),
                        matchers.IsOAuthError(404, 'invalid_request'),
                    )


class InTreeMethodsTest(base.KeystoneTestCase):
    """What is different without the extension."""

    enable = False

    def test_405_has_no_allow_and_a_code_that_nobody_defines(self):
        answer = self.keystone.request('GET', base.TOKEN)
        self.assertEqual(405, answer.status)
        self.assertNotIn('Allow', answer.headers)
        self.assertNotIn('Cache-Control', answer.headers)
        self.assertEqual('other_error', answer.json['error'])

    def test_what_is_not_there_gets_a_page(self):
        answer = self.keystone.request('POST', '/v3/OS-OAUTH2/nothing')
        self.assertEqual(404, answer.status)
        self.assertTrue(answer.headers['Content-Type'].startswith('text/html'))
