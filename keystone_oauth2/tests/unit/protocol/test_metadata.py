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

"""Authorization server metadata (RFC 8414)."""

import itertools

from keystone_oauth2.protocol import metadata
from keystone_oauth2.protocol.client_auth import client_secret_basic
from keystone_oauth2.protocol.client_auth import federated_jwt
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

ENDPOINTS = ('token', 'introspection', 'revocation')
ALGORITHMS = 'endpoint_auth_signing_alg_values_supported'
BASIC = client_secret_basic.ClientSecretBasic
KEYS = private_key_jwt.PrivateKeyJWT
FEDERATED = federated_jwt.FederatedJWT
SPIFFE = federated_jwt.SpiffeJWT


def document(*methods):
    return metadata.document(
        protocol_base.ISSUER,
        f'{protocol_base.ISSUER}/OS-OAUTH2',
        methods,
        ['client_credentials'],
        None,
    )


class MethodsTest(base.TestCase):
    def test_methods_have_the_names_that_clients_know(self):
        """H04, B10: federated_jwt is private_key_jwt at the wire."""
        for methods, names in (
            ([FEDERATED], ['private_key_jwt']),
            ([KEYS, FEDERATED], ['private_key_jwt']),
            ([SPIFFE], ['spiffe_jwt']),
            (
                [BASIC, KEYS, FEDERATED, SPIFFE],
                ['private_key_jwt', 'spiffe_jwt', 'client_secret_basic'],
            ),
        ):
            for order in itertools.permutations(methods):
                with self.variant(order):
                    members = document(*order)
                    for endpoint in ENDPOINTS:
                        self.assertEqual(
                            names,
                            members[
                                f'{endpoint}_endpoint_auth_methods_supported'
                            ],
                        )

    def test_methods_with_assertions_have_algorithms(self):
        """H03: without none; other methods have no such member."""
        for method in (KEYS, FEDERATED, SPIFFE):
            with self.variant(method):
                members = document(method)
                for endpoint in ENDPOINTS:
                    name = f'{endpoint}_{ALGORITHMS}'
                    self.assertEqual(list(jwk.ALGORITHMS), members[name])
                    self.assertNotIn(name, document(BASIC))
