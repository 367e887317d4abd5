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


import fixtures
from osc_lib import exceptions

from keystone_oauth2.fixture import certificates
from keystone_oauth2.osc import github
from keystone_oauth2.tests import base
from keystone_oauth2.tests.integration.osc import github_api

NAME = 'example/website'
SECRET = 'ghp_0123456789'


class GitHubTest(base.TestCase):
    def setUp(self):
        super().setUp()
        authority = certificates.CertificateAuthority()
        folder = self.useFixture(fixtures.TempDir()).path
        self.api = self.useFixture(github_api.GitHubAPI(authority))
        ca_file = str(authority.write(folder))
        for name, value in (
            ('NO_PROXY', '127.0.0.1'),
            ('REQUESTS_CA_BUNDLE', ca_file),
            (github.TOKEN, None),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))

    def set_token(self, token=SECRET):
        self.useFixture(fixtures.EnvironmentVariable(github.TOKEN, token))

    def fail_with(self, message):
        """Assert that the ids are not found, and why.

        The cause and the context of the error do not have the token either.
        """
        error = self.assert_raises(
            exceptions.CommandError, github.find, self.api.url, NAME
        )
        self.assertEqual(message, str(error))
        self.assertIsNone(error.__cause__)
        self.assertNotIn(SECRET, repr(error.__context__))

    def test_ids_are_found(self):
        """GitHub writes names as their owner has."""
        for name in (NAME, 'Example/WebSite'):
            with self.variant(name):
                self.api.answer_repository(name, 123456, 7890)
                ids = github.find(self.api.url, NAME)
                self.assertEqual(('123456', '7890'), ids)
        (path, fields), _ = self.api.requests
        self.assertEqual(f'/api/v3/repos/{NAME}', path)
        self.assertNotIn('Authorization', fields)
        self.assertTrue(fields['User-Agent'])

    def test_token_is_sent(self):
        self.api.answer_repository(NAME, 1, 2)
        for token in (SECRET, f'{SECRET}\n'):
            with self.variant(token):
                self.set_token(token)
                github.find(self.api.url, NAME)
                _, fields = self.api.requests[-1]
                self.assertEqual(f'Bearer {SECRET}', fields['Authorization'])

    def test_password_of_netrc_is_not_sent(self):
        home = self.useFixture(fixtures.TempHomeDir()).path
        with open(f'{home}/.netrc', 'w') as opened:
            opened.write('machine 127.0.0.1 login a password b')
        self.api.answer_repository(NAME, 1, 2)
        github.find(self.api.url, NAME)
        ((_, fields),) = self.api.requests
        self.assertNotIn('Authorization', fields)

    def test_redirect_is_not_followed(self):
        """It could also lead to another host, with the token."""
        self.set_token()
        for status in (301, 302, 307, 308):
            with self.variant(status):
                self.api.requests.clear()
                self.api.answer(
                    status, {'message': 'Moved'}, Location=f'{self.api.url}/x'
                )
                self.fail_with(
                    f'The repository {NAME} has been renamed or moved: give '
                    f'its present name.'
                )
                self.assertEqual(1, len(self.api.requests))

    def test_refusals_are_explained(self):
        few = (
            'GitHub refuses the request. It accepts few without a token in '
            'GITHUB_TOKEN.'
        )
        for status, message in (
            (
                404,
                f'GitHub has no repository {NAME} that is public or that the '
                f'token in GITHUB_TOKEN can read.',
            ),
            (401, 'GitHub does not accept the token in GITHUB_TOKEN.'),
            (403, few),
            (429, few),
            (
                500,
                f'GitHub cannot be asked: GET {self.api.url}/repos/{NAME}: '
                f'the response is not what was expected (HTTP 500)',
            ),
        ):
            for token in (None, SECRET):
                with self.variant((status, token)):
                    self.set_token(token)
                    self.api.answer(status, {'message': '\x1b[2J'})
                    self.fail_with(message)

    def test_other_repository_is_refused(self):
        found = {'id': 1, 'full_name': NAME, 'owner': {'id': 2}}
        for change in (
            {'full_name': 'example/other'},
            {'full_name': None},
            {'id': None},
            {'id': '1'},
            {'id': True},
            {'id': 0},
            {'id': 1.0},
            {'owner': None},
            {'owner': {}},
            {'owner': [2]},
            {'owner': {'id': -2}},
        ):
            with self.variant(change):
                self.api.answer(200, {**found, **change})
                self.fail_with(
                    f'GitHub returned something else than the repository '
                    f'{NAME}.'
                )

    def test_other_content_is_refused(self):
        url = f'{self.api.url}/repos/{NAME}'
        for body, problem in (
            (b'<html>', 'the response is not what was expected (HTTP 200)'),
            (b'[1]', 'the response is not what was expected (HTTP 200)'),
            (b'x' * 300000, 'the response has more than 262144 octets'),
        ):
            with self.variant(body[:10]):
                self.api.answer(200, body)
                self.fail_with(f'GitHub cannot be asked: GET {url}: {problem}')

    def test_certificate_is_verified(self):
        self.set_token()
        folder = self.useFixture(fixtures.TempDir()).path
        other = certificates.CertificateAuthority('Other').write(folder)
        self.useFixture(
            fixtures.EnvironmentVariable('REQUESTS_CA_BUNDLE', str(other))
        )
        error = self.assert_raises(
            exceptions.CommandError, github.find, self.api.url, NAME
        )
        self.assertIn('certificate verify failed', str(error))
        self.assertEqual([], self.api.requests)

    def test_token_with_other_characters_is_not_shown(self):
        self.set_token(f'{SECRET}\nX: y')
        error = self.assert_raises(
            exceptions.CommandError, github.find, self.api.url, NAME
        )
        self.assertNotIn(SECRET, f'{error}{error.__cause__!r}')
        self.assertEqual([], self.api.requests)
