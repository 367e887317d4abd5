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

"""EC2 credentials configured as a primary authentication method."""

import functools

from keystone import exception
from keystone.common import provider_api

from keystone_oauth2.identity import callers
from keystone_oauth2.tests.functional import ec2
from keystone_oauth2.tests.support import clients

PROVIDERS = provider_api.ProviderAPIs


class PrimaryMethodTest(clients.ClientsTestCase):
    """``[auth] additional_primary_auth_methods``, since Keystone 30."""

    options = {
        **clients.ClientsTestCase.options,
        'auth': {'additional_primary_auth_methods': 'ec2credential'},
    }

    def test_token_for_an_ec2_credential_manages_nothing(self):
        """B11: Keystone 30 refuses such a token before the extension does."""
        token = ec2.token(self.keystone, self.user, self.owner_token)
        secret = self.register_secret()
        for method, rest, json in (
            ('GET', '', None),
            ('POST', '/secrets', {'secret': {}}),
            ('DELETE', f'/secrets/{secret["id"]}', None),
        ):
            with self.variant((method, rest)):
                answer = self.manage(method, rest, json, token=token)
                self.assertThat(answer, clients.IsKeystoneError(403))
        self.assert_issued(**clients.by_secret(self.own, secret['secret']))

    def test_it_counts_as_delegated_despite_the_option(self):
        """B11: as in Keystone, even if a release accepts it."""
        value = ec2.token(self.keystone, self.user, self.owner_token)
        token = PROVIDERS.token_provider_api.validate_token(value)
        # Older releases do not store the name of the method.
        self.assertIn(token.methods, (['ec2credential'], []))
        self.assert_raises(
            exception.ForbiddenAction,
            functools.partial(callers.check_reader, {'token': token}),
        )
