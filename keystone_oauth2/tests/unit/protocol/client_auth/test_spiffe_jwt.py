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

"""JWT-SVIDs (draft-ietf-oauth-spiffe-client-auth-02)."""

from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.tests.unit.protocol.client_auth import federated
from keystone_oauth2.tests.unit.protocol.federation import issuers

DOMAIN = issuers.TRUST_DOMAIN


class SpiffeTest(federated.FederatedTestCase):
    def setUp(self):
        super().setUp()
        self.spiffe = issuers.trusted('spiffe', 'spiffe')
        self.issuers.add(self.spiffe)

    def sign(self, subject=f'{DOMAIN}/shop/checkout', **changed):
        claims = {'iss': None, 'jti': None, 'sub': subject, **changed}
        return issuers.KEY.sign(issuers.claims(**claims))

    def authenticate(
        self, assertion, *arguments, kind=evidence.SpiffeAssertion, **keywords
    ):
        return super().authenticate(
            assertion, *arguments, kind=kind, **keywords
        )

    def test_client_with_the_spiffe_id_is_authenticated(self):
        """C11: without an issuer and an id in the JWT-SVID."""
        registered = self.register(self.spiffe, f'{DOMAIN}/shop/checkout')
        client = self.authenticate(self.sign())
        self.assertEqual('spiffe_jwt', client.method)
        self.assertEqual(registered, client.authenticator)

    def test_jwt_svid_can_be_used_again(self):
        """C11: a workload gets a new one only when it expires."""
        self.register(self.spiffe, f'{DOMAIN}/shop/checkout')
        for jti in (None, '1'):
            token = self.sign(jti=jti)
            for _ in range(2):
                self.assertEqual('client', self.authenticate(token).id)

    def test_type_of_a_jwt_svid_is_jwt_or_jose(self):
        """C08, C11: the latter from no other issuer."""
        self.register(self.spiffe, f'{DOMAIN}/shop/checkout')
        claims = issuers.claims(iss=None, sub=f'{DOMAIN}/shop/checkout')
        for name in ('JWT', 'JOSE', None):
            with self.variant(name):
                self.authenticate(issuers.KEY.sign(claims, typ=name))
        self.assert_refused(
            'unsupported typ', issuers.KEY.sign(claims, typ='at+jwt')
        )
        self.register()
        self.assert_refused(
            'unsupported typ',
            issuers.KEY.sign(issuers.claims(), typ='JOSE'),
            kind=evidence.Assertion,
        )

    def test_workloads_below_a_path_are_authenticated(self):
        """C11: by whole segments."""
        self.register(self.spiffe, f'{DOMAIN}/shop/*')
        for path in ('shop/checkout', 'shop/a/b'):
            with self.variant(path):
                self.authenticate(self.sign(f'{DOMAIN}/{path}'))
        for path in ('shop', 'shopping', 'shopping/a', 'a/shop/b', 'Shop/a'):
            with self.variant(path):
                subject = f'{DOMAIN}/{path}'
                self.assert_refused(f'sub is "{subject}"', self.sign(subject))

    def test_other_trust_domain_is_refused(self):
        """C11: whether or not it is trusted."""
        self.register(self.spiffe, f'{DOMAIN}/shop/*')
        token = self.sign('spiffe://example.com/shop/checkout')
        self.assert_refused('it has no trusted issuer', token)
        self.issuers.add(
            issuers.trusted('other', 'spiffe', issuer='spiffe://example.com')
        )
        self.assert_refused('it is of another issuer', token)

    def test_client_is_never_inferred_from_the_spiffe_id(self):
        """C11: client_id decides."""
        self.register(self.spiffe, f'{DOMAIN}/shop/checkout')
        self.assert_refused('unknown client', self.sign(), client_id=None)

    def test_assertion_types_are_never_mixed(self):
        """C11: whichever identities are registered."""
        self.register(self.spiffe, f'{DOMAIN}/shop/checkout')
        self.register()
        self.register(subject=f'{DOMAIN}/shop/cart')
        for token in (
            self.sign(),
            self.sign(iss=DOMAIN),
            self.sign(iss='https://other.example.com'),
        ):
            self.assert_refused(
                'it has no trusted issuer', token, kind=evidence.Assertion
            )
        self.assert_refused(
            'it has no trusted issuer', issuers.KEY.sign(issuers.claims())
        )
        self.assert_refused(
            'sub is',
            self.sign(f'{DOMAIN}/shop/cart', iss=issuers.ISSUER),
        )

    def test_spiffe_id_may_be_the_subject_of_another_issuer(self):
        """C11: with the usual assertion type, and for its identities only."""
        subject = f'{DOMAIN}/shop/checkout'
        self.register(self.spiffe, subject)
        token = self.sign(subject, iss=issuers.ISSUER)
        self.assert_refused(
            'nothing is registered for', token, kind=evidence.Assertion
        )
        registered = self.register(subject=subject)
        client = self.authenticate(token, kind=evidence.Assertion)
        self.assertEqual('federated_jwt', client.method)
        self.assertEqual(registered, client.authenticator)

    def test_unknown_key_is_waited_for_whatever_client_is_named(self):
        """B07, C12: as with the other assertion type."""
        self.register(self.spiffe, f'{DOMAIN}/shop/checkout')
        self.clients.add('other')
        token = issuers.OTHER_KEY.sign(
            issuers.claims(sub=f'{DOMAIN}/shop/checkout')
        )
        self.fetcher.is_fetching = True
        for client_id in ('client', 'other', 'unknown'):
            with self.variant(client_id):
                self.assert_unavailable(token, client_id)
        self.fetcher.is_fetching = False
        for client_id in ('client', 'other', 'unknown'):
            with self.variant(client_id):
                self.assert_refused('', token, client_id)
