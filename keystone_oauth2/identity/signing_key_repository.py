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

"""The directory with the private keys that sign JWTs of this server.

As in Keystone's repositories of Fernet keys, the file ``0`` is the staged key,
the highest number is the one that signs, and the others have signed.
"""

import collections.abc as abc
import contextlib
import dataclasses
import functools
import os
import pathlib
import re
import stat
import time

from keystone.common import utils
from keystone.token import provider
from oslo_config import cfg
from oslo_log import log

from keystone_oauth2.protocol import signing_keys

LOG = log.getLogger(__name__)

_STAGED = 0
_NUMBER = re.compile('0|[1-9][0-9]*')
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Nanoseconds. The resolution of file times is some milliseconds.
_SETTLED = 1_000_000_000
# How often, and after how many seconds, keys that may be incomplete are read.
_COPY_READS, _COPY_PAUSE = 10, 0.05
#: Seconds for which others may keep the public keys.
MAX_AGE = 300
# Seconds by which clocks may differ.
_SKEW = 60


class Unusable(Exception):
    """The keys cannot be used; one sentence with the remedy."""


class SigningKeyRepository:
    """The keys in a directory, which are read again after a rotation.

    :param path: the directory.
    """

    def __init__(self, path: str) -> None:
        self._path = pathlib.Path(path)
        self._read_at: tuple[int, int] | None = None
        self._is_settled = False
        self._keys = signing_keys.KeySet()

    def load(self) -> signing_keys.KeySet:
        """Return the keys; none, with an error in the log, if unusable.

        When a key is gone, Keystone forgets the tokens that it has validated:
        it may have been stolen.
        """
        changed_at = self._changed_at()
        is_new = changed_at != self._read_at
        if is_new or not self._is_settled:
            # The changes of a rotation may all get the same file time, so
            # reading between them may miss the last one.
            is_old = time.time_ns() - changed_at[0] > _SETTLED
            self._replace(is_new)
            self._read_at = changed_at
            # A repair may change a file only.
            self._is_settled = is_old and bool(self._keys.all)
        return self._keys

    def _replace(self, is_new: bool) -> None:
        before = self._keys
        try:
            self._keys = self._read_copied() if is_new else self.read()
        except Unusable as error:
            self._keys = signing_keys.KeySet()
            if is_new:
                LOG.error('%s', error)
        if any(self._keys.find(key.kid) is None for key in before.all):
            # Keystone's notification would be a revocation event as well.
            provider.TOKENS_REGION.invalidate()

    def _read_copied(self) -> signing_keys.KeySet:
        """Return the keys; wait for files that are still being copied.

        rsync replaces the staged key before it adds the one that signs, which
        is the same: another node may sign with it already. After an emergency
        rotation, where the staged key never returns, this takes half a second.

        :raises Unusable: as :meth:`read`.
        """
        staged = self._keys.staged
        for _ in range(_COPY_READS if self._keys.all else 0):
            with contextlib.suppress(Unusable):
                keys = self.read()
                if staged is None or keys.find(staged.kid) is not None:
                    return keys
            time.sleep(_COPY_PAUSE)
        return self.read()

    def _changed_at(self) -> tuple[int, int]:
        # rsync sets the time of modification to that of its source.
        try:
            found = os.stat(self._path)
        except OSError:
            return 0, 0
        return found.st_ctime_ns, found.st_ino

    def read(self) -> signing_keys.KeySet:
        """Return the keys as they are now.

        :raises Unusable: there are none, or others may read them.
        """
        with self._reading():
            try:
                keys = self._read_files()
            except FileNotFoundError:
                # It was deleted meanwhile.
                keys = self._read_files()
        if not set(keys) - {_STAGED}:
            raise Unusable(
                f'[oauth2_tokens] signing_key_repository: there are no keys '
                f'in {self._path}; run keystone-oauth2-manage '
                f'signing_key_setup.'
            )
        return signing_keys.KeySet.of(
            keys.pop(_STAGED, None),
            (keys[number] for number in sorted(keys, reverse=True)),
        )

    def foreign_files(self) -> list[pathlib.Path]:
        """Return the keys whose owner is not that of the directory.

        :raises Unusable: as :meth:`read`.
        """
        with self._reading():
            owner = self._path.stat().st_uid
            return [
                path
                for path in self._files().values()
                if path.stat().st_uid != owner
            ]

    def set_up(
        self, algorithm: str, user: str | None, group: str | None
    ) -> bool:
        """Create the directory, with a key that signs and a staged one.

        :param user: name or number of the owner, if the directory does not
            exist, as is ``group``; None for that of this process.
        :returns: whether there were no keys.
        :raises Unusable: there is no such user or group.
        """
        self._create(user, group)
        if self._files():
            return False
        now = int(time.time())
        self._write(1, _activated(_new(algorithm, now), now))
        self._write(_STAGED, _new(algorithm, now))
        return True

    def _create(self, user: str | None, group: str | None) -> None:
        try:
            self._path.mkdir(0o700, parents=True, exist_ok=True)
            if not self._files() and user is not None and group is not None:
                os.chown(
                    self._path, *_owner(user, group), follow_symlinks=False
                )
        except OSError as error:
            raise Unusable(
                f'[oauth2_tokens] signing_key_repository: cannot create '
                f'{self._path}: {error.strerror}; run the command as the '
                f'user who may.'
            ) from error

    def rotate(self, algorithm: str, keep: int) -> None:
        """Activate the staged key, stage a new one, and delete old ones.

        :param keep: seconds for which a key is kept after it has signed.
        :raises Unusable: others may not know the staged key yet.
        """
        now = int(time.time())
        keys = self.read()
        if keys.staged is not None and keys.staged.kid != keys.signing[0].kid:
            _check_age(keys.staged)
            self._write(max(self._files()) + 1, _activated(keys.staged, now))
        # Otherwise, a rotation was interrupted here.
        self._write(_STAGED, _new(algorithm, now))
        kept = self.read().since(now - keep)
        for path in self._files().values():
            if kept.find(_read(path).kid) is None:
                path.unlink()

    def replace_all(self, algorithm: str) -> None:
        """Replace all keys, since one was stolen or lost.

        All tokens that they have signed are refused, also by nodes to which
        the new keys are copied without deleting the old ones.
        """
        now = int(time.time())
        with self._reading():
            old = self._files()
        number = max(old, default=0) + 1
        first = dataclasses.replace(_new(algorithm, now), is_first=True)
        self._write(number, _activated(first, now))
        self._write(_STAGED, _new(algorithm, now))
        for other, path in old.items():
            if other != _STAGED:
                path.unlink()

    @contextlib.contextmanager
    def _reading(self) -> abc.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unusable(
                f'[oauth2_tokens] signing_key_repository: cannot read '
                f'{self._path}: {error.strerror}; run '
                f'keystone-oauth2-manage signing_key_setup.'
            ) from error

    def _files(self) -> dict[int, pathlib.Path]:
        return {
            int(path.name): path
            for path in self._path.iterdir()
            if _NUMBER.fullmatch(path.name)
        }

    def _read_files(self) -> dict[int, signing_keys.SigningKey]:
        return {number: _read(path) for number, path in self._files().items()}

    def _write(self, number: int, key: signing_keys.SigningKey) -> None:
        new = self._path / f'{number}.tmp'
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, 'w') as file:
            file.write(key.write())
            file.flush()
            if os.geteuid() == 0:
                folder = self._path.stat()
                # Its owner could replace the file by a link meanwhile.
                os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
            os.fsync(file.fileno())
        new.rename(self._path / f'{number}')


def _owner(user: str, group: str) -> tuple[int, int]:
    try:
        return utils.get_unix_user(user)[0], utils.get_unix_group(group)[0]
    except KeyError as error:
        raise Unusable(
            f'There is no user {user} or no group {group}: use those that '
            f'Keystone runs as.'
        ) from error


def _read(path: pathlib.Path) -> signing_keys.SigningKey:
    if path.stat().st_mode & _OTHERS:
        raise Unusable(
            f'[oauth2_tokens] signing_key_repository: other users may read '
            f'{path}: run chmod 600 {path}, and consider the key as stolen.'
        )
    try:
        return signing_keys.SigningKey.read(path.read_text())
    except ValueError as error:
        raise Unusable(
            f'[oauth2_tokens] signing_key_repository: {path} {error}; restore '
            f'it from another node.'
        ) from error


def _new(algorithm: str, now: int) -> signing_keys.SigningKey:
    return signing_keys.SigningKey.generate(algorithm, now)


def _activated(
    key: signing_keys.SigningKey, now: int
) -> signing_keys.SigningKey:
    return dataclasses.replace(key, active_since=now)


def seconds_until_known(staged: signing_keys.SigningKey) -> int:
    """Return when others know a staged key; at most zero if they do."""
    return staged.created_at + MAX_AGE + _SKEW - int(time.time())


def _check_age(staged: signing_keys.SigningKey) -> None:
    if seconds_until_known(staged) > 0:
        raise Unusable(
            f'The staged key is not {MAX_AGE + _SKEW} seconds old, so that '
            f'others may not know it yet: distribute the keys to all nodes, '
            f'and wait; or use --emergency if a key was stolen.'
        )


@functools.lru_cache
def _repository(path: str) -> SigningKeyRepository:
    return SigningKeyRepository(path)


def configured(conf: cfg.ConfigOpts) -> SigningKeyRepository:
    """Return the repository in the configuration.

    :param conf: Keystone's configuration.
    """
    return _repository(conf.oauth2_tokens.signing_key_repository)


def published(
    repository: SigningKeyRepository, conf: cfg.ConfigOpts
) -> signing_keys.KeySet:
    """Return the keys that others need: for tokens that have not expired.

    Keystone needs older ones, since services may use expired tokens for
    ``[token] allow_expired_window``.
    """
    end = time.time() - conf.token.expiration - _SKEW
    return repository.load().since(int(end))


def keep_seconds(conf: cfg.ConfigOpts) -> int:
    """Return how long a key is kept after it has signed."""
    group = conf.token
    return int(group.expiration + group.allow_expired_window + _SKEW)
