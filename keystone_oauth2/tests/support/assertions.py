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

"""Client assertions (RFC 7523), as clients build them."""

import base64
import functools
import json
import time
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
import jwt
from jwt import algorithms

TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'


def base64url(content):
    """Return base64url without padding, as in a JWT."""
    return base64.urlsafe_b64encode(content).decode().rstrip('=')


@functools.cache
def rsa_key(bits=2048, number=0, exponent=65537):
    """Return a cached RSA key, since generating one is slow.

    :param number: tells several keys of one test apart.
    """
    return rsa.generate_private_key(exponent, bits)


def new_key(algorithm):
    """Return a private key for an algorithm."""
    if algorithm.startswith(('RS', 'PS')):
        return rsa_key()
    curves = {'ES256': ec.SECP256R1, 'ES384': ec.SECP384R1}
    if algorithm in curves:
        return ec.generate_private_key(curves[algorithm]())
    return ed25519.Ed25519PrivateKey.generate()


def jwk(key, algorithm, *, is_private=False):
    """Return a key as a JWK, by default its public half."""
    method = algorithms.get_default_algorithms()[algorithm]
    exported = method.to_jwk(key if is_private else key.public_key())
    return {
        name: value
        for name, value in json.loads(exported).items()
        if name != 'key_ops'
    }


class Signer:
    """A client that signs with its private key.

    :param client_id: the client.
    :param audience: the audience of the assertions.
    :param key: the private key; by default a new one.
    """

    def __init__(self, client_id, audience, algorithm='ES256', key=None):
        self.client_id = client_id
        self.algorithm = algorithm
        self.key = key or new_key(algorithm)
        self._audience = audience

    @property
    def jwk(self):
        """The public key."""
        return jwk(self.key, self.algorithm)

    @property
    def pem(self):
        """The private key in PEM, as a client stores it."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def assertion(self, headers=None, algorithm=None, **claims):
        """Return an assertion that expires in a minute.

        :param headers: members of the JOSE header.
        :param claims: claims to change; None leaves one out.
        """
        now = int(time.time())
        wanted = {
            'iss': self.client_id,
            'sub': self.client_id,
            'aud': self._audience,
            'iat': now,
            'exp': now + 60,
            'jti': uuid.uuid4().hex,
            **claims,
        }
        return jwt.encode(
            {
                name: value
                for name, value in wanted.items()
                if value is not None
            },
            self.key,
            algorithm or self.algorithm,
            headers,
        )
