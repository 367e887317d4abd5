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

"""Key pairs and public keys in files."""

import json
import os

from cryptography import exceptions
from cryptography.hazmat.primitives import serialization

from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.protocol.clients import jwk

#: Of the keys that can be made; the first one is the default.
ALGORITHMS = signing_keys.ALGORITHMS

_MEMBERS = ('kty', 'crv', 'x', 'y', 'n', 'e', 'alg')


def generate(algorithm: str) -> tuple[bytes, dict[str, str]]:
    """Return a new private key in PEM, and its public half as a JWK.

    :param algorithm: one of :data:`ALGORITHMS`.
    """
    pair = signing_keys.SigningKey.generate(algorithm, 0)
    pem = pair.private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = pair.jwk
    return pem, {name: public[name] for name in _MEMBERS if name in public}


def read_public(text: str) -> dict[str, str]:
    """Return a public key as a JWK, with its required members only.

    :param text: PEM, or a JWK (RFC 7517).
    :raises ValueError: it is something else, or the key is private or weak;
        the message is a predicate without its subject.
    """
    if 'PRIVATE KEY-----' in text:
        raise ValueError(
            'has a private key, which must stay on the host of the client: '
            'give its public half, as "openssl pkey -pubout" writes it'
        )
    if not text.lstrip().startswith('{'):
        return jwk.read(_from_pem(text))
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError('is not JSON') from None
    if 'keys' in members:
        raise ValueError('has a JWK set: give one key')
    return jwk.read(members)


def write_private(path: str, content: bytes) -> None:
    """Write a new file that only its owner can read.

    :raises OSError: the file exists, or cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, 'wb') as opened:
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise


def _from_pem(text: str) -> dict[str, str]:
    if 'CERTIFICATE-----' in text:
        raise ValueError('has a certificate: register it as a certificate')
    try:
        key = serialization.load_pem_public_key(text.encode())
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm):
        raise ValueError('has no public key, neither PEM nor a JWK') from None
    return jwk.from_key(key)
