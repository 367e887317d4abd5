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

"""Tests with generated requests, the same in each run."""

import hypothesis

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import openapi
from keystone_oauth2.tests.support import tokens

OPTIONS = {
    'oauth2': {
        'issuer': tokens.ISSUER,
        'oauth2_authn_methods': [
            'client_secret_basic',
            'client_secret_post',
            'federated_jwt',
            'private_key_jwt',
            'self_signed_tls_client_auth',
            'tls_client_auth',
        ],
    },
    'oauth2_clients': {'authenticator_limit': 100},
    'oauth2_limits': {'client_failures': '', 'address_failures': ''},
}


class FuzzTestCase(tokens.TokensTestCase):
    """The clients and users of other tests; one client has a key."""

    options = OPTIONS

    @classmethod
    def create(cls):
        super().create()
        cls.signer = assertions.Signer(cls.client.id, tokens.ISSUER)
        answer = cls.keystone.request(
            'POST',
            f'/v3/OS-OAUTH2/clients/{cls.client.id}/keys',
            json={'key': {'jwk': cls.signer.jwk}},
            token=cls.identity.token_for(cls.user),
        )
        assert answer.status == 201, answer.text

    def setUp(self):
        super().setUp()
        self.environ = {}
        self.seen = set()
        self.schema = openapi.load(self.application)
        self.real_tokens = [self.issue(), self.issue(self.service), 'x']

    def application(self, environ, start_response):
        """Pass a request on, over a connection with or without certificate."""
        return self.keystone.application(
            {**environ, **self.environ}, start_response
        )

    def hold(self, examples, function, **strategies):
        """Assert that a property holds for examples of its arguments."""
        hypothesis.settings(
            max_examples=examples,
            derandomize=True,
            phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
            suppress_health_check=list(hypothesis.HealthCheck),
        )(hypothesis.given(**strategies)(function))()
