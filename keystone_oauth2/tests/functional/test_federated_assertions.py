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

"""Clients with JWTs of trusted issuers (RFC 7521, 4.2; RFC 7523, 3)."""

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import tokens

UID = '1f2a6c1e-93e5-4e4c-9d2c-5ab3c9e0f1d2'


class AcceptedTest(federation.FederationTestCase):
    def test_jwt_of_each_issuer_is_accepted(self):
        """C10: if it says what the client's owner has bound."""
        for issuer_id in self.issuers:
            with self.variant(issuer_id):
                self.identify(issuer_id)
                token = self.assert_issued(**self.by(issuer_id))
                self.assert_valid(token)

    def test_secret_of_the_client_can_be_retired(self):
        """The client is then without any secret."""
        self.identify()
        self.retire_secret()
        self.assert_issued(**self.by())
        self.assert_refused(**clients.by_secret(self.own, self.own.secret))

    def test_claims_inside_others_and_lists_of_values_are_compared(self):
        """C10: any value of the list, and all claims."""
        self.identify(
            'k8s',
            claims={
                '/kubernetes.io/serviceaccount/uid': UID,
                '/kubernetes.io/namespace': ['web', 'apps'],
            },
        )
        self.assert_issued(**self.by('k8s'))

    def test_one_of_several_identities_is_enough(self):
        """Each has its own last use."""
        unused = self.identify(subject='other')
        used = self.identify()
        self.assert_issued(**self.by())
        for one, is_used in ((unused, False), (used, True)):
            shown = self.shown('federated_identity', one)
            self.assertEqual(is_used, shown['last_used_at'] is not None)

    def test_parameter_says_which_client_it_is(self):
        """C10: one identity may serve several clients."""
        other = self.identity.create_application_credential(
            self.user, ['reader']
        )
        self.identify()
        self.identify(client=other)
        for client in (self.own, other):
            with self.variant(client):
                answer = self.get_token(**self.by(client=client))
                seen = self.introspect(answer.json['access_token'])
                self.assertEqual(client.id, seen.json['client_id'])

    def test_jwt_without_the_parameter_names_no_client(self):
        """C10: its subject is no client, and a client is not searched for."""
        self.identify()
        how = federation.by_jwt(None, self.issuers['idp'].assertion())
        self.assertThat(self.get_token(**how), clients.REFUSED)
        self.assertIn('unknown client', self.new_log())

    def test_client_with_a_key_uses_either(self):
        """C02: the issuer of the assertion says which method it is."""
        self.identify()
        signer = self.register_key()
        self.assert_issued(**self.by())
        self.assert_issued(**clients.by_key(signer))

    def test_it_is_accepted_at_the_other_endpoints(self):
        """B02: introspection and revocation authenticate in the same way."""
        self.identify()
        token = self.issue(self.own)
        answer = self.ask(tokens.INTROSPECT, token, **self.by())
        self.assertIs(True, answer.json['active'])
        for path, revoked in (
            (tokens.REVOKE, tokens.REVOKED),
            (tokens.INTROSPECT, tokens.INACTIVE),
        ):
            answer = self.ask(path, token, **self.by())
            self.assertThat(answer, revoked)
        answer = self.ask(tokens.INTROSPECT, token, **self.by(sub='x'))
        self.assertThat(answer, clients.REFUSED)

    def test_client_uses_only_its_registered_methods(self):
        """B11: the method has another name than in the metadata."""
        self.identify()
        self.choose_methods('federated_jwt')
        self.assert_issued(**self.by())
        self.assert_refused(**clients.by_secret(self.own, self.own.secret))
        self.choose_methods('private_key_jwt', 'client_secret_basic')
        self.assert_not_told('nothing is registered', self.by())

    def test_jwt_beside_another_method_is_refused(self):
        """B01."""
        self.identify()
        how = {
            **clients.by_secret(self.own, self.own.secret),
            **self.by(),
        }
        self.assertThat(
            self.get_token(**how),
            matchers.IsOAuthError(400, 'invalid_request'),
        )

    def test_jwt_of_a_continuous_integration_is_accepted_once(self):
        """C06: by any client, if one job has one JWT."""
        other = self.identity.create_application_credential(self.user)
        for client in (self.own, other):
            self.identify('github', client)
        assertion = self.issuers['github'].assertion()
        self.assert_issued(**federation.by_jwt(self.own, assertion))
        for client in (self.own, other):
            self.assert_not_told(
                'already used', federation.by_jwt(client, assertion)
            )

    def test_jwt_of_a_pod_is_accepted_again(self):
        """C06: Kubernetes replaces it after most of its life only."""
        self.identify('k8s')
        how = self.by('k8s')
        for _ in range(3):
            self.assert_issued(**how)


class JWTTest(jwts.JWTTestCase, federation.FederationTestCase):
    def issue_by_jwt(self):
        """Return an access token of a pod."""
        answer = self.get_token(**self.by('k8s'))
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def test_access_token_is_like_others_of_the_client(self):
        """H05: whatever the client has authenticated with."""
        self.identify('k8s')
        by_jwt = self.issue_by_jwt()
        by_secret = self.issue(self.own)
        self.assertEqual(200, self.use(by_jwt))
        varying = {'exp', 'iat', 'nbf', 'jti'}
        one, other = (
            {
                name: value
                for name, value in jwts.claims(token).items()
                if name not in varying
            }
            for token in (by_jwt, by_secret)
        )
        self.assertEqual(other, one)

    def test_tokens_can_be_revoked_with_the_identity(self):
        """K03."""
        identity = self.identify('k8s')
        token = self.issue_by_jwt()
        one = f'{identity["id"]}?revoke_tokens=true'
        self.remove('federated_identity', one)
        self.assertEqual(401, self.use(token))
        self.assert_refused(**self.by('k8s'))

    def test_own_access_token_is_no_assertion(self):
        """C08: neither the type nor the issuer is right."""
        self.identify('k8s')
        token = self.issue(self.own)
        self.assert_not_told(
            'unsupported typ', federation.by_jwt(self.own, token)
        )
