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

"""The effects of revocation."""

import functools

from oslo_utils import fixture as time_fixture

from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens


class OwnTokenTest(tokens.TokensTestCase):
    """A client revokes its own token."""

    def test_client_revokes_its_token(self):
        """G07: afterwards Keystone and introspection refuse it."""
        token = self.issue()
        self.assert_valid(token)
        self.assertThat(self.revoke(token, self.client), tokens.REVOKED)
        self.assert_invalid(token)
        answer = self.keystone.request('GET', '/v3/auth/projects', token=token)
        self.assertEqual(401, answer.status)

    def test_sample_has_the_fields_of_an_answer(self):
        """G07: there is no body, so no media type (RFC 9110, 8.3)."""
        answer = self.revoke(self.issue(), self.client)
        status, *fields = samples.read('revoke-response.txt').splitlines()
        self.assertEqual('HTTP/1.1 200 OK', status)
        for field in filter(None, fields):
            name, _, value = field.partition(': ')
            self.assertEqual(value, answer.headers[name])
        self.assertNotIn('Content-Type', ''.join(fields))
        self.assertThat(answer, tokens.REVOKED)

    def test_other_tokens_of_the_client_stay_valid(self):
        """G07: only that token is revoked, none other of client or user."""
        revoked, kept = self.issue(), self.issue()
        sibling = self.identity.create_application_credential(self.user)
        others = [
            kept,
            self.issue(sibling),
            self.identity.token_for(self.user),
            self.issue_with(self.certificate),
        ]
        self.assertThat(self.revoke(revoked, self.client), tokens.REVOKED)
        self.assert_invalid(revoked)
        for number, token in enumerate(others):
            with self.variant(number):
                self.assert_valid(token)
        self.assert_valid(self.issue())

    def test_certificate_revokes_the_token_bound_to_it(self):
        """G07: and no other token of the user."""
        token = self.issue_with(self.certificate)
        by_password = self.identity.token_for(self.user)
        by_secret = self.issue()
        revoke = functools.partial(
            self.revoke,
            form={'client_id': self.user.id},
            environ=mutual_tls.verified(self.certificate),
        )
        for each in (token, by_password, by_secret):
            self.assertThat(revoke(each), tokens.REVOKED)
        self.assert_invalid(token)
        self.assert_valid(by_password)
        self.assert_valid(by_secret)


class SignedOwnTokenTest(OwnTokenTest):
    """The same with Keystone's JWS tokens."""

    options = {'token': {'provider': 'jws'}}


class CachedOwnTokenTest(OwnTokenTest):
    """The same if Keystone caches tokens and revocations."""

    options = {
        'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'},
        'token': {'caching': True, 'cache_time': 3600},
        'revoke': {'caching': True, 'cache_time': 3600},
    }

    def test_cached_token_is_refused_at_once(self):
        """G09: the cache is invalidated."""
        token = self.issue()
        for _ in range(2):
            self.assert_valid(token)
        self.assertThat(self.revoke(token, self.client), tokens.REVOKED)
        self.assert_invalid(token)


class FurtherOwnTokenTest(tokens.TokensTestCase):
    def test_client_revokes_the_token_in_its_x_auth_token(self):
        """G07: the token revokes itself."""
        token = self.issue()
        self.assertThat(self.revoke(token, token=token), tokens.REVOKED)
        self.assert_invalid(token)

    def test_renewed_certificate_revokes_tokens_of_the_old_one(self):
        """G07: both certificates are the client's."""
        token = self.issue_with(self.certificate)
        renewed = mutual_tls.AUTHORITY.client([('CN', self.user.name)])
        answer = self.revoke(
            token,
            form={'client_id': self.user.id},
            environ=mutual_tls.verified(renewed),
        )
        self.assertThat(answer, tokens.REVOKED)
        self.assert_invalid(token)

    def test_token_of_a_node_with_a_fast_clock_is_revoked(self):
        """G07: even if its issue time is after its revocation."""
        clock = self.useFixture(time_fixture.TimeFixture())
        token = self.issue()
        clock.advance_time_seconds(-5)
        self.assertThat(self.revoke(token, self.client), tokens.REVOKED)
        self.assert_invalid(token)

    def test_token_with_access_rules_is_revoked(self):
        """G07: access rules restrict only the use of the token."""
        client = self.identity.create_application_credential(
            self.user,
            access_rules=[
                {'path': '/x', 'method': 'GET', 'service': 'compute'}
            ],
        )
        token = self.issue(client)
        self.assertThat(self.revoke(token, client), tokens.REVOKED)
        self.assert_invalid(token)


class DerivedTokenTest(tokens.TokensTestCase):
    options = {'token': {'allow_rescope_scoped_token': True}}

    def derive(self, token):
        return self.token_by_token(token, {'project': {'id': self.project.id}})

    def revoke_as_admin(self, token):
        answer = self.revoke(token, token=self.identity.admin_token())
        self.assertThat(answer, tokens.REVOKED)

    def test_revoking_a_token_revokes_all_tokens_derived_from_it(self):
        """G07: also those derived indirectly."""
        token = self.token_by_password(self.user)
        derived = self.derive(token)
        further = self.derive(derived)
        sibling = self.derive(self.token_by_password(self.user))
        for each in (token, derived, further, sibling):
            self.assert_valid(each)
        self.revoke_as_admin(token)
        for each in (token, derived, further):
            self.assert_invalid(each)
        self.assert_valid(sibling)

    def test_original_of_a_revoked_token_stays_valid(self):
        """G07: as do other tokens derived from it."""
        token = self.token_by_password(self.user)
        derived, beside = self.derive(token), self.derive(token)
        self.revoke_as_admin(derived)
        self.assert_invalid(derived)
        self.assert_valid(token)
        self.assert_valid(beside)

    def test_client_token_cannot_be_exchanged_for_another(self):
        """G07: so no derived token can remain."""
        for token in (self.issue(), self.issue_with(self.certificate)):
            answer = self.keystone.request(
                'POST',
                '/v3/auth/tokens',
                json={
                    'auth': {
                        'identity': {
                            'methods': ['token'],
                            'token': {'id': token},
                        },
                        'scope': {'project': {'id': self.project.id}},
                    }
                },
            )
            self.assertIn(answer.status, (401, 403))
            self.assertNotIn('X-Subject-Token', answer.headers)
