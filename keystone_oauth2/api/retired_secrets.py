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

import collections.abc as abc

import flask
from oslo_log import log

from keystone_oauth2.api import proxies
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import registration

LOG = log.getLogger(__name__)


class RetirementCheck:
    """Looks at each answer of Keystone.

    :param credentials: finds what is registered.
    :param notify: sends a notification.
    :param proxies: know where a request comes from.
    """

    def __init__(
        self,
        credentials: ports.Credentials,
        notify: abc.Callable[[messages.Event, messages.Source], None],
        proxies: proxies.Proxies,
    ) -> None:
        self._credentials = credentials
        self._notify = notify
        self._proxies = proxies

    def __call__(self, response: flask.Response) -> flask.Response:
        """Keep a token back that a retired secret would get.

        :returns: the answer as it is, or 401 in its place.
        """
        client_id = web.client_with_secret(response)
        if client_id is None:
            return response
        credential, _ = self._credentials.find(client_id, '')
        reason = _refusal(credential)
        if reason is None:
            return response
        reason = f'client {client_id or "unknown"}: {reason}'
        LOG.info(reason)
        # Keystone has already told its audit that the client authenticated.
        self._notify(
            messages.Event(
                'refused',
                reason=reason,
                client_id=client_id or None,
                user_id=credential.user_id if credential else None,
                project_id=credential.project_id if credential else None,
            ),
            self._proxies.source(flask.request.environ),
        )
        return web.refuse_token()


def _refusal(credential: ports.StoredCredential | None) -> str | None:
    if credential is None:
        return 'not found, or its id is spelled in another way'
    if credential.is_secret_retired:
        return 'its secret is retired'
    if credential.methods is not None:
        if not credential.methods & registration.SECRET_METHODS:
            return 'it is not registered for a secret'
    return None
