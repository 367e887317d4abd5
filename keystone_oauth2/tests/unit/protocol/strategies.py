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

"""Hypothesis strategies for the property tests of several parsers."""

from hypothesis import strategies as st

characters = st.characters()


def json_values(max_size, max_leaves):
    """Return a strategy for any value of JSON.

    :param max_size: maximum number of characters of a text.
    :param max_leaves: maximum number of leaves of a value.
    """
    return st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(characters, max_size=max_size),
        lambda children: (
            st.lists(children, max_size=3)
            | st.dictionaries(st.text(characters, max_size=5), children)
        ),
        max_leaves=max_leaves,
    )


def subjects(min_size=0):
    """Return a strategy for subjects of certificates, as lists of pairs."""
    return st.lists(
        st.tuples(
            st.sampled_from(['CN', 'O', 'OU', 'UID', 'L', 'ST']),
            st.text(
                st.characters(exclude_categories=['Cs']),
                min_size=1,
                max_size=20,
            ),
        ),
        min_size=min_size,
        max_size=6,
    )
