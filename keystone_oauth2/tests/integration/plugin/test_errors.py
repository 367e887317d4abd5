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

"""What the plugin makes of servers that do not behave."""

import gzip
import io
import json
import logging

import fixtures

from keystone_oauth2.plugin import errors
from keystone_oauth2.tests.integration import misbehaving
from keystone_oauth2.tests.integration.plugin import base

GOOD = {'access_token': 'good', 'token_type': 'Bearer', 'expires_in': 60}


class ErrorsTest(base.PluginTestCase):
    def error(self, client=None):
        """Return the error of a call, which names no secret."""
        error = self.assertRaises(
            errors.AccessTokenError, self.call, client or self.load()
        )
        for one in self.chain(error):
            self.assertNotIn(self.client.secret, repr(vars(one)))
            self.assertNotIn(self.client.secret, str(one))
        return error

    def chain(self, error):
        """Return an error, and what it drags along."""
        found = []
        while error is not None and error not in found:
            found.append(error)
            # A request, from which the secret can be read.
            self.assertFalse(getattr(error, 'request', None))
            error = error.__cause__ or error.__context__
        return found

    def test_errors_of_the_token_endpoint(self):
        for content, status, expected in (
            (
                '{"error": "invalid_scope", "error_description": "None."}',
                400,
                'invalid_scope: None. (HTTP 400)',
            ),
            ('{"error": "slow_down"}', 400, 'slow_down (HTTP 400)'),
            (
                '{"error": {"message": "Not here."}}',
                404,
                'Not here. (HTTP 404)',
            ),
            ('<html>Bad Gateway</html>', 502, '(HTTP 502)'),
            ('{"error": 7, "error_description": ["x"]}', 400, '(HTTP 400)'),
            ('{"error": "a\\r\\nb\\u0000"}', 400, 'ab (HTTP 400)'),
            ('[]', 200, '(HTTP 200)'),
            ('[' * 100_000, 200, '(HTTP 200)'),
            (b'\xff', 200, '(HTTP 200)'),
            ('{}', 200, 'has no access token'),
            (json.dumps({**GOOD, 'access_token': ''}), 200, 'no access token'),
            (
                json.dumps({**GOOD, 'access_token': 'a\r\nX-Admin: b'}),
                200,
                'no access token',
            ),
            (json.dumps({**GOOD, 'access_token': [1]}), 200, 'no access'),
            (
                json.dumps({**GOOD, 'token_type': 'DPoP'}),
                200,
                'not of the type Bearer',
            ),
        ):
            with self.variant((content[:60], status)):
                self.gateway.misbehave(
                    misbehaving.body(content, status), base.TOKEN
                )
                self.assertIn(expected, str(self.error()))

    def test_any_lifetime(self):
        for lifetime in (None, 0, -1, 'x', 1e400, 10**400, True):
            with self.variant(lifetime):
                content = json.dumps({**GOOD, 'expires_in': lifetime})
                self.gateway.misbehave(misbehaving.body(content), base.TOKEN)
                self.assertEqual('good', self.load().get_token())

    def test_redirect(self):
        """The secret goes nowhere else."""
        other = self.useFixture(misbehaving.Gateway(self.keystone))
        for path in (base.METADATA, base.TOKEN):
            with self.variant(path):
                self.gateway.recover()
                self.gateway.misbehave(misbehaving.redirect(other.url), path)
                self.assertIn('HTTP 302', str(self.error()))
        self.assertEqual([], other.requests)

    def test_redirect_with_a_token(self):
        other = self.useFixture(misbehaving.Gateway(self.keystone))
        self.gateway.misbehave(
            misbehaving.redirect(other.url), base.AUTH_TOKENS
        )
        self.assertRaises(errors.AccessTokenError, self.load().get_project_id)
        self.assertEqual([], other.requests)

    def test_metadata(self):
        """H02: of this issuer, with a token endpoint over TLS."""
        good = {
            'issuer': f'{self.gateway.url}/v3',
            'token_endpoint': self.gateway.url + base.TOKEN,
        }
        for changes, expected in (
            ({'issuer': self.issuer}, 'oauth2_authorization_server'),
            ({'issuer': f'{self.gateway.url}/v3/'}, 'another issuer'),
            ({'issuer': None}, 'another issuer'),
            ({'token_endpoint': None}, 'no token_endpoint'),
            ({'token_endpoint': 'http://127.0.0.1/'}, 'no token_endpoint'),
            ({'token_endpoint': 'https://[x/'}, 'no token_endpoint'),
            ({'token_endpoint': 'https://a\r\nb/'}, 'no token_endpoint'),
            ({'token_endpoint': 'https://a:b@c/'}, 'no token_endpoint'),
            ({'token_endpoint': 'https://\u2100/'}, 'no token_endpoint'),
            ({'token_endpoint': ['https://127.0.0.1/']}, 'no token_endpoint'),
        ):
            with self.variant(changes):
                content = json.dumps({**good, **changes})
                self.gateway.misbehave(
                    misbehaving.body(content), base.METADATA
                )
                self.assertIn(expected, str(self.error()))
        self.assertEqual(0, self.token_requests)
        self.gateway.misbehave(
            misbehaving.body(json.dumps(good)), base.METADATA
        )
        self.assert_calls(self.load())

    def test_server_that_is_away(self):
        self.gateway.stop()
        client = self.load()
        self.assertIn('Unable to establish', str(self.error(client)))
        self.gateway.recover()
        self.assert_calls(client)

    def test_server_of_another_authority(self):
        self.gateway.use_strange_certificate()
        self.assertIn('SSL exception', str(self.error()))
        self.assertEqual([], self.gateway.requests)

    def test_server_that_asks_to_wait(self):
        """All threads do, then one of them tries again."""
        behaviours = [_later('1')]

        def respond(handler):
            behaviour = behaviours.pop() if behaviours else None
            (behaviour or misbehaving.forward)(handler)

        self.gateway.misbehave(respond, base.TOKEN)
        client = self.load()
        self.assertEqual([200] * 5, self.at_once(5, lambda: self.call(client)))
        self.assertEqual(2, self.token_requests)

    def test_server_that_asks_to_wait_long(self):
        for value in ('900', 'Fri, 31 Dec 2100 23:59:59 GMT'):
            with self.variant(value):
                self.gateway.misbehave(_later(value), base.TOKEN)
                client = self.load()
                before = self.token_requests
                for _ in range(2):
                    self.assertEqual(429, self.error(client).http_status)
                self.assertEqual(before + 1, self.token_requests)

    def test_nonsense_instead_of_a_time(self):
        for value in ('', '-1', 'soon', '1.5', '\xb2', '9' * 50):
            with self.variant(value):
                self.gateway.misbehave(_later(value), base.TOKEN)
                self.assertEqual(429, self.error().http_status)

    def test_response_that_grows(self):
        content = gzip.compress(b' ' * 2**20)
        headers = [('Content-Encoding', 'gzip')]
        self.gateway.misbehave(
            lambda handler: handler.respond(200, headers, content), base.TOKEN
        )
        self.assertIn('is compressed', str(self.error()))

    def test_response_that_is_too_large(self):
        self.useFixture(
            fixtures.MonkeyPatch(
                'keystone_oauth2.plugin.connection._MAX_BODY', 100
            )
        )
        self.gateway.misbehave(misbehaving.body(b' ' * 101), base.TOKEN)
        self.assertIn('more than 100 octets', str(self.error()))

    def test_credentials_in_netrc(self):
        """They are not those of the client."""
        netrc = self.file('netrc', 'machine 127.0.0.1 login a password b\n')
        self.useFixture(fixtures.EnvironmentVariable('NETRC', str(netrc)))
        client = self.load(
            oauth2_client_id=self.client.id,
            oauth2_client_secret=self.client.secret,
            oauth2_auth_method='client_secret_post',
        )
        self.assertTrue(client.get_token())

    def test_scope_of_another_project(self):
        """The token's scope is the client's, whatever options say."""
        other = self.identity.create_project()
        for options in (
            {'project_id': other.id},
            {'project_name': other.name, 'project_domain_id': 'default'},
            {'project_name': self.project.name, 'project_domain_id': 'x'},
            {'domain_id': 'default'},
            {'system_scope': 'all'},
            {'trust_id': 'x'},
        ):
            with self.variant(options):
                error = self.error(self.load(**options))
                self.assertIn('The access token is not for', str(error))
        self.assert_calls(
            self.load(
                project_name=self.project.name.upper(),
                project_domain_name='default',
            )
        )

    def test_log(self):
        """Of the highest detail: no secret and no token."""
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        root.setLevel(logging.DEBUG)
        self.addCleanup(root.setLevel, level)
        client = self.load()
        client.get_project_id()
        self.assert_calls(client)
        written = stream.getvalue()
        self.assertIn('/v3/auth/projects', written)
        for secret in (self.client.secret, client.get_token()):
            self.assertNotIn(secret, written)


def _later(value):
    return lambda handler: handler.respond(429, [('Retry-After', value)], b'')
