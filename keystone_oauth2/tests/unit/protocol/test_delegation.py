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

"""The delegation that a method returns for a client (RFC 8705, 2)."""

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import _delegation
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

USE = ports.LastUse(1, None, None)


class MethodsTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.keystone = protocol_base.InMemoryKeystone()
        self.keystone.add_user()

    def client(self, methods):
        """Return the client that has authenticated with a key."""
        credential = ports.ApplicationCredential(
            'client', 'user', 'project', methods, USE
        )
        return _delegation.client(
            self.keystone.ports, 'private_key_jwt', credential
        )

    def test_client_without_chosen_methods_may_use_any_method(self):
        self.assertEqual('client', self.client(None).id)
        self.assertEqual([USE], self.keystone.uses)

    def test_client_may_use_its_chosen_methods(self):
        self.assertEqual(
            'private_key_jwt',
            self.client(frozenset({'private_key_jwt'})).authentication_method,
        )

    def test_client_with_an_empty_choice_may_use_no_method(self):
        """B11: nor any other method; no use is recorded."""
        for methods in (frozenset(), frozenset({'client_secret_basic'})):
            with self.variant(methods):
                self.assert_raises(ports.Refused, self.client, methods)
        self.assertEqual([], self.keystone.uses)
