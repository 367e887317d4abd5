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

"""HTTP methods of the URLs below OS-OAUTH2."""

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers

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
        """A01: 405, with Allow."""
        for method in ('GET', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'CONNECT'):
            with self.variant(method):
                self.assertThat(self.ask(method), NOT_ALLOWED)

    def test_unknown_method_is_not_allowed(self):
        """A01: not even an invented one."""
        for method in ('PURGE', 'FOO', 'POSTX', 'M-SEARCH', 'X' * 100):
            with self.variant(method):
                self.assertThat(self.ask(method), NOT_ALLOWED)

    def test_head_is_not_allowed_and_has_no_body(self):
        """A01: HEAD gets the answer of GET (RFC 9110, 9.3.2)."""
        answer = self.ask('HEAD')
        self.assertEqual(405, answer.status)
        self.assertEqual(b'', answer.body)
        self.assertEqual('OPTIONS, POST', answer.headers['Allow'])
        self.assertEqual('no-store', answer.headers['Cache-Control'])

    def test_options_lists_the_methods_and_issues_no_token(self):
        """A01: OPTIONS asks for the allowed methods (RFC 9110, 9.3.7)."""
        answer = self.ask('OPTIONS')
        self.assertEqual(200, answer.status)
        self.assertEqual(b'', answer.body)
        self.assertEqual(
            {'OPTIONS', 'POST'}, set(answer.headers['Allow'].split(', '))
        )

    def test_post_is_allowed(self):
        self.assertThat(self.ask('POST'), matchers.IsAccessToken())

    def test_no_other_url_exists(self):
        """A13: the answer is JSON, not an HTML page."""
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


class KeystonesUrlsTest(base.KeystoneTestCase):
    """Unknown URLs elsewhere are Keystone's, whatever their names are."""

    paths = (
        '/',
        '/nothing',
        '/OS-OAUTH2/token',
        '/v3/nothing',
        '/v3/os-oauth2/token',
        '/v3/OS-OAUTH1/nothing',
        '/v3/OS-OAUTH2x',
        '/v3/OS-OAUTH2x/clients/x',
        '/v3/users/OS-OAUTH2/nothing',
        '/v3/users/x/v3/OS-OAUTH2/nothing',
    )

    @classmethod
    def create(cls):
        """Create nothing."""

    def test_unknown_url_gets_a_page(self):
        for path in self.paths[1:]:
            for method in ('GET', 'POST'):
                with self.variant((method, path)):
                    answer = self.keystone.request(method, path)
                    self.assertEqual(404, answer.status)
                    self.assertIn(b'<title>404 Not Found', answer.body)
                    self.assertEqual(
                        'text/html; charset=utf-8',
                        answer.headers['Content-Type'],
                    )
                    self.assertNotIn('Cache-Control', answer.headers)

    def test_body_is_required_to_be_json(self):
        """Keystone says so before it says that there is nothing."""
        for path in self.paths:
            with self.variant(path):
                answer = self.keystone.request(
                    'POST', path, form={'grant_type': 'x'}
                )
                self.assertEqual(400, answer.status)
                self.assertIn('Content-Type', answer.json['error']['message'])


class InTreeUrlsTest(KeystonesUrlsTest):
    """The same tests without the extension."""

    enable = False


class InTreeMethodsTest(base.KeystoneTestCase):
    """What the in-tree API does instead."""

    enable = False

    def test_405_has_no_allow_and_an_undefined_code(self):
        answer = self.keystone.request('GET', base.TOKEN)
        self.assertEqual(405, answer.status)
        self.assertNotIn('Allow', answer.headers)
        self.assertNotIn('Cache-Control', answer.headers)
        self.assertEqual('other_error', answer.json['error'])

    def test_unknown_url_gets_a_page(self):
        answer = self.keystone.request('POST', '/v3/OS-OAUTH2/nothing')
        self.assertEqual(404, answer.status)
        self.assertTrue(answer.headers['Content-Type'].startswith('text/html'))
