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

"""``POST /v3/OS-OAUTH2/token``, ``/introspect`` and ``/revoke``."""

import json
import time
import typing as ty

import flask
from oslo_log import log

from keystone_oauth2.api import base
from keystone_oauth2.api import errors as rendering
from keystone_oauth2.api import negotiation
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages

LOG = log.getLogger(__name__)


class Endpoint(ty.Protocol):
    """An endpoint in :mod:`keystone_oauth2.protocol`."""

    authentication: ty.Any

    def respond(self, request: messages.Request) -> messages.Response:
        """Return the response, or raise an OAuthError."""


class ProtocolResource(web.ResourceBase):
    """Passes a request to an endpoint and renders the response.

    :param endpoint_name: part of its URL, and of the names of metrics.
    :param endpoint: produces the response.
    :param reader: reads the request.
    """

    def __init__(
        self,
        endpoint_name: str,
        endpoint: Endpoint,
        reader: base.RequestReader,
    ) -> None:
        self._name = endpoint_name
        self._endpoint = endpoint
        self._reader = reader

    def post(self) -> flask.Response:
        """Return the response to the current request."""
        # Clients are authenticated here, not users: no policy rule guards the
        # URL, and Keystone requires that this is declared for every response.
        web.set_unenforced_ok()
        started = time.perf_counter()
        request = self._reader.read()
        response, event = self._respond(request)
        self._reader.observer.observe(
            self._name, event, request, time.perf_counter() - started
        )
        return base.no_store(response)

    def _respond(
        self, request: messages.Request
    ) -> tuple[flask.Response, messages.Event | None]:
        try:
            answer = self._endpoint.respond(request)
        except errors.OAuthError as error:
            return self._refuse(error, request), _event(error)
        return _render(answer), answer.event

    def _refuse(
        self, error: errors.OAuthError, request: messages.Request
    ) -> flask.Response:
        LOG.info('%s: %s', error.code, error.detail or error.description)
        challenges = [f'Keystone uri="{web.base_url()}"']
        scheme = self._endpoint.authentication.challenge(request)
        if scheme:
            challenges.insert(0, f'{scheme} realm="keystone"')
        return rendering.render(error, challenges)


def _event(error: errors.OAuthError) -> messages.Event:
    limited = isinstance(error, errors.TooManyRequests)
    return messages.Event(
        'limited' if limited else 'refused',
        reason=f'{error.code}: {error.detail or error.description}',
    )


def _render(answer: messages.Response) -> flask.Response:
    body = answer.body
    kind = flask.Response
    if answer.is_negotiated:
        kind = negotiation.NegotiatedResponse
    return kind(
        json.dumps(body) if isinstance(body, dict) else body,
        content_type=answer.media_type,
    )
