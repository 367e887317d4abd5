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

"""Which of the methods that read assertions is meant."""

import itertools

from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import federated_jwt
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol.client_auth import federated
from keystone_oauth2.tests.unit.protocol.federation import issuers

SIGNER = assertions.Signer('client', issuers.OWN_ISSUER)
WORKLOAD = f'{issuers.TRUST_DOMAIN}/a'
BEARER = 'private_key_jwt', 'federated_jwt'


class ChoiceTest(federated.FederatedTestCase):
    """A client with a key, and with federated identities of two kinds."""

    def setUp(self):
        super().setUp()
        self.is_reversed = False
        self.spiffe = issuers.trusted('spiffe', 'spiffe')
        self.issuers.add(self.spiffe)

    @property
    def methods(self):
        installed = super().methods
        return installed[::-1] if self.is_reversed else installed

    def set_up_client(self, *kinds):
        """Register authenticators, in this order."""
        self.clients.unregister_all()
        for kind in kinds:
            if kind == 'private_key_jwt':
                self.clients.register(registration.KEY, SIGNER.jwk)
            elif kind == 'federated_jwt':
                self.register()
            else:
                self.register(self.spiffe, WORKLOAD)

    def each_order(self, kinds):
        for order in itertools.permutations(kinds):
            for self.is_reversed in (False, True):
                with self.variant((order, self.is_reversed)):
                    self.set_up_client(*order)
                    yield

    def used(self, assertion, kind=evidence.Assertion):
        return self.authenticate(assertion, kind=kind).method

    def test_assertion_itself_decides_if_both_are_registered(self):
        """B01: by its issuer, in each order."""
        kinds = (*BEARER, 'spiffe_jwt')
        for _ in self.each_order(kinds):
            self.assertEqual('private_key_jwt', self.used(SIGNER.assertion()))
            self.assertEqual(
                'federated_jwt',
                self.used(issuers.KEY.sign(issuers.claims())),
            )
            token = issuers.KEY.sign(issuers.claims(sub=WORKLOAD))
            self.assertEqual(
                'spiffe_jwt', self.used(token, evidence.SpiffeAssertion)
            )

    def test_each_is_used_alone(self):
        """B11: the other one authenticates no client."""
        federated_token = issuers.KEY.sign(issuers.claims())
        self.set_up_client('private_key_jwt')
        self.assertEqual('private_key_jwt', self.used(SIGNER.assertion()))
        self.assert_refused('sub differs from client_id', federated_token)
        self.set_up_client('federated_jwt')
        self.assertEqual('federated_jwt', self.used(federated_token))
        self.assert_refused('it has no trusted issuer', SIGNER.assertion())

    def test_client_may_use_only_the_methods_that_it_is_registered_for(self):
        """B11: whatever else is registered."""
        tokens = {
            'private_key_jwt': SIGNER.assertion,
            'federated_jwt': lambda: issuers.KEY.sign(issuers.claims()),
        }
        for method, other in itertools.permutations(tokens):
            self.clients.change(methods=frozenset({method}))
            for _ in self.each_order(BEARER):
                self.assertEqual(method, self.used(tokens[method]()))
                self.assert_refused('', tokens[other]())
        self.clients.change(methods=frozenset({'client_secret_basic'}))
        for _ in self.each_order(BEARER):
            for token in tokens.values():
                self.assert_refused('not registered for', token())

    def test_disabled_method_authenticates_no_client(self):
        """B11: as the operator has decided."""
        self.set_up_client(*BEARER, 'spiffe_jwt')
        federated_token = issuers.KEY.sign(issuers.claims())
        spiffe = issuers.KEY.sign(issuers.claims(sub=WORKLOAD))
        for enabled, accepted, refused in (
            ('private_key_jwt', SIGNER.assertion(), federated_token),
            ('federated_jwt', federated_token, SIGNER.assertion()),
        ):
            with self.variant(enabled):
                self.enabled = [enabled]
                self.assertEqual(enabled, self.used(accepted))
                self.assert_refused('', refused)
                self.assert_refused(
                    'spiffe_jwt is not enabled',
                    spiffe,
                    kind=evidence.SpiffeAssertion,
                )
        self.enabled = ['spiffe_jwt']
        self.assert_refused(
            'private_key_jwt or federated_jwt is not enabled', federated_token
        )

    def test_failed_method_never_falls_through_to_the_other(self):
        """B01: an assertion with a wrong signature, of either issuer."""
        for _ in self.each_order(BEARER):
            self.assert_refused(
                'no registered key has signed',
                assertions.Signer('client', issuers.OWN_ISSUER).assertion(),
            )
            self.assert_refused(
                'no key of trusted issuer',
                issuers.OTHER_KEY.sign(issuers.claims(), kid='key'),
            )

    def test_key_of_the_client_vouches_for_no_other_issuer(self):
        """C10: nor does the key of an issuer stand in for the client's."""
        for _ in self.each_order(BEARER):
            self.assert_refused(
                'has no such key',
                SIGNER.assertion({'kid': 'x'}, iss=issuers.ISSUER),
            )
            self.assert_refused(
                'no registered key',
                issuers.KEY.sign(issuers.claims(iss='client', sub='client')),
            )


class AcceptsTest(federated.FederatedTestCase):
    def test_authenticators_belong_to_one_method_each(self):
        spiffe = issuers.trusted('spiffe', 'spiffe')
        methods = (
            private_key_jwt.PrivateKeyJWT,
            federated_jwt.FederatedJWT,
            federated_jwt.SpiffeJWT,
        )
        for authenticator, accepted in (
            (self.clients.register(registration.KEY, SIGNER.jwk), 0),
            (self.register(), 1),
            (self.register(spiffe, WORKLOAD), 2),
            (self.clients.register(registration.SECRET), None),
            (self.clients.register(registration.CERTIFICATE, {}), None),
        ):
            with self.variant(authenticator):
                self.assertEqual(
                    [index == accepted for index in range(3)],
                    [method.accepts(authenticator) for method in methods],
                )
