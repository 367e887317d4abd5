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

"""Key repositories (``keystone.common.fernet_utils``)."""

import base64
import os
import time

from keystone.common import fernet_utils
from oslo_config import cfg
from oslo_log import log

LOG = log.getLogger(__name__)

# As in keystone.credential.providers.fernet.core.
_MAX_ACTIVE_KEYS = 3
# Nanoseconds. The resolution of file times is some milliseconds.
_SETTLED = 1_000_000_000


class KeyRepository:
    """The keys in a directory, which are read again after a rotation.

    :param path: the directory.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._read_at: int | None = None
        self._is_settled = False
        self._keys: tuple[bytes, ...] = ()

    @property
    def path(self) -> str:
        """The directory."""
        return self._path

    def load(self) -> tuple[bytes, ...]:
        """Return the keys: the primary key first, the staged key last.

        Calls ``FernetUtils.load_keys``.

        :returns: 32 bytes each; none, with a warning in the log, if the keys
            cannot be used.
        """
        modified_at = self._modified_at()
        is_new = modified_at != self._read_at
        if is_new or not self._is_settled:
            # The changes of a rotation may all get the same file time, so
            # reading between them may miss the last one.
            is_settled = time.time_ns() - modified_at > _SETTLED
            try:
                self._keys = self._load()
            except (OSError, ValueError) as error:
                self._keys = ()
                if is_new:
                    self._warn(error)
            self._read_at, self._is_settled = modified_at, is_settled
        return self._keys

    def _modified_at(self) -> int:
        try:
            return os.stat(self._path).st_mtime_ns
        except OSError:
            return 0

    def _load(self) -> tuple[bytes, ...]:
        repository = fernet_utils.FernetUtils(
            self._path, _MAX_ACTIVE_KEYS, 'credential'
        )
        keys = tuple(
            base64.urlsafe_b64decode(key) for key in repository.load_keys()
        )
        if not keys:
            raise ValueError('no keys found')
        if not all(len(key) == 32 and any(key) for key in keys):
            raise ValueError('a key does not have 32 bytes, or is all zero')
        return keys

    def _warn(self, reason: Exception) -> None:
        LOG.warning(
            'keystone-oauth2 cannot use the keys in %s (%s): each token '
            'request takes a slow hash. Run keystone-manage '
            'credential_setup, or set [oauth2_secrets] digest_key_repository.',
            self._path,
            reason,
        )


def configured(conf: cfg.ConfigOpts) -> KeyRepository:
    """Return the repository with the keys for digests of secrets.

    :param conf: Keystone's configuration.
    """
    return KeyRepository(
        conf.oauth2_secrets.digest_key_repository
        or conf.credential.key_repository
    )
