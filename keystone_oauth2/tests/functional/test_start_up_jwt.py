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

"""Options for JWT access tokens at start-up."""

from keystone_oauth2.tests.functional import start_up

ISSUER = 'https://keystone.example.com/v3'
JWT = {'format': 'jwt'}
PROVIDER = {'provider': 'oauth2_fernet'}


class StartUpTest(start_up.RefusedTestCase):
    """What JWT access tokens need."""

    def test_provider_that_does_not_know_them(self):
        self.assert_refused(
            '[oauth2_tokens] format is jwt, but Keystone would not accept',
            'set [token] provider to oauth2_fernet or oauth2_jws',
            groups={'oauth2_tokens': JWT},
            issuer=ISSUER,
        )

    def test_no_issuer(self):
        """H02: it is never taken from a request."""
        self.assert_refused(
            '[oauth2_tokens] format is jwt, which needs an issuer',
            'set [oauth2] issuer to an https URL',
            groups={'oauth2_tokens': JWT, 'token': PROVIDER},
        )

    def test_no_keys(self):
        self.assert_refused(
            '[oauth2_tokens] signing_key_repository: cannot read /nowhere',
            'run keystone-oauth2-manage signing_key_setup',
            groups={
                'oauth2_tokens': {
                    **JWT,
                    'signing_key_repository': '/nowhere',
                },
                'token': PROVIDER,
            },
            issuer=ISSUER,
        )

    def test_unknown_values(self):
        for name, value in (
            ('format', 'saml'),
            ('audience', 'http://keystone.example.com'),
            ('lifetime', '0'),
        ):
            with self.variant(name):
                self.assert_refused(
                    f'[oauth2_tokens] {name}',
                    '',
                    groups={'oauth2_tokens': {name: value}},
                )
