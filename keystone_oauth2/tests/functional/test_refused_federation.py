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

"""Refused JWTs of trusted issuers: to the client, all look the same."""

import json
import time

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import trusted_issuers

OUR_URL = f'{clients.ISSUER}/OS-OAUTH2/token'


class RefusedTest(federation.FederationTestCase):
    """B07, C09: all get the answer that an unknown client gets."""

    @classmethod
    def create(cls):
        super().create()
        cls.own = cls.client
        for issuer_id, bound in federation.BOUND.items():
            if issuer_id != 'k8s-other':
                clients.register(
                    cls.keystone.request,
                    cls.owner_token,
                    cls.own,
                    'federated_identity',
                    issuer_id=issuer_id,
                    **bound,
                )

    def setUp(self):
        super().setUp()
        self.now = int(time.time())

    def assert_claims_refused(self, issuer_id, *rows):
        """Assert that JWTs with other claims are refused.

        :param rows: a regular expression for the reason, and the claims.
        """
        for reason, claims in rows:
            with self.variant((issuer_id, claims)):
                self.assert_not_told(reason, self.by(issuer_id, **claims))

    def assert_texts_refused(self, *rows):
        for reason, text in rows:
            with self.variant((reason, text)):
                self.assert_not_told(reason, federation.by_jwt(self.own, text))

    def test_accepted_as_they_are(self):
        """So the other tests of the class can fail."""
        for issuer_id in ('k8s', 'github', 'gitlab', 'idp'):
            self.assert_issued(**self.by(issuer_id))

    def test_jwt_for_others(self):
        """C03: for Kubernetes, several, or our token endpoint."""
        other = 'https://vault.example.com'
        self.assert_claims_refused(
            'k8s',
            ('aud must be', {'aud': other}),
            ('aud must be', {'aud': [trusted_issuers.CLUSTER_ISSUER]}),
            ('aud must be', {'aud': [clients.ISSUER, other]}),
            ('aud must be', {'aud': [OUR_URL]}),
            ('aud must be', {'aud': [f'{clients.ISSUER}/']}),
            ('aud must be', {'aud': None}),
        )

    def test_other_subject(self):
        """C10: exactly the registered one, or none at all."""
        self.assert_claims_refused(
            'k8s',
            ('sub is missing', {'sub': None}),
            ('sub is', {'sub': 'system:serviceaccount:apps:web2'}),
            ('sub is', {'sub': 'system:serviceaccount:apps:default'}),
            ('sub is', {'sub': 'system:serviceaccount:Apps:web'}),
            ('sub is', {'sub': 'system:serviceaccount:apps:*'}),
            ('sub is missing', {'sub': ['system:serviceaccount:apps:web']}),
        )

    def test_same_subject_of_another_issuer(self):
        """C10: even if both clusters call themselves the same."""
        self.assert_not_told('of another issuer', self.by('k8s-other'))
        key = self.issuers['k8s-other'].key
        for header, reason in (
            (None, 'of another issuer'),
            ({'kid': self.issuers['k8s'].key.kid}, 'has signed'),
            ({'kid': None}, 'of another issuer'),
        ):
            with self.variant(header):
                text = self.issuers['k8s'].assertion(header, key=key)
                self.assert_texts_refused((reason, text))

    def test_untrusted_issuer(self):
        """C10: compared exactly, and nothing is fetched from it."""
        issuer = self.issuers['idp'].issuer
        self.assert_claims_refused(
            'idp',
            ('no trusted issuer', {'iss': f'{issuer}/'}),
            ('no trusted issuer', {'iss': issuer.upper()}),
            ('no trusted issuer', {'iss': 'https://127.0.0.1:1/'}),
            ('no trusted issuer', {'iss': None}),
            ('no trusted issuer', {'iss': [issuer]}),
            ('no trusted issuer', {'iss': {'x': issuer}}),
            ('no trusted issuer', {'iss': self.client.id + 'x'}),
            ('no trusted issuer', {'iss': 'https://\ud800.example.com'}),
        )
        # Signed by one that is trusted, in the name of another one.
        text = self.issuers['idp'].assertion(
            iss=self.issuers['gitlab'].issuer, sub='batch'
        )
        self.assert_texts_refused(('unsupported alg|no such key', text))

    def test_other_algorithm(self):
        """C07: neither none, nor an HMAC with the public key."""
        idp, k8s = self.issuers['idp'], self.issuers['k8s']
        head, claims, _ = idp.assertion().split('.')
        self.assert_texts_refused(
            ('unsupported alg', self.unsigned(claims)),
            ('unsupported alg', self.by_hmac(idp)),
            ('has signed', k8s.assertion(algorithm='PS256')),
            ('has signed', f'{head}.{claims}.'),
        )

    def unsigned(self, claims):
        header = assertions.base64url(b'{"alg":"none"}')
        return f'{header}.{claims}.'

    def by_hmac(self, issuer):
        """Return a JWT whose shared secret is the public key."""
        public = issuer.key.jwk
        secret = trusted_issuers.shared(json.dumps(public))
        return issuer.assertion({'alg': 'HS256'}, key=secret)

    def test_header_of_something_else(self):
        """C08: nor does a key come with the assertion."""
        stranger = trusted_issuers.Key('ES256')
        for header, reason in (
            ({'typ': 'at+jwt'}, 'unsupported typ'),
            ({'typ': 'dpop+jwt'}, 'unsupported typ'),
            ({'typ': 'JOSE+JSON'}, 'unsupported typ'),
            ({'crit': ['b64'], 'b64': True}, 'unsupported crit'),
        ):
            with self.variant(header):
                self.assert_not_told(reason, self.by('idp', header=header))
        for name, value in (
            ('jwk', stranger.jwk),
            ('jku', 'https://127.0.0.1:1/jwks'),
            ('x5u', 'https://127.0.0.1:1/certificate'),
        ):
            with self.variant(name):
                header = {name: value, 'kid': self.issuers['idp'].key.kid}
                text = self.issuers['idp'].assertion(header, key=stranger)
                self.assert_texts_refused(('has signed', text))

    def test_unknown_key(self):
        """C12: the keys are from a file, so none are fetched."""
        stranger = trusted_issuers.Key('ES256')
        self.assert_texts_refused(
            ('no such key', self.issuers['idp'].assertion(key=stranger)),
            (
                'has signed',
                self.issuers['idp'].assertion({'kid': None}, key=stranger),
            ),
        )

    def test_wrong_times(self):
        """C04, C05: issued for too long counts even shortly before its end."""
        now = self.now
        self.assert_claims_refused(
            'github',
            ('expired', {'exp': now - 1}),
            ('exp is missing', {'exp': None}),
            ('exp is too far', {'exp': now + 1000}),
            ('valid for more', {'iat': now - 1000, 'exp': now + 100}),
            ('nbf is in the future', {'nbf': now + 90}),
            ('iat is in the future', {'iat': now + 90}),
            ('jti is missing', {'jti': None}),
        )

    def test_jobs_of_github(self):
        """C10: of another repository, or with code that nobody reviewed."""
        other = 'evil/shared/.github/workflows/deploy.yml@refs/heads/main'
        self.assert_claims_refused(
            'github',
            ('repository_id is "999"', {'repository_id': '999'}),
            ('repository_id is 5678', {'repository_id': 5678}),
            ('environment is missing', {'environment': None}),
            ('event_name is', {'event_name': 'pull_request'}),
            ('event_name is', {'event_name': 'pull_request_target'}),
            ('event_name is', {'event_name': None}),
            ('job_workflow_ref is', {'job_workflow_ref': other}),
            ('job_workflow_ref is', {'job_workflow_ref': None}),
        )
        # Renamed: the names differ, and the ids are the same.
        renamed = 'new-org/new-repo/.github/workflows/deploy.yml@refs/heads/x'
        self.assert_issued(
            **self.by(
                'github',
                sub='repo:new-org/new-repo:environment:prod',
                repository='new-org/new-repo',
                workflow_ref=renamed,
                job_workflow_ref=renamed,
            )
        )

    def test_jobs_of_gitlab(self):
        """C10: its booleans are strings."""
        self.assert_claims_refused(
            'gitlab',
            ('ref_protected is "false"', {'ref_protected': 'false'}),
            ('ref_protected is true', {'ref_protected': True}),
            ('project_id is "21"', {'project_id': '21'}),
            ('pipeline_source is', {'pipeline_source': 'merge_request_event'}),
        )

    def test_spiffe_type_for_a_jwt_of_another_issuer(self):
        """C11: that method is not enabled."""
        how = self.by('idp')
        how['form']['client_assertion_type'] = federation.SPIFFE_TYPE
        self.assert_not_told('spiffe_jwt is not enabled', how)

    def test_client_without_a_federated_identity(self):
        """C10: and one whose identity has expired."""
        other = self.identity.create_application_credential(self.user)
        how = self.by(client=other)
        self.assert_not_told('nothing is registered', how)
        self.expire(self.identify(client=other))
        self.assert_not_told('nothing is registered', how)

    def test_unknown_client_costs_the_same_checks(self):
        """B07: the log says what is wrong with the JWT, or the client."""
        unknown = self.by(client=federation.UNKNOWN_CLIENT)
        self.assert_not_told('unknown client', unknown)
        self.assertNotRegex(self.log, 'Traceback')
