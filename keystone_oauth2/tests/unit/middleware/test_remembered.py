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

"""The bounds of what a filter remembers."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.middleware import originals
from keystone_oauth2.middleware import remembered
from keystone_oauth2.protocol import revocation_list
from keystone_oauth2.tests import base

steps = st.lists(
    st.tuples(
        st.sampled_from(['get', 'put', 'forget']),
        st.integers(0, 9),
        st.integers(0, 400),
    ),
    max_size=60,
)


def entry(length=0):
    """Return an entry.

    :param length: of its text.
    """
    return remembered.Entry(
        body=originals.Original({'text': length * 'x'}),
        ids=revocation_list.Ids(0, ()),
        expires_at=0,
        version=(1, 1),
        catalog_key=(),
        is_unconditional=True,
    )


EMPTY = entry().size


class RememberedTest(base.TestCase):
    def test_number_is_bounded(self):
        """Those that were not used lately are forgotten."""
        found = remembered.Remembered(max_tokens=3)
        one, two, three, four = (entry() for _ in range(4))
        for key, value in (('1', one), ('2', two), ('3', three)):
            found.put(key, value)
        self.assertIs(one, found.get('1'))
        found.put('4', four)
        self.assertEqual(
            [one, None, three, four],
            [found.get(key) for key in ('1', '2', '3', '4')],
        )

    def test_bytes_are_bounded(self):
        found = remembered.Remembered(max_bytes=3 * EMPTY)
        for key in ('1', '2', '3'):
            found.put(key, entry())
        found.put('4', entry(1))
        self.assertEqual(
            [False, False, True, True],
            [found.get(key) is not None for key in ('1', '2', '3', '4')],
        )

    def test_entry_that_is_too_large(self):
        """It is not remembered, and takes no space."""
        found = remembered.Remembered(max_bytes=2 * EMPTY)
        found.put('1', entry(2 * EMPTY))
        self.assertIsNone(found.get('1'))
        found.put('2', entry())
        self.assertIsNotNone(found.get('2'))

    def test_forgotten_and_replaced_entries_take_no_space(self):
        found = remembered.Remembered(max_bytes=2 * EMPTY)
        kept = entry()
        found.put('kept', kept)
        for _ in range(10):
            found.put('1', entry())
            found.put('1', entry())
            found.forget('1')
            found.forget('1')
        self.assertIs(kept, found.get('kept'))
        self.assertIsNone(found.get('1'))

    @hypothesis.given(steps)
    def test_any_use(self, steps):
        """It is what a list of the latest ones would be."""
        found = remembered.Remembered(max_tokens=4, max_bytes=4 * EMPTY + 900)
        expected = []
        for step, number, length in steps:
            key = str(number)
            known = dict(expected).get(key)
            if step == 'get':
                self.assertIs(known, found.get(key))
            rest = [one for one in expected if one[0] != key]
            if step == 'forget':
                found.forget(key)
                expected = rest
            elif step == 'put':
                value = entry(length)
                found.put(key, value)
                expected = [*rest, (key, value)]
            elif known is not None:
                expected = [*rest, (key, known)]
            while (
                len(expected) > 4
                or sum(one.size for _, one in expected) > 4 * EMPTY + 900
            ):
                del expected[0]
        for number in range(10):
            key = str(number)
            self.assertIs(dict(expected).get(key), found.get(key))
