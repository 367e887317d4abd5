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

"""Digests of secrets, and their keys."""

import base64
import string

import hypothesis
from hypothesis import strategies

from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.tests import base

MASTER = bytes(range(32))
OTHER_MASTER = bytes(range(1, 33))
KEY = secret_digest.derive(MASTER, 72)

masters = strategies.binary(min_size=32, max_size=32)
# Any text that Keystone accepts as the id of an application credential.
ids = strategies.text(
    string.ascii_letters + string.digits, min_size=1, max_size=64
)
secrets = strategies.binary(max_size=80)
clients = strategies.tuples(ids, secrets)


class KeyTest(base.TestCase):
    def test_same_master_key_gives_the_same_key_on_each_node(self):
        self.assertEqual(KEY, secret_digest.derive(MASTER, 72))
        # Calculated by hand from RFC 5869. Digests outlive an upgrade, so
        # this value never changes.
        self.assertEqual('b016f9d223a9cc49dc7b5c8a74b0c89c', KEY.id)

    @hypothesis.given(masters, masters)
    def test_other_master_key_gives_another_key(self, one, other):
        hypothesis.assume(one != other)
        one = secret_digest.derive(one, 72)
        other = secret_digest.derive(other, 72)
        self.assertNotEqual(one.id, other.id)
        self.assertNotEqual(one.material, other.material)

    @hypothesis.given(strategies.integers(1, 65536))
    def test_other_length_gives_another_key(self, length):
        """Digests of different lengths of a secret are not comparable."""
        hypothesis.assume(length != 72)
        other = secret_digest.derive(MASTER, length)
        self.assertNotEqual(KEY.id, other.id)
        self.assertNotEqual(KEY.material, other.material)

    @hypothesis.given(masters)
    def test_key_id_does_not_contain_the_key(self, master):
        """The id is stored where the key must not be."""
        key = secret_digest.derive(master, 72)
        self.assertRegex(key.id, '^[0-9a-f]{32}$')
        # Two equal bytes may be a coincidence; four are unlikely.
        for secret in (master, key.material):
            shown = secret.hex()
            for start in range(0, len(shown) - 8, 2):
                self.assertNotIn(shown[start : start + 8], key.id)

    def test_key_does_not_print_its_material(self):
        for secret in (MASTER, KEY.material):
            for form in (
                repr(secret),
                secret.hex(),
                base64.b64encode(secret).decode(),
            ):
                self.assertNotIn(form, f'{KEY} {KEY!r} {[KEY]}')

    def test_material_differs_from_the_master_key(self):
        """A key derived for one purpose must not serve another."""
        self.assertEqual(32, len(KEY.material))
        self.assertNotEqual(MASTER, KEY.material)


class DigestTest(base.TestCase):
    def test_digest_is_the_same_on_each_node(self):
        # Calculated by hand, like the id above.
        self.assertEqual(
            '8e7d079e61b57204bdb991addad35d94d3d5f3a221c2b2070b8fa175b34763a8',
            KEY.digest('client', b'secret'),
        )

    @hypothesis.given(clients, clients)
    def test_other_client_or_secret_gives_another_digest(self, one, other):
        hypothesis.assume(one != other)
        self.assertNotEqual(KEY.digest(*one), KEY.digest(*other))

    @hypothesis.given(ids, ids, strategies.binary())
    def test_part_of_an_id_is_not_taken_for_a_part_of_a_secret(
        self, client_id, end, secret
    ):
        self.assertNotEqual(
            KEY.digest(client_id + end, secret),
            KEY.digest(client_id, end.encode() + secret),
        )

    @hypothesis.given(ids, secrets)
    def test_other_key_gives_another_digest(self, client_id, secret):
        other = secret_digest.derive(OTHER_MASTER, 72)
        self.assertNotEqual(
            KEY.digest(client_id, secret), other.digest(client_id, secret)
        )

    @hypothesis.given(ids, strategies.binary(min_size=4, max_size=16))
    def test_digest_does_not_contain_the_secret(self, client_id, secret):
        self.assertNotIn(secret.hex(), KEY.digest(client_id, secret))
