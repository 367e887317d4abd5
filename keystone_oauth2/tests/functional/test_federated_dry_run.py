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
"""The dry run of a JWT of a trusted issuer, for the owner of a client."""

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import trusted_issuers

TEST = '/federated_identities/test'


class DryRunTest(federation.FederationTestCase):
    def ask(self, assertion, **arguments):
        answer = self.manage(
            'POST', TEST, {'assertion': assertion}, **arguments
        )
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual({'test'}, answer.json.keys())
        self.assertEqual('no-store', answer.headers['Cache-Control'])
        return answer.json['test']

    def test_each_identity_says_why_it_does_not_match(self):
        """C10: the reason that is in the log only, otherwise."""
        ids = [
            self.identify(issuer_id, **changes)['id']
            for issuer_id, changes in (
                ('k8s', {'subject': 'system:serviceaccount:apps:other'}),
                ('k8s', {'claims': {'/kubernetes.io/pod/name': 'x'}}),
                ('k8s', {'claims': {'/kubernetes.io/level': 'x'}}),
                ('idp', {}),
                ('k8s', {}),
            )
        ]
        found = self.ask(self.issuers['k8s'].assertion())
        self.assertEqual(
            {'is_accepted', 'reason', 'federated_identities'}, found.keys()
        )
        self.assertEqual((True, None), (found['is_accepted'], found['reason']))
        by_id = {one['id']: one for one in found['federated_identities']}
        self.assertEqual(
            [
                {
                    'id': one,
                    'issuer_id': issuer_id,
                    'is_matching': reason is None,
                    'reason': reason,
                }
                for one, issuer_id, reason in zip(
                    ids,
                    ('k8s', 'k8s', 'k8s', 'idp', 'k8s'),
                    (
                        'sub is "system:serviceaccount:apps:web"',
                        '/kubernetes.io/pod/name is "web-7d9c6f5b8-x2x4q"',
                        '/kubernetes.io/level is missing',
                        'it is of another issuer',
                        None,
                    ),
                    strict=True,
                )
            ],
            [by_id[one] for one in ids],
        )

    def test_reason_of_the_whole_is_that_of_the_log(self):
        """C10: before any identity is looked at."""
        self.identify()
        idp = self.issuers['idp']
        stranger = trusted_issuers.Key('ES256')
        for text, reason in (
            ('x', 'it is not a JWT: must have three parts'),
            (idp.assertion(aud='x'), f'aud must be {clients.ISSUER} only'),
            (idp.assertion({'typ': 'at+jwt'}), 'unsupported typ'),
            (idp.assertion(exp=1), 'expired'),
            (idp.assertion(iss='https://x.example.com'), 'no trusted issuer'),
            (idp.assertion(key=stranger), 'has no such key'),
            (
                idp.assertion({'kid': idp.key.kid}, key=stranger),
                'no key of trusted issuer idp has signed it',
            ),
            (idp.assertion(sub='x'), 'no federated identity of the client'),
        ):
            with self.variant(reason):
                found = self.ask(text)
                self.assertIs(False, found['is_accepted'])
                self.assertIn(reason, found['reason'])

    def test_method_that_the_client_may_not_use_is_the_reason(self):
        """B11."""
        self.identify()
        self.choose_methods('client_secret_basic')
        found = self.ask(self.issuers['idp'].assertion())
        self.assertIn('federated_jwt is not enabled', found['reason'])

    def test_nothing_is_used_up(self):
        """C06: neither the JWT nor the last use."""
        identity = self.identify('github')
        assertion = self.issuers['github'].assertion()
        for _ in range(2):
            self.assertIs(True, self.ask(assertion)['is_accepted'])
        shown = self.shown('federated_identity', identity)
        self.assertIsNone(shown['last_used_at'])
        self.assert_issued(**federation.by_jwt(self.own, assertion))

    def test_expired_identity_is_left_out(self):
        self.expire(self.identify())
        found = self.ask(self.issuers['idp'].assertion())
        self.assertEqual([], found['federated_identities'])
        self.assertIs(False, found['is_accepted'])

    def test_only_the_owner_may_ask(self):
        """K01: conditions and claims are none of the others' business."""
        body = {'assertion': self.issuers['idp'].assertion()}
        for token in (
            self.identity.admin_token(),
            self.identity.token_for(self.service_user),
        ):
            answer = self.manage('POST', TEST, body, token=token)
            self.assertThat(answer, clients.IsKeystoneError(403))
        answer = self.keystone.request(
            'POST', clients.path_of(self.own, TEST), json=body
        )
        self.assertThat(answer, clients.IsKeystoneError(401))

    def test_malformed_request_is_400(self):
        """And so is one that is larger than at the token endpoint."""
        for body in (
            {},
            {'assertion': None},
            {'assertion': ''},
            {'assertion': 'x' * 16385},
            {'assertion': 'a\0b'},
            {'assertion': 'x', 'client_id': 'y'},
            [],
        ):
            with self.variant(f'{body}'[:40]):
                answer = self.manage('POST', TEST, body)
                self.assertThat(answer, clients.IsKeystoneError(400))
        deep = '[' * 2500 + ']' * 2500
        header = clients.assertions.base64url(deep.encode())
        found = self.ask(f'{header}.{header}.x')
        self.assertIn('it is not a JWT', found['reason'])

    def test_jwt_is_not_logged(self):
        self.identify()
        self.ask(self.issuers['idp'].assertion())
        self.assertNotRegex(self.new_log(), r'eyJ[\w-]+\.')

    def test_other_methods_are_not_those_of_an_identity(self):
        """The name of the test is no id, and no id is like it."""
        for method, status in (('GET', 404), ('DELETE', 404), ('PUT', 405)):
            answer = self.manage(method, TEST)
            self.assertThat(answer, clients.IsKeystoneError(status))
