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

"""Find the error that a client may see, and render it."""

import abc as abstract
import collections.abc as abc
import functools
import json
import re
import typing as ty

import flask
from oslo_log import log
from werkzeug import exceptions

from keystone_oauth2.api import base
from keystone_oauth2.db import migration
from keystone_oauth2.identity import cache
from keystone_oauth2.identity import database
from keystone_oauth2.identity import directory
from keystone_oauth2.identity import web
from keystone_oauth2.protocol import errors

LOG = log.getLogger(__name__)

#: Seconds after which to retry when a database, directory or cache is
#: unavailable.
RETRY_AFTER = 5
_NOT_IN_DESCRIPTION = re.compile(r'[^A-Za-z0-9-]')


class API(web.APIBase):
    """An API in Keystone's application that renders its own errors."""

    def __init__(self) -> None:
        super().__init__()
        self._root = f'{self.blueprint.url_prefix}{self.api.prefix}/'
        self.api.handle_error = self.handle_error
        self.api.error_router = functools.partial(
            self._route_error, self.api.error_router
        )
        self.blueprint.after_request(base.drop_media_type_of_nothing)
        self.blueprint.after_request(web.escape_challenges)

    @staticmethod
    @abstract.abstractmethod
    def is_keystones(error: Exception) -> bool:
        """Whether Keystone is to render an error."""

    @staticmethod
    @abstract.abstractmethod
    def render(error: errors.OAuthError) -> flask.Response:
        """Return the response for an error."""

    def handle_error(self, error: Exception) -> flask.Response:
        """Render an error outside the resources; a hook of Flask-RESTful.

        :param error: a method that is not allowed for one of the URLs, or a
            defect.
        :raises Exception: the error, if Keystone is to render it.
        """
        web.set_unenforced_ok()
        if self.is_keystones(error):
            raise error
        return base.no_store(self.render(translate(error)))

    def _route_error(
        self,
        route: abc.Callable[..., ty.Any],
        original: abc.Callable[..., ty.Any],
        error: Exception,
    ) -> ty.Any:
        """Handle an error of any request to Keystone; Flask-RESTful's hook.

        :param route: matches the URL again to find out whether the error is
            this API's, which Keystone's own errors need not wait for.
        :param original: handles the error if it is not this API's.
        """
        if self.may_own(web.current_request().path):
            return route(original, error)
        return original(error)

    def may_own(self, path: str) -> bool:
        """Whether a request for a path may be one to this API."""
        return self._is_below(path)

    def _is_below(self, path: str) -> bool:
        return re.sub('//+', '/', f'{path}/').startswith(self._root)

    def add_to(self, flask_app: flask.Flask) -> None:
        """Add the API to Keystone's application."""
        self.blueprint.url_value_preprocessor(self._read_body)
        flask_app.register_blueprint(self.blueprint)

    @staticmethod
    def _read_body(*_: ty.Any) -> None:
        # Before Keystone's hook does, where a client that disconnects would be
        # an unexpected error.
        base.read_body()

    def refuse_unrouted(self) -> flask.Response | None:
        """Return the refusal of a request that Flask found no endpoint for.

        :returns: None if its URL is not below those of the API, or if only its
            method is unknown.
        """
        if self._is_unknown_url():
            return base.no_store(self.render(errors.NotFound()))
        return None

    def _is_unknown_url(self) -> bool:
        """Whether nothing exists at a URL below those of the API.

        Flask assigns such a URL to no endpoint. For a double slash, Werkzeug
        would redirect to an HTML page, and Flask-RESTful would fail on it.
        """
        request = web.current_request()
        path, error = request.path, request.routing_exception
        if '//' not in path and not isinstance(error, exceptions.NotFound):
            return False
        return self._is_below(path)


def translate(error: Exception) -> errors.OAuthError:
    """Return the error that a client may see.

    :param error: a method that is not allowed, an incomplete request, or a
        defect.
    """
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
    if cache.is_outage(error):
        LOG.error('The cache is unavailable: %s', type(error).__name__)
        return errors.TemporarilyUnavailable(RETRY_AFTER)
    outage = directory.outage(error)
    if outage is not None:
        LOG.error('A directory is unavailable: %s', type(outage).__name__)
        return errors.TemporarilyUnavailable(RETRY_AFTER)
    LOG.exception('Unexpected error at an OAuth 2.0 endpoint')
    return errors.ServerError(_request_id())


def _request_id() -> str:
    request_id = flask.request.environ.get('openstack.request_id', '')
    return _NOT_IN_DESCRIPTION.sub('', request_id)


def render(
    error: errors.OAuthError, challenges: abc.Sequence[str] = ()
) -> flask.Response:
    """Return the response for an error (RFC 6749, 5.2).

    :param challenges: values of ``WWW-Authenticate``, for a 401.
    """
    description = error.description
    if isinstance(error, errors.ServerError) and error.request_id:
        description = f'{description} Request id: {error.request_id}'
    response = flask.Response(
        json.dumps({'error': error.code, 'error_description': description}),
        status=error.status,
        headers=error.headers,
        content_type='application/json',
    )
    if error.status == 401:
        for challenge in challenges:
            response.headers.add('WWW-Authenticate', challenge)
    return response


def render_as_keystone(error: errors.OAuthError) -> flask.Response:
    """Return the response for an error in Keystone's format."""
    response = web.render(error.status, error.description)
    response.headers.update(error.headers)
    return response
