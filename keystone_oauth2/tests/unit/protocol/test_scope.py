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

"""Scope stands for the roles that were delegated (RFC 6749, 3.3)."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import scope
from keystone_oauth2.tests import base


class CheckScopeTest(base.TestCase):
    def test_all_delegated_roles_may_be_asked_for_in_any_order(self):
        """A09: asked for and granted are the same."""
        roles = ('reader', 'member')
        for requested in (
            None,
            'reader member',
            'member reader',
            'reader member reader',
        ):
            with self.variant(requested):
                self.assertIsNone(scope.check(requested, roles))

    def test_roles_that_were_not_delegated_are_refused(self):
        """A09: what cannot be granted is refused, not left out."""
        for requested in (
            'admin',
            'reader member admin',
            'reader admin',
            'READER member',
        ):
            with self.variant(requested):
                error = self.assert_raises(
                    errors.InvalidScope,
                    scope.check,
                    requested,
                    ('reader', 'member'),
                )
                self.assertEqual('scope was not delegated', error.detail)

    def test_fewer_roles_than_the_token_carries_are_refused(self):
        """A09: a token would silently carry more than was asked for."""
        self.assert_raises(
            errors.NarrowerScope, scope.check, 'reader', ('reader', 'member')
        )

    def test_malformed_scope_is_refused(self):
        """A09: blanks part names, one each."""
        for requested in (
            '',
            ' ',
            ' reader',
            'reader ',
            'reader  member',
            'reader\tmember',
            'reader\nmember',
            'reader"member',
            'reader\\member',
            'r\xe9ader',
            'reader\x7f',
        ):
            with self.variant(requested):
                error = self.assert_raises(
                    errors.InvalidScope,
                    scope.check,
                    requested,
                    ('reader', 'member', requested),
                )
                self.assertEqual('scope is malformed', error.detail)


class TextOfScopeTest(base.TestCase):
    def test_roles_are_sorted(self):
        self.assertEqual('a b c', scope.text(('b', 'c', 'a')))

    def test_roles_that_no_scope_can_name_are_left_out(self):
        """A09: a client would read a name with a blank in it as two."""
        roles = ('a', 'heat stack owner', 'r\xe9ader', 'x"y', 'x\\y', '', '~')
        self.assertEqual('a ~', scope.text(roles))

    def test_no_role_makes_an_empty_text(self):
        self.assertEqual('', scope.text(()))
