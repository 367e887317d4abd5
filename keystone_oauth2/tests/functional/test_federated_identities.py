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
"""Registration of federated identities for a client."""

import time

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import trusted_issuers

ACCOUNT = 'system:serviceaccount:apps:web'
BASE_URL = 'http://localhost'
MEMBERS = {
    'id',
    'description',
    'created_at',
    'expires_at',
    'expires_soon',
    'last_used_at',
    'issuer_id',
    'issuer',
    'subject',
    'claims',
    'warnings',
    'links',
}


class RegistrationTestCase(federation.FederationTestCase):
    def propose(self, **wanted):
        return self.manage(
            'POST', '/federated_identities', {'federated_identity': wanted}
        )

    def assert_wrong(self, sentence, **wanted):
        """Assert that an identity is refused with the whole reason."""
        answer = self.propose(**wanted)
        self.assertThat(answer, clients.IsKeystoneError(400))
        self.assertEqual(sentence, answer.json['error']['message'])


class RegistrationTest(RegistrationTestCase):
    def test_identity_is_shown_with_its_issuer(self):
        shown = self.identify(
            'k8s',
            claims={
                '/kubernetes.io/namespace': 'apps',
                'level': [2, 1, 1, True],
            },
            description='of the web servers',
            expires_at='2099-01-01T00:00:00Z',
        )
        self.assertEqual(MEMBERS, shown.keys())
        expected = {
            'description': 'of the web servers',
            'expires_at': '2099-01-01T00:00:00Z',
            'expires_soon': False,
            'last_used_at': None,
            'issuer_id': 'k8s',
            'issuer': trusted_issuers.CLUSTER_ISSUER,
            'subject': ACCOUNT,
            'claims': {
                '/kubernetes.io/namespace': 'apps',
                'level': [1, 2, True],
            },
            'warnings': [],
            'links': {
                'self': BASE_URL
                + clients.path_of(
                    self.own, f'/federated_identities/{shown["id"]}'
                )
            },
        }
        self.assertEqual(expected, {name: shown[name] for name in expected})
        self.assertEqual(shown, self.shown('federated_identity', shown))

    def test_identity_that_expires_soon_is_marked(self):
        """And does not count once it has expired."""
        shown = self.identify(expires_at='2099-01-01T00:00:00Z')
        self.assertIs(False, shown['expires_soon'])
        self.expire(shown)
        self.assertIs(
            True, self.shown('federated_identity', shown)['expires_soon']
        )
        self.assert_not_told('nothing is registered', self.by())
        self.identify()
        self.assert_issued(**self.by())

    def test_duplicate_is_409(self):
        """Whatever the order; another client may register it, too."""
        claims = {'a': ['x', 'y'], 'b': 1}
        self.identify(claims=claims)
        again = {'b': 1, 'a': ['y', 'x', 'y']}
        answer = self.propose(issuer_id='idp', subject='batch', claims=again)
        self.assertThat(answer, clients.IsKeystoneError(409))
        self.identify(claims={'a': ['x', 'y'], 'b': True})
        other = self.identity.create_application_credential(self.user)
        self.identify(client=other, claims=claims)

    def test_unknown_issuer_is_400(self):
        for issuer_id in ('unknown', 'K8S', 'k8s.', 'x' * 64):
            self.assert_wrong(
                'There is no such trusted issuer.',
                issuer_id=issuer_id,
                subject=ACCOUNT,
            )
        self.assert_wrong('issuer_id must be given.', subject=ACCOUNT)

    def test_identity_must_be_specific(self):
        """C10: a subject, or ids where subjects have names."""
        for issuer_id, lacking, wanted in (
            ('idp', 'a subject', {}),
            ('idp', 'a subject', {'claims': {'groups': 'x'}}),
            ('k8s', 'a subject', {'claims': {'/kubernetes.io/pod/uid': 'x'}}),
            (
                'github',
                'at least one of the claims repository_id, '
                'repository_owner_id',
                {'subject': 'repo:a/b:ref:refs/heads/main'},
            ),
            (
                'gitlab',
                'at least one of the claims project_id, namespace_id',
                {'claims': {'project_path': 'a/b'}},
            ),
        ):
            with self.variant((issuer_id, wanted)):
                self.assert_wrong(
                    f'It must have {lacking}.', issuer_id=issuer_id, **wanted
                )

    def test_conditions_that_no_jwt_could_meet_are_400(self):
        """C10: patterns, claims of each JWT, values of another type."""
        for sentence, wanted in (
            (
                'The subject is compared exactly, and * has no special '
                'meaning: give whole values, or a list of them.',
                {'subject': 'batch-*'},
            ),
            (
                'The claim aud cannot be bound: the subject is a member of '
                'its own, and the others differ in each JWT.',
                {'subject': 'x', 'claims': {'aud': 'x'}},
            ),
            (
                'The claim a must have 1 to 10 values.',
                {'subject': 'x', 'claims': {'a': []}},
            ),
            (
                'The claim a must be a string, an integer, true, false, or a '
                'list of these.',
                {'subject': 'x', 'claims': {'a': {'b': 'c'}}},
            ),
            (
                'The subject must be system:serviceaccount:NAMESPACE:NAME.',
                {'issuer_id': 'k8s', 'subject': 'apps:web'},
            ),
            (
                'The claim ref_protected must be a string: these issuers send '
                '"true" and "123", not true and 123, here "true".',
                {
                    'issuer_id': 'gitlab',
                    'claims': {'project_id': '1', 'ref_protected': True},
                },
            ),
        ):
            with self.variant(wanted):
                self.assert_wrong(sentence, **{'issuer_id': 'idp', **wanted})

    def test_wrong_member_is_named_with_what_it_must_be(self):
        where = 'Invalid input for federated_identity'
        for sentence, wanted in (
            (f'{where}/issuer_id: it must be a string.', {'issuer_id': 5}),
            (f'{where}/subject: it must be a string or null.', {'subject': 5}),
            (f'{where}/claims: it must be an object.', {'claims': []}),
            (
                f'{where}: it may have description, expires_at, issuer_id, '
                'subject, claims only.',
                {'id': 'x'},
            ),
        ):
            with self.variant(wanted):
                self.assert_wrong(
                    sentence, **{'issuer_id': 'idp', 'subject': 'x', **wanted}
                )
        eleven = {f'{number}': 1 for number in range(11)}
        self.assertThat(
            self.propose(issuer_id='idp', subject='x', claims=eleven),
            clients.IsKeystoneError(400, 'not have more than 10 members'),
        )
        self.assertEqual(
            [], self.show('/federated_identities')['federated_identities']
        )

    def test_owner_is_warned_of_what_may_not_be_meant(self):
        for issuer_id, wanted, expected in (
            ('k8s', {'subject': 'system:serviceaccount:apps:default'}, 1),
            ('k8s', {'subject': ACCOUNT}, 0),
            ('github', {'claims': {'repository_id': '1'}}, 1),
            ('github', {'claims': {'repository_owner_id': '1'}}, 1),
            (
                'gitlab',
                {'claims': {'project_id': '1', 'ref_protected': 'true'}},
                0,
            ),
        ):
            with self.variant((issuer_id, wanted)):
                shown = self.register(
                    'federated_identity', issuer_id=issuer_id, **wanted
                )
                self.assertEqual(expected, len(shown['warnings']))

    def test_last_usable_authenticator_cannot_be_removed(self):
        """It counts like others, if the method is one of the client."""
        answer = self.manage(
            'PATCH',
            json={'client': {'authentication_methods': ['federated_jwt']}},
        )
        self.assertThat(answer, clients.IsKeystoneError(409))
        identity = self.identify()
        self.choose_methods('federated_jwt')
        self.retire_secret()
        path = f'/federated_identities/{identity["id"]}'
        self.assertThat(
            self.manage('DELETE', path),
            clients.IsKeystoneError(409, 'could no longer authenticate'),
        )
        self.assert_issued(**self.by())
        self.identify(subject='another')
        self.remove('federated_identity', identity)
        self.assert_refused(**self.by())

    def test_authority_is_that_for_other_kinds(self):
        """K01, K02: a restricted credential registers nothing."""
        stranger = self.identity.token_for(self.service_user)
        wanted = {'issuer_id': 'idp', 'subject': 'batch'}
        body = {'federated_identity': wanted}
        restricted = self.issue(self.own)
        for token in (stranger, restricted, self.identity.admin_token()):
            answer = self.manage(
                'POST', '/federated_identities', body, token=token
            )
            self.assertThat(answer, clients.IsKeystoneError(403))
        identity = self.identify()
        self.remove(
            'federated_identity', identity, token=self.identity.admin_token()
        )
        self.assert_not_told('nothing is registered', self.by())

    def test_authority_of_an_expiring_credential_ends_with_it(self):
        """K02."""
        end = '2098-01-01T00:00:00Z'
        credential = self.identity.create_application_credential(
            self.user, unrestricted=True, expires_at=end
        )
        answer = self.token_of_keystone(**credential._asdict())
        token = answer.headers['X-Subject-Token']
        shown = self.register(
            'federated_identity',
            token=token,
            issuer_id='idp',
            subject='batch',
        )
        self.assertEqual(end, shown['expires_at'])


class ChangedIssuerTest(RegistrationTestCase):
    """What an operator changes applies to the next request."""

    def set(self, *options):
        trusted_issuers.manage(
            self.keystone, ('trusted_issuer_set', 'idp', *options)
        )

    def test_each_change_applies_at_once(self):
        """C10: although keys and issuers are read for each request."""
        identity = self.identify()
        how = self.by()
        self.assert_issued(**how)
        self.set('--disable')
        self.assert_not_told('no trusted issuer', how)
        self.assert_shown_as_disabled(identity)
        self.set('--enable', '--require-claim', 'groups', '--max-lifetime', 60)
        self.assert_not_told('exp is too far away', how)
        self.assert_not_told(
            'now requires', self.by(exp=int(time.time()) + 50)
        )
        new = trusted_issuers.Issuer('idp', self.issuers['idp'].issuer)
        self.set(
            *('--require-claim', '', '--max-lifetime', 600),
            *('--audience', 'https://elsewhere.example.com'),
            *('--jwks-file', trusted_issuers.write_keys(self.keystone, new)),
        )
        self.assert_not_told('no such key', how)
        wrong, right = (
            federation.by_jwt(self.own, new.assertion(aud=audience))
            for audience in (clients.ISSUER, 'https://elsewhere.example.com')
        )
        self.assert_not_told('aud must be https://elsewhere', wrong)
        self.assert_issued(**right)
        self.assert_deleted(right, identity)

    def assert_shown_as_disabled(self, identity):
        shown = self.shown('federated_identity', identity)
        self.assertIn('not trusted any more', shown['warnings'][0])
        self.assert_wrong(
            'There is no such trusted issuer.', issuer_id='idp', subject='x'
        )

    def assert_deleted(self, how, identity):
        """Assert that an issuer is deleted after all its identities."""
        delete = ('trusted_issuer_delete', 'idp')
        error = self.assertRaises(
            AssertionError, trusted_issuers.manage, self.keystone, delete
        )
        self.assertIn('1 federated identities of clients use', f'{error}')
        self.assert_issued(**how)
        self.remove('federated_identity', identity)
        self.identify('k8s')
        trusted_issuers.manage(self.keystone, delete)
        self.assert_not_told('no trusted issuer', how)


class TrustedIssuersTest(federation.FederationTestCase):
    URL = '/v3/OS-OAUTH2/trusted_issuers'

    def test_any_user_sees_what_can_be_named(self):
        """Neither keys nor where they come from."""
        stranger = self.identity.token_for(self.service_user)
        answer = self.keystone.request('GET', self.URL, token=stranger)
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual({'trusted_issuers', 'links'}, answer.json.keys())
        self.assertEqual(
            {'self': BASE_URL + self.URL, 'next': None, 'previous': None},
            answer.json['links'],
        )
        shown = {one['id']: one for one in answer.json['trusted_issuers']}
        self.assertEqual(sorted(self.issuers), list(shown))
        self.assertEqual(
            {
                'id': 'github',
                'issuer': 'https://token.actions.githubusercontent.com',
                'kind': 'github',
                'audience': None,
                'algorithms': ['RS256'],
                'max_lifetime': 900,
                'is_once': True,
                'required_claims': ['repository_id', 'repository_owner_id'],
                'enabled': True,
            },
            shown['github'],
        )

    def test_a_token_is_required(self):
        for token in (None, 'wrong'):
            answer = self.keystone.request('GET', self.URL, token=token)
            self.assertThat(answer, clients.IsKeystoneError(401))

    def test_other_methods_are_405(self):
        for method in ('POST', 'PUT', 'DELETE'):
            answer = self.keystone.request(
                method, self.URL, token=self.owner_token, json={}
            )
            self.assertThat(answer, clients.IsKeystoneError(405))


class ListPolicyTest(federation.FederationTestCase):
    policy = {'identity:list_oauth2_trusted_issuers': 'role:admin'}

    @classmethod
    def create(cls):
        """Create the user only."""
        super(clients.ClientsTestCase, cls).create()

    def test_operator_can_restrict_the_list(self):
        for token, status in (
            (self.identity.token_for(self.user), 403),
            (self.identity.admin_token(), 200),
        ):
            answer = self.keystone.request(
                'GET', TrustedIssuersTest.URL, token=token
            )
            self.assertEqual(status, answer.status)
