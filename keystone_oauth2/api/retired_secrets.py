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

"""Secrets that are retired, at Keystone's own API.

``POST /v3/auth/tokens`` takes the secret of an application credential, too. A
client whose secret is retired, or that is registered for other methods, must
not fall back to it there.
"""

import flask
from oslo_log import log

from keystone_oauth2.identity import web
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import registration

LOG = log.getLogger(__name__)


class RetirementCheck:
    """Looks at each answer of Keystone.

    :param credentials: finds what is registered.
    """

    def __init__(self, credentials: ports.Credentials) -> None:
        self._credentials = credentials

    def __call__(self, response: flask.Response) -> flask.Response:
        """Keep a token back that a retired secret would get.

        :returns: the answer as it is, or 401 in its place.
        """
        client_id = web.client_with_secret(response)
        if client_id is None:
            return response
        if not client_id:
            LOG.info('a token was asked for with another spelling of an id')
            return web.refuse_token()
        if self._is_retired(client_id):
            LOG.info('client %s: its secret is retired', client_id)
            return web.refuse_token()
        return response

    def _is_retired(self, client_id: str) -> bool:
        credential, _ = self._credentials.find(client_id, '')
        if credential is None:
            return True
        if credential.methods is not None:
            if not credential.methods & registration.SECRET_METHODS:
                return True
        return credential.is_secret_retired
