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

"""Client authentication with a JWT of a trusted issuer (RFC 7523, 3)."""

import dataclasses
import json

from keystone_oauth2.protocol import errors
from keystone_oauth2.tests.unit.protocol.client_auth import federated
from keystone_oauth2.tests.unit.protocol.client_auth import jwts
from keystone_oauth2.tests.unit.protocol.federation import issuers


def sign(**changed):
    return issuers.KEY.sign(issuers.claims(**changed))


class IdentityTest(federated.FederatedTestCase):
    def test_client_with_the_federated_identity_is_authenticated(self):
        """C10: by its issuer, its subject and its claims."""
        registered = self.register(
            **{'/kubernetes.io/serviceaccount/uid': 'u'}
        )
        client = self.authenticate(
            sign(**{'kubernetes.io': {'serviceaccount': {'uid': 'u'}}})
        )
        self.assertEqual(
            ('client', 'federated_jwt'), (client.id, client.method)
        )
        self.assertEqual(registered, client.authenticator)
        self.assertEqual([('client', registered.id)], self.clients.uses)

    def test_other_subject_is_refused(self):
        """C10: as is one with a wildcard in it, or none."""
        self.register()
        for subject in (
            'system:serviceaccount:shop:other',
            'system:serviceaccount:shop:*',
            f'{issuers.SUBJECT} ',
            '*',
            None,
        ):
            with self.variant(subject):
                self.assert_refused(
                    'client client: federated identity federated_identity 0 '
                    'of client: sub is',
                    sign(sub=subject),
                )

    def test_same_subject_of_another_issuer_is_refused(self):
        """C10: also of one that is trusted."""
        self.register()
        other = issuers.trusted(
            'other',
            issuer='https://other.example.com',
            jwks=issuers.jwks(issuers.OTHER_KEY),
        )
        self.issuers.add(other)
        self.assert_refused(
            'it is of another issuer',
            issuers.OTHER_KEY.sign(issuers.claims(iss=other.issuer)),
        )

    def test_same_iss_registered_by_two_entries_is_told_apart_by_keys(self):
        """C10: the identity names the id of one of them."""
        other = issuers.trusted('other', jwks=issuers.jwks(issuers.OTHER_KEY))
        self.issuers.add(other)
        token = issuers.OTHER_KEY.sign(issuers.claims())
        self.register()
        self.assert_refused('it is of another issuer', token)
        registered = self.register(other)
        self.assertEqual(registered, self.authenticate(token).authenticator)

    def test_identity_of_any_issuer_with_the_same_keys_matches(self):
        """C10: whichever entry the operator has made first."""
        entries = [issuers.trusted(name) for name in ('a', 'issuer', 'z')]
        self.issuers.add(*entries)
        for issuer in entries:
            with self.variant(issuer.id):
                self.clients.unregister_all()
                registered = self.register(issuer)
                client = self.authenticate(sign())
                self.assertEqual(registered, client.authenticator)

    def test_id_that_now_belongs_to_another_issuer_is_refused(self):
        """C10: the identity was registered for the one before."""
        self.register()
        self.issuers.add(issuers.trusted(issuer='https://new.example.com'))
        self.assert_refused(
            'it is of another issuer', sign(iss='https://new.example.com')
        )

    def test_claims_that_are_required_later_are_required(self):
        """C10: of identities that were registered before."""
        self.register()
        self.authenticate(sign())
        self.issuers.add(
            dataclasses.replace(issuers.trusted(), required_claims=('id',))
        )
        self.assert_refused('the issuer now requires', sign(id='1'))

    def test_one_of_several_identities_is_enough(self):
        """C10: the one that matches is recorded."""
        self.register(subject='a')
        second = self.register(subject='b')
        self.register(subject='c')
        client = self.authenticate(sign(sub='b'))
        self.assertEqual(second, client.authenticator)
        self.assert_refused('2 of client: sub is "d"', sign(sub='d'))

    def test_one_identity_serves_several_clients(self):
        """C10: client_id decides which client is meant."""
        self.clients.add('second')
        for client_id in ('client', 'second'):
            self.register(client_id=client_id)
        for client_id in ('client', 'second'):
            with self.variant(client_id):
                client = self.authenticate(sign(), client_id)
                self.assertEqual(client_id, client.id)

    def test_identity_of_another_client_is_refused(self):
        """C10: whatever client the request names."""
        self.clients.add('second')
        self.register(subject='other')
        self.register(client_id='second')
        self.assert_refused('sub is', sign())
        self.assert_refused('sub is', sign(), 'client')

    def test_client_is_never_inferred_from_the_subject(self):
        """C10: without client_id, the subject would have to be one."""
        self.register()
        for subject in (issuers.SUBJECT, 'unknown'):
            with self.variant(subject):
                self.assert_refused(
                    'unknown client', sign(sub=subject), client_id=None
                )

    def test_client_without_federated_identities_is_refused(self):
        """K06: its own secret is registered for other methods."""
        self.assert_refused('nothing is registered for', sign())
        self.clients.register('something else')
        self.assert_refused('nothing is registered for', sign())

    def test_expired_identity_or_client_is_refused(self):
        """K04: the store says so."""
        self.register()
        self.clients.refusals['client'] = 'it has expired'
        self.assert_refused('it has expired', sign())

    def test_assertion_that_nobody_vouches_for_is_refused(self):
        """C09: the log has the reason."""
        self.register()
        for reason, token in (
            ('it has no trusted issuer', sign(iss='https://other')),
            ('aud must be', sign(aud='x')),
            ('expired', sign(exp=1)),
            (
                'no key of trusted issuer issuer has signed it',
                issuers.OTHER_KEY.sign(issuers.claims(), kid='key'),
            ),
        ):
            with self.variant(reason):
                self.assert_refused(f'assertion: {reason}', token)


class NestedClaimTest(federated.FederatedTestCase):
    """A claim of any depth is refused like another value (C09)."""

    def token(self, depth):
        """Return a JWT with a claim that libraries cannot encode."""
        claims = json.dumps(issuers.claims())[:-1].encode()
        nested = b'[' * depth + b']' * depth
        return jwts.sign(
            {'alg': 'ES256', 'kid': 'key'},
            claims + b',"x":' + nested + b'}',
            issuers.KEY.signer,
        )

    def test_claim_of_any_depth_is_refused(self):
        self.register(x='1')
        reasons = set()
        for depth in (*range(1, 900, 100), *range(900, 1000)):
            error = self.assertRaises(
                errors.InvalidClient, self.authenticate, self.token(depth)
            )
            reasons.add(error.detail.partition(': ')[2][:9])
        self.assertLessEqual(reasons, {'federated', 'not a JWT'})


class GitHubTest(federated.FederatedTestCase):
    def setUp(self):
        super().setUp()
        self.github = issuers.trusted('github', 'github')
        self.issuers.add(self.github)

    def sign(self, **changed):
        return issuers.KEY.sign(issuers.github_claims(**changed))

    def test_job_of_the_repository_is_authenticated(self):
        """C10: by ids, which no one else can get."""
        self.register(
            self.github, None, repository_id='123', environment='prod'
        )
        self.authenticate(self.sign(environment='prod'))
        for reason, changed in (
            ('repository_id is "124"', {'repository_id': '124'}),
            ('repository_id is 123', {'repository_id': 123}),
            ('environment is missing', {'environment': None}),
            ('environment is "test"', {'environment': 'test'}),
        ):
            with self.variant(changed):
                self.assert_refused(
                    reason, self.sign(**{'environment': 'prod', **changed})
                )

    def test_pull_request_and_reusable_workflow_are_refused(self):
        """C10: unless the owner has bound them."""
        self.register(self.github, None, repository_id='123')
        self.authenticate(self.sign())
        for reason, changed in (
            (
                'event_name is "pull_request"',
                {
                    'event_name': 'pull_request',
                    'sub': 'repo:example/shop:pull_request',
                },
            ),
            (
                'event_name is "pull_request_target"',
                {'event_name': 'pull_request_target'},
            ),
            ('event_name is null', {'event_name': None}),
            ('job_workflow_ref is "x"', {'job_workflow_ref': 'x'}),
        ):
            with self.variant(changed):
                self.assert_refused(reason, self.sign(**changed))


class GitLabTest(federated.FederatedTestCase):
    def test_booleans_of_gitlab_are_texts(self):
        """C10: true is not "true"."""
        gitlab = issuers.trusted('gitlab', 'gitlab')
        self.issuers.add(gitlab)
        self.register(gitlab, None, project_id='123', ref_protected='true')
        self.authenticate(issuers.KEY.sign(issuers.gitlab_claims()))
        for value, shown in ((True, 'true'), ('false', '"false"')):
            with self.variant(value):
                self.assert_refused(
                    f'ref_protected is {shown}',
                    issuers.KEY.sign(
                        issuers.gitlab_claims(ref_protected=value)
                    ),
                )
        self.assert_refused(
            'pipeline_source is "merge_request_event"',
            issuers.KEY.sign(
                issuers.gitlab_claims(pipeline_source='merge_request_event')
            ),
        )
