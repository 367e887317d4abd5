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

"""Weak keys, for which anyone can sign, at the token endpoint."""

import json

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

#: The neutral element of Ed25519, and a signature valid for any message.
NEUTRAL = assertions.base64url(b'\1' + bytes(31))
CONSTANT = assertions.base64url(b'\1' + bytes(63))


class WeakKeyTest(clients.ClientsTestCase):
    def test_weak_key_is_refused(self):
        """K07: alone and in a set; the message says what is wrong."""
        jwk = {'kty': 'OKP', 'crv': 'Ed25519', 'x': NEUTRAL}
        for wanted in ({'jwk': jwk}, {'jwks': {'keys': [jwk]}}):
            with self.variant(wanted):
                answer = self.manage('POST', '/keys', {'key': wanted})
                self.assertThat(
                    answer,
                    clients.IsKeystoneError(400, 'point of small order'),
                )
        self.assertEqual([], self.show('/keys')['keys'])

    def test_weak_key_registered_by_an_older_release_is_refused(self):
        """K07: one constant signature fits any assertion of the client."""
        good, weak = self.register_key('EdDSA'), self.register_key('EdDSA')
        jwk = {**weak.jwk, 'x': NEUTRAL}
        self.execute(
            f'UPDATE {clients.AUTHENTICATORS} SET value = :value'
            ' WHERE id = :id',
            id=weak.id,
            value=json.dumps(jwk),
        )
        self.assertEqual(jwk, self.shown('key', weak.id)['jwk'])
        for signer in (good, weak):
            signed, _, _ = signer.assertion().rpartition('.')
            self.assert_refused(**clients.by_assertion(f'{signed}.{CONSTANT}'))
        self.assertIn('point of small order', self.log)
        self.assert_issued(**clients.by_key(good))
