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

"""Scope at the wire: names of roles."""

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base


class ScopeTest(base.KeystoneTestCase):
    @classmethod
    def create(cls):
        super().create()
        cls.reader = cls.identity.create_application_credential(
            cls.user, ['reader']
        )
        cls.identity.assign(cls.user, 'heat stack owner')
        cls.odd = cls.identity.create_application_credential(cls.user)

    def ask(self, client, scope):
        return self.post_as(client, f'{base.GRANT}&scope={scope}')

    def roles(self, answer):
        return sorted(role['name'] for role in self.validate(answer)['roles'])

    def test_no_scope_asks_for_all_delegated_roles(self):
        """A10: the default, and the answer says what it is."""
        for client, scope, roles in (
            (self.client, 'member reader', ['member', 'reader']),
            (self.reader, 'reader', ['reader']),
        ):
            with self.variant(scope):
                answer = self.post_as(client)
                self.assertThat(answer, matchers.IsAccessToken(scope))
                self.assertEqual(roles, self.roles(answer))

    def test_granted_scope_is_said_where_it_differs_from_the_requested(self):
        """A09: the order is a difference, too."""
        for requested, said in (
            ('reader+member', 'member reader'),
            ('member+reader+member', 'member reader'),
            ('member%20reader', None),
        ):
            with self.variant(requested):
                answer = self.ask(self.client, requested)
                self.assertThat(answer, matchers.IsAccessToken(said))
                self.assertEqual(['member', 'reader'], self.roles(answer))

    def test_scope_that_cannot_be_granted_is_refused(self):
        """A09: no token that carries less or more than was asked for."""
        for client, requested, description in (
            (self.client, 'admin', 'not delegated'),
            (self.client, 'member+reader+admin', 'not delegated'),
            (self.reader, 'reader+member', 'not delegated'),
            (self.client, 'nonsense', 'not delegated'),
            (self.client, 'member', 'always carries all'),
            (self.client, 'member++reader', 'malformed'),
            (self.client, '%22member%22', 'malformed'),
            (self.client, 'm%C3%A9mber', 'malformed'),
        ):
            with self.variant(requested):
                self.assertThat(
                    self.ask(client, requested),
                    matchers.IsOAuthError(
                        400, 'invalid_scope', description=description
                    ),
                )

    def test_role_that_no_scope_can_name_is_not_said(self):
        """A09: a client would read it as three."""
        answer = self.post_as(self.odd)
        self.assertThat(answer, matchers.IsAccessToken('member reader'))
        self.assertIn('heat stack owner', self.roles(answer))

    def test_scope_of_an_answer_can_be_sent_back(self):
        """A09: also where one of the roles has a name that no scope has."""
        for requested, said in (
            ('member+reader', None),
            ('reader+member', 'member reader'),
        ):
            with self.variant(requested):
                answer = self.ask(self.odd, requested)
                self.assertThat(answer, matchers.IsAccessToken(said))
                self.assertIn('heat stack owner', self.roles(answer))
        for requested, description in (
            ('member', 'always carries all'),
            ('member+reader+heat+stack+owner', 'not delegated'),
        ):
            with self.variant(requested):
                self.assertThat(
                    self.ask(self.odd, requested),
                    matchers.IsOAuthError(
                        400, 'invalid_scope', description=description
                    ),
                )


class InTreeScopeTest(base.KeystoneTestCase):
    """What is different without the extension."""

    enable = False

    def test_scope_is_ignored_in_silence(self):
        """A09: a token with other roles than were asked for."""
        answer = self.post_as(self.client, f'{base.GRANT}&scope=admin')
        self.assertEqual(200, answer.status)
        self.assertNotIn('scope', answer.json)
