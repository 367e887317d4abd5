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
"""Clients with JWT-SVIDs (draft-ietf-oauth-spiffe-client-auth-02)."""

from keystone_oauth2.tests.functional import start_up
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import trusted_issuers

DOMAIN = 'spiffe://example.org'


class SwitchTest(start_up.RefusedTestCase):
    def test_draft_needs_its_option(self):
        """C11: a change of the draft surprises nobody."""
        self.assert_refused(
            'spiffe_jwt',
            'spiffe_draft',
            issuer=clients.ISSUER,
            oauth2_authn_methods=['spiffe_jwt'],
        )


class SpiffeTest(federation.FederationTestCase):
    options = {
        **clients.OPTIONS,
        'oauth2': {
            **clients.OPTIONS['oauth2'],
            'oauth2_authn_methods': [*clients.METHODS, 'spiffe_jwt'],
        },
        'oauth2_assertions': {'spiffe_draft': True},
    }

    @classmethod
    def create(cls):
        super(federation.FederationTestCase, cls).create()
        cls.domain = trusted_issuers.Spiffe('spiffe', DOMAIN)
        trusted_issuers.create(cls.keystone, cls.domain)

    def setUp(self):
        super().setUp()
        self.issuers = {'spiffe': self.domain}

    def by(self, issuer_id='spiffe', client=None, header=None, **claims):
        """Return the request arguments for a new JWT-SVID."""
        return federation.by_jwt(
            client or self.own,
            self.domain.assertion(header, **claims),
            federation.SPIFFE_TYPE,
        )

    def bind(self, subject):
        return self.register(
            'federated_identity', issuer_id='spiffe', subject=subject
        )

    def test_jwt_svid_of_the_trust_domain_is_accepted(self):
        """C11: again and again, without iss and jti."""
        self.bind(f'{DOMAIN}/apps/web')
        how = self.by()
        for _ in range(2):
            self.assert_valid(self.assert_issued(**how))
        self.assert_issued(**self.by(iss='https://spire.example.org'))

    def test_path_of_whole_segments_can_be_bound(self):
        """C11: with a warning."""
        self.assertEqual(1, len(self.bind(f'{DOMAIN}/apps/*')['warnings']))
        self.assert_issued(**self.by())
        for path in ('/apps', '/apps/', '/appsweb', '/apps/../x', '/x/apps/y'):
            with self.variant(path):
                self.assert_not_told('', self.by(sub=f'{DOMAIN}{path}'))

    def test_everything_else_is_refused(self):
        """C11: other domains, audiences, types and keys."""
        self.bind(f'{DOMAIN}/apps/web')
        bearer = self.by()
        bearer['form']['client_assertion_type'] = clients.assertions.TYPE
        stranger = trusted_issuers.Key('ES256')
        for reason, how in (
            ('trusted issuer', self.by(sub='spiffe://example.com/apps/web')),
            ('trusted issuer', self.by(sub='spiffe://example.org.x/apps/web')),
            ('trusted issuer', self.by(sub='https://example.org/apps/web')),
            ('trusted issuer', self.by(sub=None)),
            ('trusted issuer', self.by(iss=DOMAIN, sub='x')),
            ('aud must be', self.by(aud=[clients.ISSUER, 'x'])),
            ('exp is missing', self.by(exp=None)),
            ('sub is', self.by(sub=f'{DOMAIN}/apps/other')),
            (
                'no such key',
                federation.by_jwt(
                    self.own,
                    self.domain.assertion(key=stranger),
                    federation.SPIFFE_TYPE,
                ),
            ),
            ('nothing is registered|trusted issuer', bearer),
        ):
            with self.variant(how):
                self.assert_not_told(reason, how)

    def test_whole_domain_cannot_be_bound(self):
        """C11."""
        for subject in (DOMAIN, f'{DOMAIN}/*', f'{DOMAIN}/apps*', None):
            answer = self.manage(
                'POST',
                '/federated_identities',
                {
                    'federated_identity': {
                        'issuer_id': 'spiffe',
                        'subject': subject,
                    }
                },
            )
            self.assertThat(answer, clients.IsKeystoneError(400))

    def test_dry_run_knows_the_type(self):
        self.bind(f'{DOMAIN}/apps/web')
        answer = self.manage(
            'POST',
            '/federated_identities/test',
            {'assertion': self.domain.assertion()},
        )
        self.assertIs(True, answer.json['test']['is_accepted'], answer.text)
