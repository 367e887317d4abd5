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

"""Keystone's part of the HTTP layer (``keystone.server.flask``)."""

import functools
import http.client
import typing as ty
import urllib.parse

import flask
from keystone import exception
from keystone.auth.plugins import base as auth_plugin
from keystone.common import authorization
from keystone.common import context as keystone_context
from keystone.common import json_home
from keystone.server import flask as keystone_flask
from keystone.server.flask import common
from oslo_context import context

APIBase = keystone_flask.APIBase
AuthMethodHandler = auth_plugin.AuthMethodHandler
ResourceBase = keystone_flask.ResourceBase
ResourceMap = keystone_flask.ResourceMap
construct_resource_map = keystone_flask.construct_resource_map
_EXTENSION = {'extension_name': 'OS-OAUTH2', 'extension_version': '1.0'}
#: JSON-home relations of the resources below OS-OAUTH2, and their parameters.
relation = functools.partial(
    json_home.build_v3_extension_resource_relation, **_EXTENSION
)
parameter_relation = functools.partial(
    json_home.build_v3_extension_parameter_relation, **_EXTENSION
)
#: Protocol endpoints authenticate clients; no policy rule guards their URLs.
set_unenforced_ok = common.set_unenforced_ok


# Prefix of the attributes of a context with what was read from the cache.
_CACHED = '_request_cache_'
# Characters that a URI may have (RFC 3986, 2), with the percent sign.
_IN_URI = "%:/?#[]@!$&'()*+,;="


def base_url(path: str = '') -> str:
    """Return a URL of Keystone that is safe in a header field.

    Calls ``base_url``, which copies ``Host`` as received. A quotation mark in
    it, for example, would end the text in ``WWW-Authenticate``.

    :param path: below the API version.
    :returns: a relative reference where ``Host`` cannot be part of a URL.
    """
    return urllib.parse.quote(_unescaped_url(path), safe=_IN_URI)


def _unescaped_url(path: str = '') -> str:
    try:
        url: str = keystone_flask.base_url(path)
    except ValueError:
        return f'/v3{path}'
    return url


def escape_challenges(response: flask.Response) -> flask.Response:
    """Replace the URL in Keystone's own challenges by :func:`base_url`."""
    challenges = response.headers.getlist('WWW-Authenticate')
    if challenges:
        response.headers.setlist(
            'WWW-Authenticate',
            [
                challenge.replace(_unescaped_url(), base_url())
                for challenge in challenges
            ],
        )
    return response


def current_request() -> flask.Request:
    """Return the current request itself.

    Each attribute of the proxy ``flask.request`` takes several times as long
    as this: too much for what runs for all requests to Keystone.
    """
    proxy: ty.Any = flask.request
    request: flask.Request = proxy._get_current_object()
    return request


def auth_context() -> dict[str, ty.Any]:
    """Return the context that Keystone's middleware made of ``X-Auth-Token``.

    It is empty if there was no valid token.
    """
    environ = current_request().environ
    return environ.get(authorization.AUTH_CONTEXT_ENV) or {}


def request_context() -> ty.Any:
    """Return the same as a context of oslo.context, which rules refer to."""
    return flask.request.environ.get(keystone_context.REQUEST_CONTEXT_ENV)


def is_authenticated() -> bool:
    """Whether Keystone knows the caller; else no policy allows a request."""
    context = request_context()
    # The latter is for [DEFAULT] admin_token.
    return context is not None and bool(
        context.authenticated or context.is_admin
    )


def end_context(_error: BaseException | None = None) -> None:
    """Make a worker forget the token of a finished request, and what it read.

    Keystone keeps what it reads from its cache in the context of a request,
    and validates the token of the next one with that, before it has a context
    of its own: it would accept a token that another worker has revoked since,
    or whose roles it has removed. The rest of the context stays, since uWSGI
    logs an unhandled exception after this, with the current context.
    """
    current = context.get_current()
    if current is None:
        return
    current.auth_token = None
    attributes = vars(current)
    for name in [name for name in attributes if name.startswith(_CACHED)]:
        del attributes[name]


class TokenRefused(exception.Unauthorized):
    """Refusal of a token that Keystone accepts; rendered as Keystone's 401."""


#: Errors that Keystone renders like those of its own resources.
Error = exception.Error
Conflict = exception.Conflict
Forbidden = exception.ForbiddenNotSecurity
NotFound = exception.NotFound
TokenNotFound = exception.TokenNotFound
ValidationError = exception.ValidationError


def refuse_token() -> flask.Response:
    """Return the same 401 as Keystone for a wrong secret."""
    app = flask.current_app
    return app.make_response(app.handle_user_exception(TokenRefused()))


def render(status: int, message: str) -> flask.Response:
    """Return an error in Keystone's format."""
    title = http.client.responses[status]
    response = flask.jsonify(
        error={'code': status, 'title': title, 'message': message}
    )
    response.status_code = status
    return response
