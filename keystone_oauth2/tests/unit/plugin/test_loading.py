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

"""The options of the plugin: what is refused, and with which sentence."""

import os

from keystoneauth1 import exceptions
from keystoneauth1 import loading

from keystone_oauth2.plugin import credentials
from keystone_oauth2.tests import base

REQUIRED = {
    'auth_url': 'https://keystone.example.com/v3',
    'oauth2_client_id': 'id',
}
SECRET = {'oauth2_client_secret': 'secret'}
KEY = {'oauth2_key_file': '/key'}
CERTIFICATE = {'oauth2_certfile': '/certificate'}
TLS = {'oauth2_auth_method': 'tls_client_auth'}


def load(**options):
    loader = loading.get_plugin_loader('v3oauth2client')
    given = {option.dest: None for option in loader.get_options()}
    return loader.load_from_options(**{**given, **REQUIRED, **options})


class LoadingTest(base.TestCase):
    def test_method_by_the_credential(self):
        method = {'oauth2_auth_method': 'client_secret_post'}
        for options, expected in (
            (SECRET, credentials.ClientSecretBasic),
            ({**SECRET, **method}, credentials.ClientSecretPost),
            (
                {'oauth2_client_secret_file': '/secret'},
                credentials.ClientSecretBasic,
            ),
            (KEY, credentials.PrivateKeyJWT),
            ({'oauth2_assertion_file': '/jwt'}, credentials.AssertionFile),
            (
                {
                    'oauth2_assertion_file': '/jwt',
                    'oauth2_auth_method': 'federated_jwt',
                },
                credentials.AssertionFile,
            ),
            (CERTIFICATE, credentials.Certificate),
            ({**CERTIFICATE, **TLS}, credentials.Certificate),
            # The certificate is that of the session.
            (TLS, credentials.Certificate),
            (
                {'oauth2_auth_method': 'self_signed_tls_client_auth'},
                credentials.Certificate,
            ),
            # The token is bound to the certificate all the same.
            ({**SECRET, **CERTIFICATE}, credentials.ClientSecretBasic),
        ):
            with self.variant(options):
                plugin = load(**options)
                self.assertIs(expected, type(plugin._credential))

    def test_certificate(self):
        for options, expected in (
            (SECRET, {}),
            (CERTIFICATE, {'cert': '/certificate'}),
            (
                {**CERTIFICATE, 'oauth2_keyfile': '/key'},
                {'cert': ('/certificate', '/key')},
            ),
        ):
            with self.variant(options):
                plugin = load(**options)
                self.assertEqual(expected, plugin.get_connection_params(None))

    def test_refused_options(self):
        """Each sentence names an option and the remedy."""
        for options, *named in (
            ({}, 'oauth2_client_secret', 'oauth2_certfile', 'set one'),
            ({**SECRET, **KEY}, 'oauth2_client_secret', 'remove one'),
            (
                {**SECRET, 'oauth2_client_secret_file': '/secret'},
                'oauth2_client_secret_file',
                'remove one',
            ),
            (
                {**KEY, 'oauth2_assertion_file': '/jwt'},
                'oauth2_assertion_file',
                'remove one',
            ),
            (
                {**SECRET, 'oauth2_auth_method': 'none'},
                'oauth2_auth_method',
                'private_key_jwt',
            ),
            (
                {**SECRET, 'oauth2_auth_method': 'private_key_jwt'},
                'oauth2_key_file',
            ),
            (
                {**KEY, 'oauth2_auth_method': 'spiffe_jwt'},
                'oauth2_auth_method',
                'oauth2_assertion_file',
            ),
            ({**SECRET, **TLS}, 'oauth2_auth_method', 'a certificate'),
            (
                {**CERTIFICATE, 'oauth2_auth_method': 'client_secret_basic'},
                'oauth2_client_secret',
            ),
            (
                {**SECRET, 'oauth2_keyfile': '/key'},
                'oauth2_keyfile needs oauth2_certfile',
            ),
            ({**SECRET, 'oauth2_key_id': 'x'}, 'oauth2_key_id', 'remove'),
            ({**KEY, 'oauth2_signing_alg': 'none'}, 'oauth2_signing_alg'),
            ({**KEY, 'oauth2_signing_alg': 'HS256'}, 'oauth2_signing_alg'),
            (
                {**SECRET, 'oauth2_signing_alg': 'ES256'},
                'oauth2_signing_alg needs oauth2_key_file',
            ),
            (
                {**SECRET, 'project_name': 'demo'},
                'project_name',
                'project_domain_id',
            ),
        ):
            with self.variant(options):
                self.assert_refused(options, *named)

    def test_urls_without_tls(self):
        """A06: no credential travels without TLS."""
        for name in (
            'auth_url',
            'oauth2_authorization_server',
            'oauth2_endpoint',
        ):
            for url in (
                'http://keystone.example.com/v3',
                'keystone.example.com',
                'https://',
                'https:///v3',
                'https://user@keystone.example.com/v3',
                'https://keystone.example.com/v3?a=b',
                'https://keystone.example.com/v3#a',
                'https://keystone.example.com/v3?',
                'https://:password@keystone.example.com/v3',
                'https://[keystone',
            ):
                with self.variant((name, url)):
                    self.assert_refused({**SECRET, name: url}, name, 'https')

    def assert_refused(self, options, *named):
        error = self.assertRaises(
            exceptions.OptionError, lambda: load(**options)
        )
        for word in named:
            self.assertIn(word, str(error))
        self.assertNotIn('secret ', str(error).replace('_secret', ''))

    def test_missing_options(self):
        for name in REQUIRED:
            with self.variant(name):
                error = self.assertRaises(
                    exceptions.MissingRequiredOptions,
                    lambda name=name: load(**{**SECRET, name: None}),
                )
                self.assertIn(name, str(error))

    def test_options_that_are_false(self):
        plugin = load(**SECRET, reauthenticate=False, include_catalog=False)
        self.assertFalse(plugin.reauthenticate)
        self.assertFalse(plugin.include_catalog)

    def test_home_of_the_user(self):
        plugin = load(oauth2_certfile='~/certificate')
        expected = {'cert': os.path.expanduser('~/certificate')}
        self.assertEqual(expected, plugin.get_connection_params(None))

    def test_secret_is_marked(self):
        """Tools hide its value."""
        options = loading.get_plugin_loader('v3oauth2client').get_options()
        self.assertEqual(
            ['oauth2-client-secret'],
            [option.name for option in options if option.secret],
        )

    def test_cache_key(self):
        """It differs for each option but a credential, which it has not."""
        keys = {
            load(**{**SECRET, **options}).get_cache_id()
            for options in (
                {},
                {'auth_url': 'https://other.example.com/v3'},
                {'oauth2_client_id': 'other'},
                {'oauth2_endpoint': 'https://other.example.com/token'},
                {'oauth2_authorization_server': 'https://other.example.com'},
                {'oauth2_scope': 'member'},
                {'oauth2_resource_indicator': 'https://image.example.com'},
                CERTIFICATE,
                {'project_id': 'x'},
                {'system_scope': 'all'},
            )
        }
        self.assertEqual(10, len(keys))
        elements = load(**SECRET).get_cache_id_elements()
        self.assertEqual(['v3oauth2client'], list(elements))
        self.assertNotIn('"secret"', str(elements))
        self.assertEqual(
            load(**SECRET).get_cache_id(), load(**KEY).get_cache_id()
        )
