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

This is about the secret that Keystone generates. Registered secrets need
neither: see
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
    """Checks the secret of an application credential.

    It implements :class:`.ports.VerifySecret`.

    :param credentials: finds credentials and stores digests.
    :param secrets: Keystone's own check.
    :param keys: returns the keys of the key repository: the primary key
        first, the staged key last; none if digests are disabled.
    """

    def __init__(
        self,
        credentials: ports.Credentials,
        secrets: ports.Secrets,
        keys: abc.Callable[[], abc.Sequence[bytes]],
    ) -> None:
        self._credentials = credentials
        self._secrets = secrets
        self._master_keys = keys

    def __call__(
        self, client_id: str, client_secret: str
    ) -> ports.ApplicationCredential:
        """Return the credential.

        :raises ports.Refused: the id is unknown, the secret is wrong, or the
            credential, its user, or its project must not be used.
        """
        registered = registration.secret_fingerprint(client_id, client_secret)
        credential, has_digests = self._credentials.find(client_id, registered)
        keys = self._keys() if has_digests else []
        was_slow = not _digest_decides(credential, keys)
        if credential is None:
            if was_slow:
                # If no digest is used, an unknown client must take as long as
                # a wrong secret.
                self._secrets.check_dummy(client_secret)
            raise ports.Refused(
                f'unknown client {ports.redact(client_id)}', was_slow=was_slow
            )
        use, end = credential.own_use, None
        if hmac.compare_digest(credential.registered_digest or '', registered):
            use, end = credential.registered_use, credential.registered_end
        elif not self._holds(credential, client_secret, keys):
            raise ports.Refused(
                f'client {client_id}: {credential.refusal or "wrong secret"}',
                was_slow=was_slow,
            )
        if credential.refusal is not None:
            raise ports.Refused(f'client {client_id}: {credential.refusal}')
        return credential.delegation(use, end)

    def learn(self, client_id: str, client_secret: str) -> None:
        """Store the digest of a secret that Keystone has just generated."""
        credential, has_digests = self._credentials.find(client_id, '')
        keys = self._keys()
        if credential is not None and has_digests and keys:
            secret = self._secrets.hashed_part(client_secret)
            self._store(credential, secret, keys[0])

    def _holds(
        self,
        credential: ports.StoredCredential,
        client_secret: str,
        keys: abc.Sequence[Key],
    ) -> bool:
        if credential.is_secret_retired:
            if not keys:
                # As for an unknown client, above.
                self._secrets.check_dummy(client_secret)
            return False
        secret = self._secrets.hashed_part(client_secret)
        for key in keys:
            if key.id == credential.digest_key_id and credential.digest:
                digest = key.digest(credential.id, secret)
                if not hmac.compare_digest(digest, credential.digest):
                    return False
                # During a rotation, some nodes already store digests under
                # the key that is still staged here; keep those.
                if key not in (keys[0], keys[-1]):
                    self._store(credential, secret, keys[0])
                return True
        if not self._secrets.check(credential.id, client_secret):
            return False
        if keys:
            self._store(credential, secret, keys[0])
        return True

    def _store(
        self, credential: ports.StoredCredential, secret: bytes, key: Key
    ) -> None:
        self._credentials.store_digest(
            credential, key.id, key.digest(credential.id, secret)
        )

    def _keys(self) -> list[Key]:
        length = self._secrets.hashed_length()
        return [derive(master, length) for master in self._master_keys()]


def _digest_decides(
    credential: ports.StoredCredential | None, keys: abc.Sequence[Key]
) -> bool:
    if credential is None or credential.is_secret_retired:
        return bool(keys)
    return bool(credential.digest) and any(
        key.id == credential.digest_key_id for key in keys
    )


def _expand(master: bytes, info: bytes) -> bytes:
    return hkdf.HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=info
    ).derive(master)
