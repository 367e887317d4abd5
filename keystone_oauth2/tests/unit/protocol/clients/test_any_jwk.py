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

"""Any value is a key or is refused."""

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import strategies
from keystone_oauth2.tests.unit.protocol.clients import keys

values = strategies.json_values(max_size=50, max_leaves=6)
members = st.sampled_from(
    ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use', 'key_ops', 'keys']
)
numbers = st.text(
    st.sampled_from('AQBz09_-'), min_size=1, max_size=1400
) | st.sampled_from(
    [keys.EXAMPLE['n'], keys.P256['x'], keys.P256['y'], keys.ED25519['x']]
)


class NothingElseTest(base.TestCase):
    """C07: any registered value is a key or a ValueError."""

    def try_out(self, value):
        try:
            key = jwk.read(value)
        except ValueError:
            return
        self.assertEqual(key, jwk.read(key))
        self.assertEqual(43, len(jwk.thumbprint(key)))
        jwk.check(key)

    @hypothesis.given(st.dictionaries(members | st.text(), values))
    def test_any_object_is_read_or_refused(self, value):
        self.try_out(value)
        try:
            jwk.read_set(value)
        except ValueError as error:
            self.assertNotEqual('', str(error))

    @hypothesis.given(
        st.sampled_from([keys.EXAMPLE, keys.ED25519, keys.P256, keys.P384]),
        st.dictionaries(members, values, max_size=2),
    )
    def test_any_changed_member_is_read_or_refused(self, key, changed):
        self.try_out({**key, **changed})

    @hypothesis.given(
        st.sampled_from([keys.EXAMPLE, keys.ED25519, keys.P256, keys.P384]),
        st.dictionaries(st.sampled_from(['x', 'y', 'n', 'e']), numbers),
    )
    def test_any_changed_number_is_read_or_refused(self, key, changed):
        self.try_out({**key, **changed})
