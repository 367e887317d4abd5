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

"""Public keys in the tests of keys."""

import functools

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa

from keystone_oauth2.tests.support import assertions

#: The key of RFC 7638, 3.1.
EXAMPLE = {
    'kty': 'RSA',
    'n': (
        '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK'
        '7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yB'
        'XArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb'
        '9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f'
        'M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    ),
    'e': 'AQAB',
    'alg': 'RS256',
    'kid': '2011-04-29',
}
#: The key of RFC 8037, A.2.
ED25519 = {
    'kty': 'OKP',
    'crv': 'Ed25519',
    'x': '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}
P256, P384 = (
    assertions.jwk(assertions.new_key(name), name)
    for name in ('ES256', 'ES384')
)
P521 = assertions.jwk(ec.generate_private_key(ec.SECP521R1()), 'ES512')
SECP256K1 = assertions.jwk(ec.generate_private_key(ec.SECP256K1()), 'ES256K')
RSA = ('PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512')
ED25519_NAMES = ('Ed25519', 'EdDSA')


@functools.cache
def rsa_jwk(bits, exponent=65537):
    return assertions.jwk(rsa.generate_private_key(exponent, bits), 'RS256')
