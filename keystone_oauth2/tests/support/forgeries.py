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

"""JWT access tokens that this Keystone has not issued."""

import json

import jwt

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests.support import jwts

KEYS = 'oauth2-signing-keys'


def signing_key(folder):
    """Return the key that signs, and its id.

    :param folder: of the deployment.
    """
    members = json.loads((folder / KEYS / '1').read_text())
    return jwt.PyJWK(members, 'ES256').key, jwk.thumbprint(members)


def media_type(token):
    """Return the type in the header of a JWT, or None for any other text."""
    try:
        return jwt.get_unverified_header(token).get('typ')
    except jwt.DecodeError:
        return None


def forge(own, key, algorithm, claims=None, **header):
    """Return a token with other claims and header members than a genuine one.

    :param own: the genuine one.
    """
    return jwt.encode(
        {**jwts.claims(own), **(claims or {})},
        key,
        algorithm,
        {**jwt.get_unverified_header(own), 'alg': algorithm, **header},
    )


def forged(folder, own, second):
    """Return forged tokens, by what is wrong with them.

    :param folder: of the deployment.
    :param own: a genuine token.
    :param second: another one.
    """
    key, kid = signing_key(folder)
    other = jwt.algorithms.ECAlgorithm.from_jwk(
        (folder / KEYS / '0').read_text()
    )
    elsewhere = {'iss': 'https://other.example.com'}
    head, claims, signature = own.split('.')
    return {
        'signature': f'{head}.{claims}.{signature[:-8]}AAAAAAAA',
        'claims': f'{head}.{second.split(".")[1]}.{signature}',
        'none': forge(own, None, 'none', kid=kid),
        'another key': forge(own, other, 'ES256', kid=kid),
        'typ': forge(own, key, 'ES256', kid=kid, typ='JWT'),
        'kid': forge(own, key, 'ES256', kid='x'),
        'crit': forge(own, key, 'ES256', kid=kid, crit=['exp'], exp=1),
        'issuer': forge(own, key, 'ES256', elsewhere, kid=kid),
        'padding': f'{own}=',
    }
