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

"""The signature of a client assertion (RFC 7515, 5.2)."""

import base64
import hashlib
import hmac
import json

from keystone_oauth2.protocol import ports
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class SignatureTest(jwts.PrivateKeyJWTTestCase):
    def assert_not_signed(self, assertion):
        error = self.assert_raises(ports.Refused, self.verify, assertion)
        self.assertIn('no registered key has signed', str(error))

    def test_assertion_without_a_signature_is_refused(self):
        """C07: none is not an algorithm, in any spelling."""
        for algorithm in ('none', 'None', 'NONE', 'nOnE', '', None):
            with self.variant(algorithm):
                text = jwts.unsigned({'alg': algorithm}, jwts.claims()) + '.'
                error = self.assert_raises(ports.Refused, self.verify, text)
                self.assertIn('unsupported alg', str(error))
        self.assert_not_signed(jwts.unsigned(jwts.HEADER, jwts.claims()) + '.')

    def test_public_key_is_not_accepted_as_a_shared_secret(self):
        """C07: HMAC with public data (RFC 8725, 2.1)."""
        jwk = json.dumps(jwts.SIGNER.jwk)
        der = base64.b64decode(''.join(jwts.PEM.decode().splitlines()[1:-1]))
        for secret in (jwts.PEM, jwts.PEM.strip(), der, jwk.encode(), b''):
            for algorithm, digest in (
                ('HS256', hashlib.sha256),
                ('HS384', hashlib.sha384),
                ('HS512', hashlib.sha512),
                ('ES256', hashlib.sha256),
            ):
                with self.variant((secret, algorithm)):
                    text = jwts.unsigned({'alg': algorithm}, jwts.claims())
                    code = hmac.digest(secret, text.encode(), digest)
                    self.assert_raises(
                        ports.Refused,
                        self.verify,
                        f'{text}.{jwts.encoded(code)}',
                    )

    def test_altered_assertion_is_refused(self):
        """C07: whichever part was altered."""
        good = jwts.sign(jwts.HEADER, jwts.claims())
        header, payload, signature = good.split('.')
        other_header = jwts.encoded({**jwts.HEADER, 'kid': 'x'})
        cut = base64.urlsafe_b64decode(signature + '==')[:-1]
        for assertion in (
            f'{header}.{jwts.encoded(jwts.claims(jti="2"))}.{signature}',
            f'{other_header}.{payload}.{signature}',
            f'{header}.{payload}.{jwts.encoded(cut)}',
            f'{header}.{payload}.{jwts.encoded(cut + bytes(2))}',
            f'{header}.{payload}.{jwts.encoded(bytes(64))}',
            f'{header}.{payload}.{jwts.encoded(bytes(9000))}',
            f'{header}.{payload}.',
        ):
            with self.variant(assertion):
                self.assert_not_signed(assertion)
        self.assertEqual('client', self.verify(good).id)

    def test_signature_of_zeros_is_refused(self):
        """C07: CVE-2022-21449 accepted such an ECDSA signature."""
        p384 = assertions.Signer('client', jwts.ISSUER, 'ES384')
        self.register(p384.jwk)
        for algorithm, length in (('ES256', 64), ('ES384', 96)):
            with self.variant(algorithm):
                text = jwts.unsigned({'alg': algorithm}, jwts.claims())
                self.assert_not_signed(f'{text}.{jwts.encoded(bytes(length))}')
