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

"""Digests of secrets from the moment that Keystone makes them.

Keystone shows a secret once, in its answer to who creates the application
credential. A digest made then spares the first token request the slow hash;
and since a wrong secret never costs one either, nobody can tell by the time
whether a client exists.
"""

import flask
from oslo_log import log

from keystone_oauth2.identity import database
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import secret_digest

LOG = log.getLogger(__name__)


class SecretObserver:
    """Looks at each answer of Keystone.

    :param verifier: keeps the digest.
    """

    def __init__(self, verifier: secret_digest.SecretVerifier) -> None:
        self._verifier = verifier

    def __call__(self, response: flask.Response) -> flask.Response:
        """Keep the digest of a secret that was just made.

        :returns: the answer as it is. It stays the same if no digest can be
            kept: the first token request tries again.
        """
        created = web.created_credential(response)
        if created is not None:
            try:
                self._verifier.learn(*created)
            except database.Error as error:
                LOG.warning('no digest stored: %s', type(error).__name__)
        return response
