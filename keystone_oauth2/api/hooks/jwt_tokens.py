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
    :param audiences: of tokens for Keystone. Services may have these
        validated, too, and those for audiences that they say they check.
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
        if (
            not all(map(self._is_acceptable, presented.exchanged_tokens()))
            or not self._is_acceptable_subject()
        ):
            web.set_unenforced_ok()
            raise web.TokenNotFound(token_id='')  # nosec B106

    def _is_acceptable_subject(self) -> bool:
        subject = presented.subject_token()
        # Keystone refuses other callers before it looks at the token.
        if not subject or not web.is_authenticated():
            return True
        return self._is_acceptable(subject, presented.audiences_of_caller())

    def _is_acceptable(
        self, token: str | None, further: frozenset[str] = frozenset()
    ) -> bool:
        if not token or not access_token.is_one(token):
            return True
        found = self._validity.read(token)
        if found is None:
            return False
        if (self._audiences | further).isdisjoint(found.audience):
            LOG.info('A JWT access token is for other resources')
            return False
        return True
