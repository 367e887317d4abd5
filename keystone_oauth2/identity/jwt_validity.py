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

"""Whether JWT access tokens are valid, beyond what Keystone itself checks."""

import collections.abc as abc
import datetime

from oslo_log import log

from keystone_oauth2.identity import client_token
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import revocation_event
from keystone_oauth2.protocol import signing_keys

LOG = log.getLogger(__name__)


class Validity:
    """Checks what Keystone does not know, or has remembered too long.

    Keystone may remember a token whose key was removed in an emergency. It
    knows nothing of authenticators that were removed with their tokens.

    :param keys: returns the keys that tokens may be signed with.
    :param issuer: the issuer identifier.
    :param tokens_revoked_at: returns when the tokens of a client were revoked
        with an authenticator, UTC without a zone, or None.
    """

    def __init__(
        self,
        *,
        keys: abc.Callable[[], signing_keys.KeySet],
        issuer: str | None,
        tokens_revoked_at: abc.Callable[[str], datetime.datetime | None],
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._tokens_revoked_at = tokens_revoked_at

    def read(self, token: str) -> access_token.AccessToken | None:
        """Return what a token says, or None if it is not valid.

        Keystone checks the rest, such as whether it has expired.

        :param token: any text with the header of a JWT access token.
        """
        try:
            found = access_token.verify(token, self._keys(), self._issuer)
        except ValueError as error:
            LOG.info('A JWT access token is refused: %s', error)
            return None
        issued_at = client_token.moment(found.issued_at)
        # A client that authenticated before may get its token a moment later.
        revoked_at = self._tokens_revoked_at(found.client_id)
        if (
            revoked_at is not None
            and issued_at <= revoked_at + revocation_event.MARGIN
        ):
            LOG.info('The tokens of client %s were revoked', found.client_id)
            return None
        return found
