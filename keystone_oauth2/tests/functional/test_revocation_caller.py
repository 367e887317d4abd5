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

"""Permission to revoke; all callers get the same answer."""

from oslo_utils import fixture as time_fixture

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

REVOKE = tokens.REVOKE
RULE = 'identity:revoke_oauth2_token'
UNKNOWN = matchers.IsOAuthError(401, 'invalid_client')
MALFORMED = matchers.IsOAuthError(400, 'invalid_request')


class RevokingTestCase(tokens.TokensTestCase):
    def assert_revokes(self, expected, subject, client=None, **arguments):
        """Assert that the answer is the same in both cases."""
        self.assertThat(
            self.revoke(subject, client, **arguments), tokens.REVOKED
        )
        if expected:
            self.assert_invalid(subject)
        else:
            self.assert_valid(subject)


class ForeignTokenTest(RevokingTestCase):
    def test_client_cannot_revoke_tokens_of_others(self):
        """G07: neither another client's nor its user's."""
        sibling = self.identity.create_application_credential(self.user)
        _, other = self.new_client('member')
        for name, token in {
            'sibling': self.issue(sibling),
            'password': self.identity.token_for(self.user),
            'certificate': self.issue_with(self.certificate),
            'other': self.issue(other),
        }.items():
            with self.variant(name):
                self.assert_revokes(False, token, self.client)

    def test_role_decides_who_revokes_tokens_of_others(self):
        """G07: an administrator may revoke; a service may only introspect."""
        for role, expected in (
            ('admin', True),
            ('service', False),
            ('manager', False),
        ):
            with self.variant(role):
                user, caller = self.new_client(role)
                self.assert_revokes(expected, self.issue(), caller)
                self.assert_revokes(
                    expected,
                    self.issue(),
                    token=self.identity.token_for(user),
                )

    def test_access_rules_of_the_caller_are_enforced(self):
        """G07: a credential for one request only revokes its own tokens."""
        rules = [{'path': '/x', 'method': 'GET', 'service': 'compute'}]
        _, caller = self.new_client('admin', access_rules=rules)
        self.assert_revokes(False, self.issue(), caller)
        self.assert_revokes(True, self.issue(caller), caller)

    def test_system_administrator_revokes_each_kind_of_token(self):
        """G07: not only access tokens of clients."""
        system = self.admin_token({'system': {'all': True}})
        trustee = self.identity.create_user()
        for name, token in {
            'secret': self.issue(),
            'certificate': self.issue_with(self.certificate),
            'password': self.identity.token_for(self.user),
            'unscoped': self.token_by_password(self.user),
            'trust': self.token_by_trust(self.user, trustee, True)[0],
        }.items():
            with self.variant(name):
                self.assert_revokes(True, token, token=system)

    def test_holder_of_an_unscoped_token_revokes_no_other_token(self):
        """G07: an unscoped token has no role."""
        for token in (
            self.identity.token_for(self.user),
            self.token_by_password(self.user),
        ):
            self.assert_revokes(False, self.issue(), token=token)


class NoTokenTest(RevokingTestCase):
    def test_invalid_token_gets_the_same_answer(self):
        """G07: an unknown token is no error, since it cannot be used."""
        for text in (
            'x',
            'gAAAAA',
            'two words',
            '\n',
            '\u20ac',
            'a.b.c',
            self.client.secret,
            self.issue()[:-4] + 'AAAA',
            'x' * 15000,
        ):
            with self.variant(text):
                answer = self.revoke(text, self.client)
                self.assertThat(answer, tokens.REVOKED)

    def test_expired_or_revoked_token_gets_the_same_answer(self):
        """G07: also if its credential was deleted."""
        token = self.issue()
        for _ in range(2):
            self.assert_revokes(True, token, self.client)
        owner, client = self.new_client('member')
        token = self.issue(client)
        self.identity.delete_application_credential(owner, client.id)
        self.assert_revokes(True, token, self.client)
        clock = self.useFixture(time_fixture.TimeFixture())
        token = self.issue()
        clock.advance_time_seconds(3601)
        self.assert_revokes(True, token, self.client)

    def test_no_revocation_event_is_stored_for_an_invalid_token(self):
        """G07: nothing is revoked."""
        token = self.issue(self.service)
        before = self.events()
        for each in ('x', token):
            self.assertThat(self.revoke(each, self.client), tokens.REVOKED)
        self.assertEqual(before, self.events())
        self.revoke(token, self.service)
        self.assertNotEqual(before, self.events())

    def events(self):
        """Return Keystone's revocation events."""
        answer = self.identity.as_admin('GET', '/v3/OS-REVOKE/events')
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['events']

    def test_token_is_required(self):
        """G07: once, in the body."""
        for body in ('', 'token=', 'token=x&token=x', 'token_type_hint=x'):
            with self.variant(body):
                answer = self.post_as(self.client, body, path=REVOKE)
                self.assertThat(answer, MALFORMED)
        token = self.issue()
        answer = self.post_as(self.client, path=f'{REVOKE}?token={token}')
        self.assertThat(answer, MALFORMED)
        self.assert_valid(token)

    def test_hint_may_have_any_value(self):
        """G08: a wrong hint does not prevent the revocation."""
        for hint in ('access_token', 'refresh_token', 'nonsense', '\u20ac'):
            with self.variant(hint):
                self.assert_revokes(
                    True,
                    self.issue(),
                    self.client,
                    form={'token_type_hint': hint},
                )

    def test_only_post_is_allowed(self):
        """G07: RFC 7009 defines no other method."""
        token = self.issue()
        for method in ('GET', 'PUT', 'DELETE'):
            with self.variant(method):
                answer = self.keystone.request(
                    method, REVOKE, form={'token': token}
                )
                self.assertThat(
                    answer,
                    matchers.IsOAuthError(
                        405, 'invalid_request', allow='OPTIONS, POST'
                    ),
                )
        self.assert_valid(token)


class AuthenticationTest(RevokingTestCase):
    options = {
        'oauth2': {
            'oauth2_authn_methods': [
                'client_secret_basic',
                'client_secret_post',
                'tls_client_auth',
            ]
        }
    }

    def test_secret_in_the_body_is_accepted_where_it_is_enabled(self):
        """B03: as at the token endpoint."""
        self.assert_revokes(True, self.issue(), form=self.in_body())

    def test_unauthenticated_caller_revokes_nothing(self):
        """G07: the client is authenticated first."""
        token = self.issue()
        for name, arguments in {
            'nothing': {},
            'client_id': {'form': {'client_id': self.client.id}},
            'wrong secret': {'client': (self.client.id, 'x')},
            'unknown client': {'client': ('x', 'x')},
            'bearer': {'headers': {'Authorization': f'Bearer {token}'}},
            'certificate of another': {
                'form': {'client_id': self.service_user.id},
                'environ': mutual_tls.verified(self.certificate),
            },
        }.items():
            with self.variant(name):
                self.assertThat(self.revoke(token, **arguments), UNKNOWN)
        answer = self.revoke(token, token='x')
        self.assertEqual(401, answer.status)
        self.assert_valid(token)

    def test_token_in_two_fields(self):
        """B01: it is one method, as clients of services send it."""
        token = self.issue()
        bearer = {'Authorization': f'Bearer {token}'}
        self.assert_revokes(True, token, token=token, headers=bearer)

    def test_two_methods_at_once_revoke_nothing(self):
        """B01: even if both are right."""
        token = self.issue()
        basic = {'Authorization': base.basic(*self.client)}
        for arguments in (
            {'form': self.in_body(), 'headers': basic},
            {'token': token, 'headers': basic},
            {'token': token, 'form': self.in_body()},
        ):
            with self.variant(arguments):
                self.assertThat(
                    self.revoke(token, **arguments),
                    matchers.IsOAuthError(
                        400, 'invalid_request', description='More than one'
                    ),
                )
        self.assert_valid(token)

    def in_body(self):
        """Return the parameters of client_secret_post."""
        return {
            'client_id': self.client.id,
            'client_secret': self.client.secret,
        }


class OverriddenPolicyTest(RevokingTestCase):
    policy = {}

    def test_operators_rule_decides(self):
        """G07: the policy can permit more, or less."""
        sibling = self.identity.create_application_credential(self.user)
        _, other = self.new_client('member')
        for rule, revoked in (
            ('!', ()),
            ('@', (self.client, sibling, other)),
            (
                'user_id:%(target.token.user_id)s',
                (self.client, sibling),
            ),
        ):
            self.override(RULE, rule)
            for owner in (self.client, sibling, other):
                with self.variant((rule, owner)):
                    self.assert_revokes(
                        owner in revoked, self.issue(owner), self.client
                    )
