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

"""Names of claims, also of those inside other claims (RFC 6901)."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol.federation import claim_names
from keystone_oauth2.tests import base

names = st.text(max_size=5) | st.sampled_from(
    ['', '/', '~', '~0', '~1', '~01', 'a/b', 'm~n', 'kubernetes.io']
)
leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
objects = st.recursive(
    st.dictionaries(names, leaves, min_size=1, max_size=3),
    lambda children: st.dictionaries(
        names, leaves | children, min_size=1, max_size=3
    ),
    max_leaves=10,
)


def paths(value, before=()):
    """Return the path to each member of a nested object, and its value."""
    for name, member in value.items():
        path = (*before, name)
        yield path, member
        if isinstance(member, dict):
            yield from paths(member, path)


def pointer(path):
    """Return a path as a JSON Pointer, written as RFC 6901, 3 and 4."""
    return ''.join(
        '/' + ''.join({'~': '~0', '/': '~1'}.get(one, one) for one in part)
        for part in path
    )


class FindTest(base.TestCase):
    KUBERNETES = {'kubernetes.io': {'serviceaccount': {'uid': 'u'}, 'a': [1]}}

    def test_name_without_a_slash_in_front_is_that_of_a_claim(self):
        claims = {'a/b': 1, 'kubernetes.io': 2, 'm~n': 3, '~1': 4, '': 5}
        for name, value in claims.items():
            with self.variant(name):
                self.assertEqual((True, value), claim_names.find(name, claims))

    def test_claims_inside_another_are_found(self):
        self.assertEqual(
            (True, 'u'),
            claim_names.find(
                '/kubernetes.io/serviceaccount/uid', self.KUBERNETES
            ),
        )

    def test_name_of_a_claim_never_means_one_inside_another(self):
        for name in (
            'kubernetes.io/serviceaccount/uid',
            'kubernetes.io.serviceaccount.uid',
            'kubernetes.io.serviceaccount',
            'uid',
        ):
            with self.variant(name):
                self.assertEqual(
                    (False, None), claim_names.find(name, self.KUBERNETES)
                )

    def test_missing_claims_are_not_found(self):
        for name in (
            'unknown',
            '/unknown',
            '/kubernetes.io/',
            '/kubernetes.io/unknown',
            '/kubernetes.io/serviceaccount/uid/x',
            '/kubernetes.io/serviceaccount/uid/',
            '//kubernetes.io',
            '/Kubernetes.io',
        ):
            with self.variant(name):
                self.assertEqual(
                    (False, None), claim_names.find(name, self.KUBERNETES)
                )

    def test_claim_that_is_null_is_not_missing(self):
        for name in ('a', '/a'):
            with self.variant(name):
                self.assertEqual(
                    (True, None), claim_names.find(name, {'a': None})
                )

    def test_items_of_lists_and_characters_of_texts_are_not_found(self):
        claims = {'a': [['x']], 'b': 'text', 'c': [{'0': 'x'}]}
        for name in ('/a/0', '/a/-', '/a/0/0', '/b/0', '/c/0', '/c/0/0'):
            with self.variant(name):
                self.assertEqual((False, None), claim_names.find(name, claims))

    def test_examples_of_the_rfc_are_found(self):
        """RFC 6901, 5; those inside a list are not."""
        claims = {
            '': 0,
            'a/b': 1,
            'c%d': 2,
            'e^f': 3,
            'g|h': 4,
            'i\\j': 5,
            'k"l': 6,
            ' ': 7,
            'm~n': 8,
        }
        for name, value in (
            ('/', 0),
            ('/a~1b', 1),
            ('/c%d', 2),
            ('/e^f', 3),
            ('/g|h', 4),
            ('/i\\j', 5),
            ('/k"l', 6),
            ('/ ', 7),
            ('/m~0n', 8),
        ):
            with self.variant(name):
                claim_names.check(name)
                self.assertEqual((True, value), claim_names.find(name, claims))

    def test_escaped_tilde_is_not_read_twice(self):
        """RFC 6901, 4: ~01 is ~1, not a slash."""
        claims = {'~1': 'right', '/': 'wrong'}
        self.assertEqual((True, 'right'), claim_names.find('/~01', claims))

    @hypothesis.given(objects)
    def test_each_member_is_found_by_its_escaped_pointer(self, claims):
        for path, value in paths(claims):
            found = claim_names.find(pointer(path), claims)
            self.assertEqual((True, value), found)

    @hypothesis.given(objects, st.lists(names, min_size=1, max_size=4))
    def test_pointer_to_no_member_finds_nothing(self, claims, path):
        known = {path for path, _ in paths(claims)}
        exists, _ = claim_names.find(pointer(path), claims)
        self.assertEqual(tuple(path) in known, exists)


class CheckTest(base.TestCase):
    def test_names_that_claims_can_have_are_accepted(self):
        for name in (
            'a',
            'x' * 255,
            'https://example.com/claim',
            'a~b',
            '~',
            '\xe9',
            '/',
            '//',
            '/a/',
            '/kubernetes.io/serviceaccount/uid',
            '/~0~1',
        ):
            with self.variant(name):
                claim_names.check(name)

    def test_names_of_another_length_or_with_controls_are_refused(self):
        for name in ('', 'x' * 256, 'a\0b', 'a\n', '\x7f', '\ud800', '\u2028'):
            with self.variant(name):
                error = self.assert_raises(ValueError, claim_names.check, name)
                self.assertEqual(
                    'The name of a claim must have 1 to 255 printable '
                    'characters.',
                    str(error),
                )

    def test_name_with_a_slash_in_front_must_be_a_pointer(self):
        """RFC 6901, 3: a tilde is always followed by 0 or 1."""
        for name in ('/~', '/a~', '/~2', '/~/0', '/a/~b', '/a~~0'):
            with self.variant(name):
                error = self.assert_raises(ValueError, claim_names.check, name)
                self.assertIn(f'{name} is not a JSON Pointer', str(error))


class ShownTest(base.TestCase):
    def test_values_are_short_and_in_ascii(self):
        for value, shown in (
            ('a"\u20ac\ud800\n', '"a\\"\\u20ac\\ud800\\n"'),
            (True, 'true'),
            (None, 'null'),
            (1, '1'),
            ('x' * 198, f'"{"x" * 198}"'),
            ('x' * 199, f'"{"x" * 199}...'),
            ([1], 'a list'),
            ({'a': 1}, 'an object'),
        ):
            with self.variant(value):
                self.assertEqual(shown, claim_names.shown(value))
