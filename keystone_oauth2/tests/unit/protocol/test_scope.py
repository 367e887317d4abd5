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

"""A scope names the delegated roles (RFC 6749, 3.3)."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import scope
from keystone_oauth2.tests import base

#: Names that a scope can contain are as likely as others.
role_sets = st.sets(
    st.from_regex(r'[\x21\x23-\x5b\x5d-\x7e]+', fullmatch=True)
    | st.text(max_size=20)
)


class CheckScopeTest(base.TestCase):
    def test_all_delegated_roles_may_be_requested_in_any_order(self):
        """A09: the requested and granted scopes are the same."""
        roles = ('reader', 'member')
        for requested in (
            None,
            '',
            'reader member',
            'member reader',
            'reader member reader',
        ):
            with self.variant(requested):
                self.assertIsNone(scope.check(requested, roles))

    def test_roles_that_were_not_delegated_are_refused(self):
        """A09: they are refused, not omitted."""
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
        """A09: a token would silently have more than was requested."""
        self.assert_raises(
            errors.NarrowerScope, scope.check, 'reader', ('reader', 'member')
        )

    def test_fewer_of_the_roles_that_a_scope_can_name_are_refused(self):
        """A09: roles that it cannot name make no difference."""
        self.assert_raises(
            errors.NarrowerScope,
            scope.check,
            'reader',
            ('reader', 'member', 'heat stack owner'),
        )

    def test_role_that_no_scope_can_name_cannot_be_requested(self):
        """A09: not even by parts of its name."""
        for requested in ('heat stack owner', 'heat', 'reader heat'):
            with self.variant(requested):
                error = self.assert_raises(
                    errors.InvalidScope,
                    scope.check,
                    requested,
                    ('reader', 'heat stack owner'),
                )
                self.assertEqual('scope was not delegated', error.detail)

    def test_malformed_scope_is_refused(self):
        """A09: names are separated by single blanks."""
        for requested in (
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

    def test_roles_that_no_scope_can_name_are_omitted(self):
        """A09: a name with a blank would be read as two names."""
        roles = ('a', 'heat stack owner', 'r\xe9ader', 'x"y', 'x\\y', '', '~')
        self.assertEqual('a ~', scope.text(roles))

    def test_scope_without_a_role_is_an_empty_text(self):
        self.assertEqual('', scope.text(()))

    @hypothesis.given(role_sets)
    def test_scope_of_a_response_is_accepted_in_a_request(self, roles):
        """A09: for any names of roles."""
        self.assertIsNone(scope.check(scope.text(roles), roles))

    @hypothesis.given(role_sets, st.data())
    def test_less_than_the_scope_of_a_response_is_refused(self, roles, data):
        """A09: a token would silently have more than was requested."""
        names = scope.text(roles).split()
        hypothesis.assume(len(names) > 1)
        fewer = data.draw(
            st.lists(st.sampled_from(names), min_size=1).filter(
                lambda chosen: set(chosen) != set(names)
            )
        )
        self.assert_raises(
            errors.NarrowerScope, scope.check, ' '.join(fewer), roles
        )
