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

"""Start-up of Keystone: one log line on what is served, or a refusal."""

import importlib.metadata
import pathlib

import fixtures
from keystone.server.flask import application

from keystone_oauth2 import fixture
from keystone_oauth2.tests import base
from keystone_oauth2.tests.functional import start_up
from keystone_oauth2.tests.support import base as functional_base

VERSION = importlib.metadata.version('keystone-oauth2')


class ServedTest(base.TestCase):
    def boot(self, options=None, **arguments):
        return self.useFixture(fixture.Keystone(options, **arguments))

    def our_lines(self, keystone):
        """Return the extension's log lines for operators."""
        return [
            line.partition('] ')[2]
            for line in keystone.log.splitlines()
            if ' keystone_oauth2.' in line and ' DEBUG ' not in line
        ]

    def test_one_line_names_version_and_methods(self):
        for methods, named in (
            (None, 'client_secret_basic, client_secret_post, tls_client_auth'),
            ('client_secret_basic', 'client_secret_basic'),
            (['client_secret_post'], 'client_secret_post'),
            (
                ['tls_client_auth', 'client_secret_post'],
                'client_secret_post, tls_client_auth',
            ),
        ):
            with self.variant(methods):
                keystone = fixture.Keystone(
                    {'oauth2': {'oauth2_authn_methods': methods}}
                )
                with keystone:
                    lines = self.our_lines(keystone)
                self.assertIn(
                    f'keystone-oauth2 {VERSION} serves OS-OAUTH2 with the '
                    f'client authentication methods {named}',
                    lines,
                )
                self.assertEqual(
                    1, sum('serves OS-OAUTH2' in line for line in lines)
                )

    def test_without_the_method_the_in_tree_api_is_served(self):
        keystone = self.boot(enable=False)
        self.assertEqual([], self.our_lines(keystone))
        answer = keystone.request('GET', functional_base.TOKEN)
        self.assertEqual('other_error', answer.json['error'])

    def test_method_may_have_any_position_in_the_list(self):
        keystone = self.boot(
            {
                'auth': {
                    'methods': [
                        'oauth2_credential',
                        'password',
                        'application_credential',
                    ]
                }
            }
        )
        answer = keystone.request('GET', functional_base.TOKEN)
        self.assertEqual('invalid_request', answer.json['error'])


class RefusedTest(start_up.RefusedTestCase):
    def test_unknown_method(self):
        for methods in ('nonsense', 'client_secret_basic,nonsense'):
            with self.variant(methods):
                self.assert_refused(
                    '[oauth2] oauth2_authn_methods has unknown methods: '
                    'nonsense',
                    'use any of client_secret_basic, '
                    'client_secret_post, federated_jwt, private_key_jwt, '
                    'self_signed_tls_client_auth, spiffe_jwt, '
                    'tls_client_auth.',
                    oauth2_authn_methods=methods,
                )

    def test_methods_without_application_credentials_at_keystone(self):
        for method in (
            'client_secret_basic',
            'client_secret_post',
            'federated_jwt',
            'private_key_jwt',
            'self_signed_tls_client_auth',
        ):
            with self.variant(method):
                self.assert_refused(
                    f'[oauth2] oauth2_authn_methods has {method}, but [auth]'
                    f' methods lacks application_credential',
                    'add it there, or use other methods here',
                    auth={'methods': ['password', 'oauth2_credential']},
                    oauth2_authn_methods=['tls_client_auth', method],
                    issuer='https://keystone.example.com/v3',
                )

    def test_assertions_without_an_issuer_as_audience(self):
        """C03: there is no other audience."""
        for value in (False, True):
            with self.variant(value):
                self.assert_refused(
                    '[oauth2] oauth2_authn_methods has private_key_jwt',
                    'set [oauth2] issuer to an https URL',
                    oauth2_authn_methods='private_key_jwt',
                    groups={
                        'oauth2_assertions': {'for_token_endpoint': value}
                    },
                )

    def test_no_method(self):
        self.assert_refused(
            '[oauth2] oauth2_authn_methods has no methods',
            'use any of client_secret_basic, ',
            oauth2_authn_methods='',
        )

    def test_proxies_that_are_no_addresses(self):
        for proxies in (
            'proxy.example.org',
            '192.0.2.300',
            '192.0.2.7/24',
            '192.0.2.7,x',
        ):
            with self.variant(proxies):
                self.assert_refused(
                    '[oauth2] trusted_proxies',
                    'use addresses or networks',
                    trusted_proxies=proxies,
                )

    def test_header_source_without_a_trusted_proxy(self):
        """E02: a header from no trusted proxy would never be read."""
        for sources in ('rfc9440', 'environ,escaped_pem'):
            with self.variant(sources):
                self.assert_refused(
                    '[oauth2_certificates] sources',
                    'set it to the addresses of your proxies',
                    groups={'oauth2_certificates': {'sources': sources}},
                )

    def test_unknown_source(self):
        self.assert_refused(
            '[oauth2_certificates] sources: ',
            '[environ, escaped_pem, rfc9440]',
            groups={'oauth2_certificates': {'sources': 'nonsense'}},
        )

    def test_unusable_ca_file(self):
        """D10: an empty file would trust no CA; a missing one is an error."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        empty = folder / 'empty.pem'
        empty.write_text('nothing')
        for path in (folder / 'missing.pem', empty, folder):
            with self.variant(path):
                self.assert_refused(
                    '[oauth2_certificates] ca_file: cannot use',
                    'use a readable PEM file with CA certificates',
                    groups={'oauth2_certificates': {'ca_file': str(path)}},
                )

    def test_keystone_with_an_unexpected_structure(self):
        other = fixtures.MonkeyPatch(
            f'{application.__name__}.__apis__', [*application.__apis__]
        )
        with other:
            self.assert_refused(
                'keystone-oauth2 does not support',
                'install a release of keystone-oauth2 that does, or remove '
                'oauth2_credential from [auth] methods.',
            )
