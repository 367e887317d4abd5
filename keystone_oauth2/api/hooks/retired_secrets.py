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

"""Retired secrets at Keystone's own API.

``POST /v3/auth/tokens`` also accepts the secret of an application credential.
A client must not be able to use it there if the secret is retired, or if the
client is registered for other methods only.
"""

import collections.abc as abc

import flask
from oslo_log import log

from keystone_oauth2.front_end import proxies
from keystone_oauth2.identity import presented
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.clients import client as clients
from keystone_oauth2.protocol.clients import registration

LOG = log.getLogger(__name__)


class RetirementCheck:
    """Checks each response of Keystone.

    :param client_store: finds what is registered for a client.
    :param accepting: returns the methods that accept an authenticator.
    :param notify: emits a notification.
    :param proxies: find the source of a request.
    """

    def __init__(
        self,
        *,
        client_store: ports.ClientStore,
        accepting: registration.Accepting,
        notify: abc.Callable[[messages.Event, messages.Source], None],
        proxies: proxies.Proxies,
    ) -> None:
        self._clients = client_store
        self._accepting = accepting
        self._notify = notify
        self._proxies = proxies

    def __call__(self, response: flask.Response) -> flask.Response:
        """Withhold a token that was issued for a retired secret.

        :returns: the unchanged response, or 401 instead.
        """
        client_id = presented.client_with_secret(response)
        if client_id is None:
            return response
        client = None
        try:
            if not self._clients.is_registered(client_id):
                return response
            client = self._find(client_id)
            reason = self._problem(client)
        except ports.UnknownClient:
            reason = (
                f'client {ports.redact(client_id)}: not found, or its id is '
                f'spelled differently'
            )
        if reason is None:
            return response
        LOG.info(reason)
        # Keystone has already emitted a notification of success.
        self._notify(
            messages.Event(
                'refused',
                reason=reason,
                client_id=client.id if client else None,
                user_id=client.user_id if client else None,
                project_id=client.project_id if client else None,
            ),
            self._proxies.source(flask.request.environ),
        )
        return web.refuse_token()

    def _find(self, client_id: str) -> clients.Client:
        try:
            return self._clients.find(client_id)
        except ports.UnusableClient as unusable:
            # Whether it may be used here is for Keystone to decide.
            return unusable.client

    def _problem(self, client: clients.Client) -> str | None:
        secret = client.own_secret
        if secret is None:
            return f'client {client.id}: its secret is retired'
        if not any(map(client.may_use, self._accepting(secret))):
            return f'client {client.id}: not registered for a secret'
        return None
