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

"""Store digests of secrets as soon as Keystone generates them.

Keystone shows a secret once, in the response to the user who creates the
application credential. With a digest from this moment, neither the first
token request nor a wrong secret needs the slow hash, so response times do not
reveal whether a client exists.
"""

import flask
from oslo_log import log

from keystone_oauth2.identity import database
from keystone_oauth2.identity import presented
from keystone_oauth2.protocol.clients import secret_digest

LOG = log.getLogger(__name__)


class SecretObserver:
    """Checks each response of Keystone.

    :param verifier: stores the digest.
    """

    def __init__(self, verifier: secret_digest.SecretVerifier) -> None:
        self._verifier = verifier

    def __call__(self, response: flask.Response) -> flask.Response:
        """Store the digest of a newly created secret.

        :returns: the unchanged response. If the digest cannot be stored, the
            first token request tries again.
        """
        created = presented.created_credential(response)
        if created is not None:
            try:
                self._verifier.learn(*created)
            except database.Error as error:
                LOG.warning(
                    'The digest of a secret could not be stored: %s',
                    type(error).__name__,
                )
        return response
