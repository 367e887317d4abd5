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

"""The response to an assertion of an issuer tells nothing of clients."""

import collections

from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.client_auth import federated
from keystone_oauth2.tests.unit.protocol.federation import issuers

SIGNER = assertions.Signer('client', issuers.OWN_ISSUER)
UNKNOWN_KEY = issuers.OTHER_KEY.sign(issuers.claims())
ALL = (
    'unknown',
    'without',
    'secret',
    'key',
    'federated',
    'other subject',
    'other issuer',
    'both',
    'expired',
    'other method',
    'no method',
)


class Guard(protocol_base.NoLimit):
    """Counts failures by client."""

    def __init__(self):
        self.failures = collections.Counter()

    def failed(self, client_id, source, *, was_slow):
        self.failures[client_id] += 1


class AnyClientTest(federated.FederatedTestCase):
    """Clients that have registered this and that, or do not exist."""

    def setUp(self):
        super().setUp()
        other = issuers.trusted('other', issuer='https://other.example.com')
        for client_id in ALL[1:]:
            self.clients.add(client_id, is_retired=client_id == 'without')
        self.clients.register_secret('secret', 'secret')
        for client_id in ('key', 'both'):
            self.clients.register(registration.KEY, SIGNER.jwk, client_id)
        for client_id in (
            'federated',
            'both',
            'expired',
            'other method',
            'no method',
        ):
            self.register(client_id=client_id)
        self.register(subject='x', client_id='other subject')
        self.register(other, client_id='other issuer')
        self.clients.refusals['expired'] = 'it has expired'
        self.clients.change(
            'other method', methods=frozenset({'private_key_jwt'})
        )
        self.clients.change('no method', methods=frozenset())
        self.guard = Guard()

    def each_client(self):
        for client_id in ALL:
            self.fetcher.wanted.clear()
            self.issuers.searches.clear()
            with self.variant(client_id):
                yield client_id
                # Once, also if verification and pretence are both for it.
                self.assertEqual([issuers.ISSUER], self.issuers.searches)

    def test_unknown_key_is_waited_for_whatever_client_is_named(self):
        """B07, C12: also if it is unknown; and it is no failure."""
        self.fetcher.is_fetching = True
        for client_id in self.each_client():
            self.assert_unavailable(UNKNOWN_KEY, client_id, guard=self.guard)
            self.assertEqual(['issuer'], self.fetcher.wanted)
        self.assertEqual({}, self.guard.failures)

    def test_keys_that_are_missing_are_waited_for_by_each_client(self):
        """B07, C12: also if the fetch has failed a moment ago."""
        self.issuers.add(issuers.trusted(jwks=None))
        for client_id in self.each_client():
            self.assert_unavailable(UNKNOWN_KEY, client_id)
            self.assertEqual(['issuer'], self.fetcher.wanted)

    def test_unknown_key_is_refused_whatever_client_is_named(self):
        """B07, B08: and is one failure."""
        for client_id in self.each_client():
            self.assert_refused('', UNKNOWN_KEY, client_id, guard=self.guard)
            self.assertEqual(['issuer'], self.fetcher.wanted)
        self.assertEqual(dict.fromkeys(ALL, 1), self.guard.failures)

    def test_known_key_asks_for_no_other_whatever_client_is_named(self):
        """B07: only the client with the identity is authenticated."""
        token = issuers.KEY.sign(issuers.claims())
        for client_id in self.each_client():
            if client_id in ('federated', 'both'):
                client = self.authenticate(token, client_id)
                self.assertEqual(client_id, client.id)
            else:
                self.assert_refused('', token, client_id)
            self.assertEqual([], self.fetcher.wanted)

    def test_assertion_of_no_issuer_is_refused_for_each_client(self):
        """B07: with the same error."""
        for client_id in ALL:
            with self.variant(client_id):
                self.assert_refused(
                    '', issuers.KEY.sign(issuers.claims(iss='x')), client_id
                )
        self.assertEqual([], self.fetcher.wanted)

    def test_key_of_a_disabled_method_is_not_fetched(self):
        """C12: nothing is fetched that no client could use."""
        self.enabled = ['private_key_jwt']
        self.fetcher.is_fetching = True
        for client_id in ALL:
            with self.variant(client_id):
                self.assert_refused('', UNKNOWN_KEY, client_id)
        self.assertEqual([], self.issuers.searches + self.fetcher.wanted)
