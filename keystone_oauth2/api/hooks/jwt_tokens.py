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

"""Refuses JWT access tokens that Keystone's own validation accepts.

They are for other audiences, signed with a key that was removed, or revoked
with an authenticator.
"""

from oslo_log import log

from keystone_oauth2.identity import jwt_validity
from keystone_oauth2.identity import presented
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import access_token

LOG = log.getLogger(__name__)


class JWTCheck:
    """Checks each request to Keystone before it is processed.

    :param validity: checks whether a token is valid.
    :param audiences: of tokens for Keystone, which services may have
        validated, too: those that ask Keystone check no audience.
    """

    def __init__(
        self, *, validity: jwt_validity.Validity, audiences: frozenset[str]
    ) -> None:
        self._validity = validity
        self._audiences = audiences

    def __call__(self) -> None:
        """Refuse tokens for other resources, and those that are not valid.

        The status is that of Keystone for a token that it does not know.

        :raises web.TokenRefused: of the sender.
        :raises web.TokenNotFound: in ``X-Subject-Token``, or in the body.
        """
        own = (presented.token_of_context(), presented.service_token())
        if not all(map(self._is_acceptable, own)):
            web.set_unenforced_ok()
            raise web.TokenRefused()
        named = presented.exchanged_tokens()
        # Keystone refuses other callers before it looks at the token.
        if (subject := presented.subject_token()) and web.is_authenticated():
            named.append(subject)
        if not all(map(self._is_acceptable, named)):
            web.set_unenforced_ok()
            raise web.TokenNotFound(token_id='')  # nosec B106

    def _is_acceptable(self, token: str | None) -> bool:
        if not token or not access_token.is_one(token):
            return True
        found = self._validity.read(token)
        if found is None:
            return False
        if self._audiences.isdisjoint(found.audience):
            LOG.info('A JWT access token is for other resources')
            return False
        return True
