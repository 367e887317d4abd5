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

"""Check secrets: with a slow hash once, then with a keyed digest.

The slow hash and the key are for the secret that Keystone generates.
Registered secrets need neither: see
:func:`keystone_oauth2.protocol.clients.registration.secret_fingerprint`.

Keystone stores a slow hash of each secret. This is secure, but each check
takes a fifth of a second. After the first successful check, a digest of the
secret is stored, under a key that is not in the database. From then on, only
this digest is checked, for right and wrong secrets alike. It is useless to an
attacker who has only the database.
"""

import collections.abc as abc
import dataclasses
import functools
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf import hkdf

from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration


@dataclasses.dataclass(frozen=True)
class Key:
    """A key for digests.

    :ivar id: stored beside a digest; reveals nothing about the key.
    :ivar material: never stored, never logged.
    """

    id: str
    material: bytes = dataclasses.field(repr=False)

    def digest(self, client_id: str, secret: bytes) -> str:
        """Return the digest of a secret, bound to its client."""
        message = client_id.encode() + b'\0' + secret
        return hmac.digest(self.material, message, hashlib.sha256).hex()


@functools.lru_cache(maxsize=8)
def derive(master: bytes, secret_length: int) -> Key:
    """Derive a key for digests (RFC 5869) from a key of a key repository.

    :param secret_length: how many bytes of a secret Keystone hashes. Digests
        of another length cannot be compared, so the key's id depends on it.
    """
    label = f'keystone-oauth2 secret digest 1, {secret_length} bytes, '
    return Key(
        _expand(master, label.encode() + b'id')[:16].hex(),
        _expand(master, label.encode() + b'key'),
    )


class SecretVerifier:
    """Verifies the secrets of application credentials.

    :param client_store: stores digests.
    :param hasher: Keystone's own check.
    :param digest_keys: returns the keys of the key repository: the primary
        key first, the staged key last; none if digests are disabled.
    """

    def __init__(
        self,
        *,
        client_store: ports.ClientStore,
        hasher: ports.SecretHasher,
        digest_keys: abc.Callable[[], abc.Sequence[bytes]],
    ) -> None:
        self._clients = client_store
        self._hasher = hasher
        self._master_keys = digest_keys

    def verify(
        self, client: clients.Client, readings: abc.Iterable[str]
    ) -> registration.Authenticator:
        """Return the secret that a client has shown.

        :param readings: the possible ones, the likeliest first.
        :raises ports.Refused: none is right.
        """
        keys = self._keys()
        for secret in readings:
            shown = _registered(client, secret)
            if shown is None and self._is_own(client, secret, keys):
                shown = client.own_secret
            if shown is not None:
                return shown
        raise ports.Refused(
            f'client {client.id}: wrong secret',
            was_slow=not _digest_decides(client, keys),
        )

    def pretend(self, readings: abc.Iterable[str]) -> bool:
        """Take as long as for a wrong secret.

        :returns: whether this took a slow hash.
        """
        if self._keys():
            return False
        for secret in readings:
            self._hasher.check_dummy(secret)
        return True

    def learn(self, client_id: str, client_secret: str) -> None:
        """Store the digest of a secret that Keystone has just generated."""
        keys = self._keys()
        if keys:
            secret = self._hasher.hashed_part(client_secret)
            self._store(client_id, secret, keys[0])

    def _is_own(
        self, client: clients.Client, secret: str, keys: abc.Sequence[Key]
    ) -> bool:
        if client.own_secret is None:
            if not keys:
                # It must take as long as before it was retired.
                self._hasher.check_dummy(secret)
            return False
        hashed = self._hasher.hashed_part(secret)
        key = _key_of(client, keys)
        if key is None or client.secret_digest is None:
            return self._is_own_slowly(client, secret, keys)
        digest = key.digest(client.id, hashed)
        if not hmac.compare_digest(digest, client.secret_digest.digest):
            return False
        # During a rotation, some nodes already store digests under the key
        # that is still staged here; keep those.
        if key not in (keys[0], keys[-1]):
            self._store(client.id, hashed, keys[0])
        return True

    def _is_own_slowly(
        self, client: clients.Client, secret: str, keys: abc.Sequence[Key]
    ) -> bool:
        if not self._hasher.check(client.id, secret):
            return False
        if keys:
            hashed = self._hasher.hashed_part(secret)
            self._store(client.id, hashed, keys[0])
        return True

    def _store(self, client_id: str, secret: bytes, key: Key) -> None:
        digest = clients.SecretDigest(key.id, key.digest(client_id, secret))
        self._clients.store_digest(client_id, digest)

    def _keys(self) -> list[Key]:
        length = self._hasher.hashed_length()
        return [derive(master, length) for master in self._master_keys()]


def _registered(
    client: clients.Client, secret: str
) -> registration.Authenticator | None:
    fingerprint = registration.secret_fingerprint(client.id, secret)
    return client.find_registered(
        lambda authenticator: authenticator.kind == registration.SECRET,
        fingerprint,
    )


def _key_of(client: clients.Client, keys: abc.Iterable[Key]) -> Key | None:
    """Return the key of the stored digest, if it is still in use."""
    for key in keys:
        if client.secret_digest and key.id == client.secret_digest.key_id:
            return key
    return None


def _digest_decides(client: clients.Client, keys: abc.Sequence[Key]) -> bool:
    if client.own_secret is None:
        return bool(keys)
    return _key_of(client, keys) is not None


def _expand(master: bytes, info: bytes) -> bytes:
    return hkdf.HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=info
    ).derive(master)
