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

"""Scope at the token endpoint: names of roles."""

from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import matchers


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

    def test_no_scope_requests_all_delegated_roles(self):
        """A10: the default; the answer lists them."""
        for client, scope, roles in (
            (self.client, 'member reader', ['member', 'reader']),
            (self.reader, 'reader', ['reader']),
        ):
            with self.variant(scope):
                answer = self.post_as(client)
                self.assertThat(answer, matchers.IsAccessToken(scope))
                self.assertEqual(roles, self.roles(answer))

    def test_granted_scope_is_returned_if_it_differs(self):
        """A09: a different order counts, too."""
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
        """A09: no token has fewer or more roles than requested."""
        for client, requested, description in (
            (self.client, 'member+reader+admin', 'not delegated'),
            (self.reader, 'reader+member', 'not delegated'),
            (self.client, 'member', 'always carries all'),
            (self.client, 'm%C3%A9mber', 'malformed'),
        ):
            with self.variant(requested):
                self.assertThat(
                    self.ask(client, requested),
                    matchers.IsOAuthError(
                        400, 'invalid_scope', description=description
                    ),
                )

    def test_role_that_no_scope_can_contain_is_omitted(self):
        """A09: a client would read it as three."""
        answer = self.post_as(self.odd)
        self.assertThat(answer, matchers.IsAccessToken('member reader'))
        self.assertIn('heat stack owner', self.roles(answer))

    def test_returned_scope_can_be_requested(self):
        """A09: even if a role has a name that no scope can contain."""
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
    """What the in-tree API does instead."""

    enable = False

    def test_scope_is_silently_ignored(self):
        """A09: the token has other roles than requested."""
        answer = self.post_as(self.client, f'{base.GRANT}&scope=admin')
        self.assertEqual(200, answer.status)
        self.assertNotIn('scope', answer.json)
