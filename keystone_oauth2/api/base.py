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

"""Common parts of the protocol endpoints."""

import dataclasses
import json
import re
import time
import typing as ty

import flask
from oslo_log import log
from werkzeug import exceptions

from keystone_oauth2.api import errors as rendering
from keystone_oauth2.api import observer
from keystone_oauth2.api.front_end import client_certificate
from keystone_oauth2.api.front_end import proxies
from keystone_oauth2.db import migration
from keystone_oauth2.identity import callers
from keystone_oauth2.identity import database
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages

LOG = log.getLogger(__name__)

PREFIX = '/v3/OS-OAUTH2/'
#: URLs below this have errors in Keystone's format.
CLIENTS = PREFIX + 'clients/'
#: Seconds after which to retry when the database is unavailable.
RETRY_AFTER = 5
_NOT_IN_DESCRIPTION = re.compile(r'[^A-Za-z0-9-]')


class Endpoint(ty.Protocol):
    """An endpoint in :mod:`keystone_oauth2.protocol`."""

    authenticator: ty.Any

    def respond(self, request: messages.Request) -> messages.Response:
        """Return the response, or raise an OAuthError."""


@dataclasses.dataclass(frozen=True)
class RequestReader:
    """Objects that all endpoints use to read requests and to report results.

    :ivar proxies: find the source of a request.
    :ivar certificate_reader: None if no enabled method uses client
        certificates.
    :ivar observer: is notified of each response.
    """

    proxies: proxies.Proxies
    certificate_reader: client_certificate.Reader | None
    observer: observer.Observer


class ProtocolResource(web.ResourceBase):
    """Passes a request to an endpoint and renders the response.

    :cvar name: of the endpoint, in its URL and in metrics.

    :param endpoint: produces the response.
    :param reader: reads the request.
    """

    name: ty.ClassVar[str]

    def __init__(self, endpoint: Endpoint, reader: RequestReader) -> None:
        self._endpoint = endpoint
        self._reader = reader

    def respond(self) -> flask.Response:
        """Return the response to the current request."""
        # Clients are authenticated here, not users: no policy rule guards the
        # URL, and Keystone requires that this is declared for every response.
        web.set_unenforced_ok()
        started = time.perf_counter()
        request = self._request()
        event: messages.Event | None
        try:
            answer = self._endpoint.respond(request)
            response, event = _render(answer), answer.event
        except errors.OAuthError as error:
            response, event = self._refuse(error, request), _event(error)
        self._reader.observer.observe(
            self.name, event, request, time.perf_counter() - started
        )
        return no_store(response)

    def _request(self) -> messages.Request:
        environ = flask.request.environ
        reader = self._reader.certificate_reader
        return messages.Request(
            content_type=environ.get('CONTENT_TYPE', ''),
            body=_body(),
            query=environ.get('QUERY_STRING', ''),
            # werkzeug's parser raises an exception for non-ASCII bytes.
            authorization=environ.get('HTTP_AUTHORIZATION'),
            client_certificate=reader.read(environ) if reader else None,
            has_keystone_token=web.has_token(),
            token_holder=callers.token_holder(web.auth_context()),
            understands_access_rules=web.understands_access_rules(),
            source=self._reader.proxies.source(environ),
        )

    def _refuse(
        self, error: errors.OAuthError, request: messages.Request
    ) -> flask.Response:
        LOG.info('%s: %s', error.code, error.detail or error.description)
        challenges = [f'Keystone uri="{web.base_url()}"']
        scheme = self._endpoint.authenticator.challenge(request)
        if scheme:
            challenges.insert(0, f'{scheme} realm="keystone"')
        return rendering.render(error, challenges)


def handle_error(error: Exception) -> flask.Response:
    """Render an error outside the resources; a hook of Flask-RESTful.

    :param error: an unknown URL, a method that is not allowed for one of this
        API's URLs, or a defect.
    :raises Exception: the error, if Keystone is to render it.
    """
    method_not_allowed = isinstance(error, exceptions.MethodNotAllowed)
    if flask.request.url_rule is None and not method_not_allowed:
        return _not_found(error)
    if isinstance(error, web.TokenRefused):
        raise error
    web.set_unenforced_ok()
    if not flask.request.path.startswith(CLIENTS):
        return no_store(rendering.render(_refusal(error), []))
    if _is_keystones(error):
        raise error
    return _rendered_as_keystone(_refusal(error))


def _refusal(error: Exception) -> errors.OAuthError:
    if isinstance(error, exceptions.MethodNotAllowed):
        return errors.MethodNotAllowed(error.valid_methods or ())
    if isinstance(error, exceptions.ClientDisconnected):
        LOG.info('The client disconnected before the end of its request')
        return errors.IncompleteBody()
    if isinstance(error, migration.OutdatedTables):
        LOG.error('%s', error)
        return errors.TemporarilyUnavailable(RETRY_AFTER)
    if database.is_outage(error):
        LOG.error('The database is unavailable: %s', database.reason(error))
        return errors.TemporarilyUnavailable(RETRY_AFTER)
    LOG.exception('Unexpected error at an OAuth 2.0 endpoint')
    return errors.ServerError(_request_id())


def _is_keystones(error: Exception) -> bool:
    if isinstance(error, exceptions.MethodNotAllowed):
        return False
    return isinstance(error, (web.Error, exceptions.HTTPException))


def _rendered_as_keystone(refusal: errors.OAuthError) -> flask.Response:
    response = web.render(refusal.status, refusal.description)
    response.headers.update(refusal.headers)
    return no_store(response)


def refuse_doubled_slash() -> flask.Response | None:
    """Return 404 for a URL of this API that has a double slash.

    Otherwise, Werkzeug would redirect to an HTML page, and Flask-RESTful
    would fail on it.
    """
    path = re.sub('/+', '/', flask.request.path)
    if path == flask.request.path or not path.startswith(PREFIX):
        return None
    if path.startswith(CLIENTS):
        return _rendered_as_keystone(errors.NotFound())
    return no_store(rendering.render(errors.NotFound(), []))


def _body() -> bytes:
    try:
        return flask.request.get_data()
    except OSError as error:
        # uWSGI and mod_wsgi report a disconnected client this way.
        raise exceptions.ClientDisconnected from error


def _not_found(error: Exception) -> flask.Response:
    # Flask-RESTful calls this for every unknown URL in Keystone, and for
    # Keystone's complaints about the body of such a request.
    path = f'{flask.request.path}/'
    if not path.startswith(PREFIX):
        raise error
    if path.startswith(CLIENTS):
        return _rendered_as_keystone(errors.NotFound())
    return no_store(rendering.render(errors.NotFound(), []))


def _event(error: errors.OAuthError) -> messages.Event:
    limited = isinstance(error, errors.TooManyRequests)
    return messages.Event(
        'limited' if limited else 'refused',
        reason=f'{error.code}: {error.detail or error.description}',
    )


def _render(answer: messages.Response) -> flask.Response:
    return flask.Response(
        None if answer.body is None else json.dumps(answer.body),
        content_type='application/json',
    )


def drop_media_type_of_nothing(response: flask.Response) -> flask.Response:
    """Remove ``Content-Type`` where there is no body (RFC 9110, 8.3).

    Clients parse a body that has a media type, and fail on an empty JSON text.
    """
    if not response.get_data():
        response.headers.pop('Content-Type', None)
    return response


def no_store(response: flask.Response) -> flask.Response:
    """Mark a response as not cacheable (RFC 6749, 5.1)."""
    response.headers['Cache-Control'] = 'no-store'
    response.headers['Pragma'] = 'no-cache'
    return response


def _request_id() -> str:
    request_id = flask.request.environ.get('openstack.request_id', '')
    return _NOT_IN_DESCRIPTION.sub('', request_id)
