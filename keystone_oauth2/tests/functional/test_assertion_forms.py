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

"""Accepted and refused encodings of a client assertion."""

import base64
import json

from keystone_oauth2.tests.functional import test_client_key_registration
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

EXAMPLE = test_client_key_registration.EXAMPLE


class AssertionFormTest(clients.ClientsTestCase):
    def test_both_names_are_accepted_whichever_is_registered(self):
        """C07: Node and browsers export the name Ed25519 (RFC 9864)."""
        for registered in ({}, {'alg': 'EdDSA'}, {'alg': 'Ed25519'}):
            signer = assertions.Signer(self.own.id, clients.ISSUER, 'EdDSA')
            wanted = {**signer.jwk, **registered}
            key = self.register('key', jwk=wanted)
            self.assertEqual(wanted, key['jwk'])
            for name in ('EdDSA', 'Ed25519'):
                with self.variant((registered, name)):
                    self.assert_issued(
                        **clients.by_assertion(with_name(signer, name))
                    )
            for name in ('Ed448', 'ES256', 'ed25519'):
                with self.variant((registered, name)):
                    self.assert_refused(
                        **clients.by_assertion(with_name(signer, name))
                    )

    def test_algorithm_name_requires_its_kind_of_key(self):
        """C07: a name fits no other kind."""
        for jwk in (
            {**assertions.Signer('', '').jwk, 'alg': 'Ed25519'},
            {**EXAMPLE, 'alg': 'Ed25519'},
        ):
            with self.variant(jwk):
                answer = self.manage('POST', '/keys', {'key': {'jwk': jwk}})
                self.assertThat(
                    answer, clients.IsKeystoneError(400, 'does not fit')
                )

    def test_assertion_with_two_readings_is_refused(self):
        """C01, C02: not UTF-8, a byte order mark, or a duplicate member."""
        signer = self.register_key('EdDSA')
        header = '{"alg":"EdDSA"}'

        def claims(end=''):
            content = signer.assertion().split('.')[1]
            text = base64.urlsafe_b64decode(content + '==')
            return text.decode()[:-1] + end + '}'

        for parts in (
            (header.encode(), claims().encode('utf-16')),
            (header.encode(), claims().encode('utf-32')),
            (header.encode(), claims().encode('utf-8-sig')),
            (header.encode('utf-16'), claims().encode()),
            (header.encode('utf-8-sig'), claims().encode()),
            (header.encode(), claims(',"sub":"other"').encode()),
            (header.encode(), claims(f',"sub":"{self.own.id}"').encode()),
            (header.encode(), claims(',"x":NaN').encode()),
            (b'{"alg":"none","alg":"EdDSA"}', claims().encode()),
        ):
            with self.variant(parts):
                self.assert_refused(
                    **clients.by_assertion(signed(signer, *parts))
                )
        self.assert_issued(
            **clients.by_assertion(
                signed(signer, header.encode(), claims(',"x":"\xe9"').encode())
            )
        )


def signed(signer, header, claims):
    """Return a JWS of the given octets, signed with an Ed25519 key."""
    text = f'{assertions.base64url(header)}.{assertions.base64url(claims)}'
    return f'{text}.{assertions.base64url(signer.key.sign(text.encode()))}'


def with_name(signer, name):
    """Return an assertion with the given algorithm name in its header."""
    claims = signer.assertion().split('.')[1]
    text = (
        f'{assertions.base64url(json.dumps({"alg": name}).encode())}.{claims}'
    )
    return f'{text}.{assertions.base64url(signer.key.sign(text.encode()))}'
