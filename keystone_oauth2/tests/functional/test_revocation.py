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

"""What revocation ends, and what it leaves alone."""

import functools

from oslo_utils import fixture as time_fixture

from keystone_oauth2.tests.functional import mutual_tls
from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.functional import tokens


class OwnTokenTest(tokens.TokensTestCase):
    """A client revokes what it got."""

    def test_client_revokes_its_token(self):
        """G07: Keystone and introspection refuse it from then on."""
        token = self.issue()
        self.assert_valid(token)
        self.assertThat(self.revoke(token, self.client), tokens.REVOKED)
        self.assert_invalid(token)
        answer = self.keystone.request('GET', '/v3/auth/projects', token=token)
        self.assertEqual(401, answer.status)

    def test_sample_has_the_fields_of_an_answer(self):
        """G07: and no body, so no media type (RFC 9110, 8.3)."""
        answer = self.revoke(self.issue(), self.client)
        status, *fields = samples.read('revoke-response.txt').splitlines()
        self.assertEqual('HTTP/1.1 200 OK', status)
        for field in filter(None, fields):
            name, _, value = field.partition(': ')
            self.assertEqual(value, answer.headers[name])
        self.assertNotIn('Content-Type', ''.join(fields))
        self.assertThat(answer, tokens.REVOKED)

    def test_siblings_live_on(self):
        """G07: only that token, of all that this client and user have."""
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

    def test_certificate_revokes_the_token_that_is_bound_to_it(self):
        """G07: and not those that the user got otherwise."""
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
    """The same with Keystone's signed tokens."""

    options = {'token': {'provider': 'jws'}}


class CachedOwnTokenTest(OwnTokenTest):
    """The same where Keystone caches tokens and revocations."""

    options = {
        'cache': {'enabled': True, 'backend': 'dogpile.cache.memory'},
        'token': {'caching': True, 'cache_time': 3600},
        'revoke': {'caching': True, 'cache_time': 3600},
    }

    def test_token_that_was_looked_at_before_is_refused_at_once(self):
        """G09: what is cached goes."""
        token = self.issue()
        for _ in range(2):
            self.assert_valid(token)
        self.assertThat(self.revoke(token, self.client), tokens.REVOKED)
        self.assert_invalid(token)


class FurtherOwnTokenTest(tokens.TokensTestCase):
    def test_client_revokes_the_token_that_it_sends(self):
        """G07: with itself as X-Auth-Token."""
        token = self.issue()
        self.assertThat(self.revoke(token, token=token), tokens.REVOKED)
        self.assert_invalid(token)

    def test_renewed_certificate_revokes_tokens_of_the_old_one(self):
        """G07: both are that client's."""
        token = self.issue_with(self.certificate)
        renewed = mutual_tls.AUTHORITY.client([('CN', self.user.name)])
        answer = self.revoke(
            token,
            form={'client_id': self.user.id},
            environ=mutual_tls.verified(renewed),
        )
        self.assertThat(answer, tokens.REVOKED)
        self.assert_invalid(token)

    def test_token_of_a_node_whose_clock_is_ahead_is_revoked(self):
        """G07: though it was issued later than it is revoked."""
        clock = self.useFixture(time_fixture.TimeFixture())
        token = self.issue()
        clock.advance_time_seconds(-5)
        self.assertThat(self.revoke(token, self.client), tokens.REVOKED)
        self.assert_invalid(token)

    def test_token_with_access_rules_is_revoked(self):
        """G07: the rules are about using it."""
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

    def test_what_was_derived_from_a_token_dies_with_it(self):
        """G07: and what was derived from that."""
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

    def test_what_a_token_was_derived_from_lives_on(self):
        """G07: as does what was derived beside it."""
        token = self.token_by_password(self.user)
        derived, beside = self.derive(token), self.derive(token)
        self.revoke_as_admin(derived)
        self.assert_invalid(derived)
        self.assert_valid(token)
        self.assert_valid(beside)

    def test_token_of_a_client_cannot_be_derived_from(self):
        """G07: so nothing of it is left."""
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
