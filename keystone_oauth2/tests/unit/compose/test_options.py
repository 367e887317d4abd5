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

"""Rules across options, of methods that are enabled."""

from oslo_config import cfg

from keystone_oauth2 import conf as oauth2_conf
from keystone_oauth2.compose import extensions
from keystone_oauth2.compose import options
from keystone_oauth2.tests import base

ISSUER = 'https://keystone.example.com/v3'


class EnabledMethodsTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        for group, group_options in oauth2_conf.list_opts():
            self.conf.register_opts(group_options, group)
        self.conf.register_opts(
            [cfg.ListOpt('methods', default=['application_credential'])],
            'auth',
        )
        self.conf([])
        self.installed = extensions.load('keystone_oauth2.client_auth')

    def enabled(self, *names, issuer=ISSUER):
        self.conf.set_override('oauth2_authn_methods', names, 'oauth2')
        return [
            method.name
            for method in options.enabled_methods(
                self.conf, self.installed, issuer
            )
        ]

    def assert_refused(self, reason, *names, issuer=ISSUER):
        error = self.assert_raises(
            options.WrongConfiguration,
            lambda: self.enabled(*names, issuer=issuer),
        )
        self.assertIn(reason, str(error))

    def test_draft_of_spiffe_is_enabled_on_purpose(self):
        """C11: it may change."""
        self.assert_refused(
            'oauth2_authn_methods has spiffe_jwt, which is a draft',
            'federated_jwt',
            'spiffe_jwt',
        )
        self.assertEqual(['federated_jwt'], self.enabled('federated_jwt'))
        self.conf.set_override('spiffe_draft', True, 'oauth2_assertions')
        self.assertEqual(['spiffe_jwt'], self.enabled('spiffe_jwt'))

    def test_methods_with_assertions_need_an_issuer(self):
        """C03: as the audience."""
        self.conf.set_override('spiffe_draft', True, 'oauth2_assertions')
        for name in ('private_key_jwt', 'federated_jwt', 'spiffe_jwt'):
            with self.variant(name):
                self.assert_refused(
                    f'has {name}, which needs an issuer', name, issuer=None
                )
