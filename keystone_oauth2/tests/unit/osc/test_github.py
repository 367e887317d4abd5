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


import argparse

from osc_lib import exceptions

from keystone_oauth2.osc import github
from keystone_oauth2.tests import base

ISSUER = 'https://token.actions.githubusercontent.com'
OWN_API = 'https://github.example.com/api/v3'
OWN_ISSUER = 'https://github.example.com/_services/token'


class ArgumentTest(base.TestCase):
    def test_repositories(self):
        for text in ('example/website', 'a-b_c/.github', 'a/b.c', '1/2'):
            with self.variant(text):
                self.assertEqual(text, github.repository(text))

    def test_what_is_no_repository_is_refused(self):
        for text in (
            *('', 'a', '/', 'a/', '/b', 'a/b/c', 'a/..', 'a/.', '../a'),
            *('a b/c', 'a/b?c', 'a/b#c', 'a/%2e', 'a/b\n', 'a/*', 'a/\u00e4'),
            'https://github.com/a/b',
        ):
            with self.variant(text):
                self.assert_raises(
                    argparse.ArgumentTypeError, github.repository, text
                )

    def test_api_has_no_slash_at_its_end(self):
        for text in (OWN_API, f'{OWN_API}/'):
            self.assertEqual(OWN_API, github.api(text))

    def test_token_is_sent_over_tls_only(self):
        for text in (
            *('', 'github.example.com', 'http://github.example.com'),
            *('https://', 'https://a@b', 'https://a?b', 'https://a#b'),
        ):
            with self.variant(text):
                self.assert_raises(
                    argparse.ArgumentTypeError, github.api, text
                )


class APITest(base.TestCase):
    def test_api_of_the_issuer_is_used(self):
        for api, issuer in (
            (github.API, ISSUER),
            (github.API, f'{ISSUER}/example'),
            (OWN_API, OWN_ISSUER),
        ):
            with self.variant((api, issuer)):
                github.check_api(api, issuer)

    def test_api_of_another_server_is_refused(self):
        """It would name the repository of someone else."""
        for api, issuer in (
            (github.API, OWN_ISSUER),
            (github.API, 'https://token.actions.githubusercontent.com.evil'),
            (OWN_API, ISSUER),
            (OWN_API, f'{ISSUER}/example'),
        ):
            with self.variant((api, issuer)):
                error = self.assert_raises(
                    exceptions.CommandError, github.check_api, api, issuer
                )
                self.assertIn(api, str(error))
                self.assertIn(issuer, str(error))
