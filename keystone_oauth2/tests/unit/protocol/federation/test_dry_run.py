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

"""Which federated identity of a client a JWT matches, for its owner."""

from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import dry_run
from keystone_oauth2.tests.unit.protocol.client_auth import jwts
from keystone_oauth2.tests.unit.protocol.federation import issuers

METHODS = frozenset({'private_key_jwt', 'federated_jwt', 'spiffe_jwt'})
WORKLOAD = f'{issuers.TRUST_DOMAIN}/shop/checkout'


class DryRunTest(issuers.FederationTestCase):
    def run_with(self, token, methods=METHODS):
        """Return the result for all that is registered for the client."""
        return dry_run.DryRun(vouching=self.vouching).run(
            token,
            'client',
            self.clients.find('client').authenticators,
            methods,
        )

    def assert_accepted(self, token):
        result = self.run_with(token)
        self.assertEqual(
            (True, None), (result['is_accepted'], result['reason'])
        )
        return [one['is_matching'] for one in result['federated_identities']]

    def assert_refused(self, reason, token, **arguments):
        self.assertEqual(
            {
                'is_accepted': False,
                'reason': reason,
                'federated_identities': [],
            },
            self.run_with(token, **arguments),
        )

    def test_each_federated_identity_has_its_own_result(self):
        first = self.register(subject='other')
        second = self.register()
        third = self.register(issuers.trusted('third'))
        self.clients.register(registration.KEY, issuers.KEY.jwk())
        self.register(issuers.trusted('spiffe', 'spiffe'), WORKLOAD)
        self.assertEqual(
            {
                'is_accepted': True,
                'reason': None,
                'federated_identities': [
                    {
                        'id': first.id,
                        'issuer_id': 'issuer',
                        'is_matching': False,
                        'reason': f'sub is "{issuers.SUBJECT}"',
                    },
                    {
                        'id': second.id,
                        'issuer_id': 'issuer',
                        'is_matching': True,
                        'reason': None,
                    },
                    {
                        'id': third.id,
                        'issuer_id': 'third',
                        'is_matching': False,
                        'reason': 'it is of another issuer',
                    },
                ],
            },
            self.run_with(issuers.KEY.sign(issuers.claims())),
        )

    def test_nothing_is_used_up(self):
        """C06: the JWT can be used afterwards."""
        once = issuers.trusted(is_once=True)
        self.issuers.add(once)
        self.register(once)
        token = issuers.KEY.sign(issuers.claims())
        for _ in range(2):
            self.assertEqual([True], self.assert_accepted(token))
        self.assertEqual({}, self.replay_cache.consumed)
        self.assertEqual([], self.clients.uses)

    def test_jwt_that_matches_nothing_is_refused(self):
        registered = self.register(x='1')
        result = self.run_with(issuers.KEY.sign(issuers.claims(x=1)))
        self.assertEqual(
            {
                'is_accepted': False,
                'reason': 'no federated identity of the client matches',
                'federated_identities': [
                    {
                        'id': registered.id,
                        'issuer_id': 'issuer',
                        'is_matching': False,
                        'reason': 'x is 1',
                    }
                ],
            },
            result,
        )
        self.clients.unregister_all()
        self.assert_refused(
            'no federated identity of the client matches',
            issuers.KEY.sign(issuers.claims(x='1')),
        )

    def test_conditions_are_examined_only_if_an_issuer_vouches(self):
        """C10: the owner learns nothing of forged JWTs."""
        self.register()
        for reason, token in (
            (
                'it has no trusted issuer',
                issuers.KEY.sign(issuers.claims(iss='https://other')),
            ),
            (
                f'aud must be {issuers.OWN_ISSUER} only',
                issuers.KEY.sign(issuers.claims(aud='x')),
            ),
            ('expired', issuers.KEY.sign(issuers.claims(exp=1))),
            (
                'no key of trusted issuer issuer has signed it',
                issuers.OTHER_KEY.sign(issuers.claims(), kid='key'),
            ),
            (
                'trusted issuer issuer has no such key',
                issuers.OTHER_KEY.sign(issuers.claims()),
            ),
        ):
            with self.variant(reason):
                self.assert_refused(reason, token)

    def test_text_that_is_no_jwt_is_refused(self):
        """C01: whatever it is."""
        deep = b'[' * jwts.DEEP
        for text in (
            'x',
            '..',
            issuers.KEY.sign(issuers.claims())[:-1] + '=',
            f'{jwts.encoded({})}.{jwts.encoded(deep)}.',
            '\ud800',
            '\u20ac.\u20ac.\u20ac',
        ):
            with self.variant(text[:20]):
                result = self.run_with(text)
                self.assertFalse(result['is_accepted'])
                self.assertIn('it is not a JWT: ', result['reason'])

    def test_keys_that_are_being_fetched_are_waited_for_by_the_owner(self):
        self.register()
        self.fetcher.is_fetching = True
        self.assert_refused(
            'the keys of the issuer are not known yet: try again in a few '
            'seconds',
            issuers.OTHER_KEY.sign(issuers.claims()),
        )

    def test_method_that_the_client_must_not_use_is_named(self):
        """B11: though the JWT is good."""
        self.register()
        token = issuers.KEY.sign(issuers.claims())
        for methods in ((), ('private_key_jwt', 'spiffe_jwt')):
            with self.variant(methods):
                self.assert_refused(
                    'federated_jwt is not enabled, or the client must not '
                    'use it',
                    token,
                    methods=methods,
                )

    def test_jwt_svid_is_tried_with_its_own_method(self):
        """C11: only with the identities of SPIFFE."""
        spiffe = issuers.trusted('spiffe', 'spiffe')
        self.issuers.add(spiffe)
        self.register()
        self.register(spiffe, f'{issuers.TRUST_DOMAIN}/shop/*')
        token = issuers.KEY.sign(
            issuers.claims(iss=None, jti=None, sub=WORKLOAD)
        )
        self.assertEqual([True], self.assert_accepted(token))
        self.assert_refused(
            'spiffe_jwt is not enabled, or the client must not use it',
            token,
            methods=('federated_jwt',),
        )

    def test_spiffe_id_from_an_openid_issuer_is_tried_with_its_identities(
        self,
    ):
        """C11: the client sends it with the other assertion type."""
        spiffe = issuers.trusted('spiffe', 'spiffe')
        self.issuers.add(spiffe)
        token = issuers.KEY.sign(issuers.claims(sub=WORKLOAD))
        self.register(spiffe, WORKLOAD)
        self.assertEqual([True], self.assert_accepted(token))
        self.register(subject=WORKLOAD)
        result = self.run_with(token, methods=('federated_jwt',))
        self.assertTrue(result['is_accepted'])
        self.assertEqual(1, len(result['federated_identities']))
