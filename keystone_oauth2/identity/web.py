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

import datetime
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
from keystone.common import utils
from keystone.common.validation import validators
from keystone.models import token_model
from keystone.server import flask as keystone_flask
from keystone.server.flask import common
from oslo_context import context
from oslo_utils import timeutils

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
_APPLICATION_CREDENTIAL = 'application_credential'
_TOKENS = '/v3/auth/tokens'
_FEDERATION = '/v3/auth/OS-FEDERATION/'
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


def token_of_context() -> str | None:
    """Return the valid token in ``X-Auth-Token``, or None."""
    token = auth_context().get('token')
    return None if token is None else str(token.id)


def subject_token() -> str | None:
    """Return the token that a service asks Keystone about, or None."""
    value: str | None = current_request().environ.get('HTTP_X_SUBJECT_TOKEN')
    return value


def has_token() -> bool:
    """Whether a request has a token, valid or not, or an empty field.

    keystonemiddleware treats ``X-Storage-Token`` as the same field.
    """
    return any(
        name in flask.request.headers
        for name in (authorization.AUTH_TOKEN_HEADER, 'X-Storage-Token')
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


def understands_access_rules() -> bool:
    """Whether the caller declares that it enforces access rules.

    As for ``GET /v3/auth/tokens``, the field has the version of their format.
    """
    version = flask.request.headers.get(authorization.ACCESS_RULES_HEADER)
    try:
        return float(version or 0) >= token_model.ACCESS_RULES_MIN_VERSION
    except ValueError:
        return False


def further_tokens() -> list[str]:
    """Return the tokens that a request has in addition to ``X-Auth-Token``.

    They are not validated, and may be any text. ``X-Subject-Token`` is not
    included, since services use it to have other clients' tokens validated.
    """
    found = service_token()
    return (
        exchanged_tokens() if found is None else [found, *exchanged_tokens()]
    )


def service_token() -> str | None:
    """Return the token in ``X-Service-Token``, valid or not, or None."""
    # Quicker than ``request.headers``, which looks here.
    value = current_request().environ.get('HTTP_X_SERVICE_TOKEN')
    return None if value is None else str(value).strip()


def exchanged_tokens() -> list[str]:
    """Return the tokens in the body that a request exchanges, valid or not."""
    request = current_request()
    if request.method == 'POST' and request.path.startswith('/v3/auth/'):
        return _tokens_in_body()
    return []


def _tokens_in_body() -> list[str]:
    """Return the tokens that are to be exchanged.

    ``POST /v3/auth/tokens`` accepts one for the methods ``token`` and
    ``mapped``, which may have other names in a deployment.
    ``POST /v3/auth/OS-FEDERATION/saml2`` accepts one for an assertion, and
    does not look at ``methods``.
    """
    identity = _identity()
    read = _listed(identity.get('methods'))
    if current_request().path.startswith(_FEDERATION):
        read = list(identity)
    values = [
        _member(identity.get(method), 'id')
        for method in read
        if isinstance(method, str) and method != _APPLICATION_CREDENTIAL
    ]
    return [value for value in values if isinstance(value, str)]


def _identity() -> dict[str, ty.Any]:
    """Return the authentication payloads of a token request, by method."""
    body: ty.Any = flask.request.get_json(force=True, silent=True)
    identity = _member(_member(body, 'auth'), 'identity')
    return identity if isinstance(identity, dict) else {}


def _listed(value: ty.Any) -> list[ty.Any]:
    return value if isinstance(value, list) else []


def _member(value: ty.Any, name: str) -> ty.Any:
    return value.get(name) if isinstance(value, dict) else None


def created_credential(response: flask.Response) -> tuple[str, str] | None:
    """Return id and secret of a newly created application credential.

    :param response: of any request; the result is None unless it is that of
        ``POST /v3/users/{id}/application_credentials``.
    """
    if response.status_code != 201 or flask.request.method != 'POST':
        return None
    if not flask.request.path.endswith('/application_credentials'):
        return None
    credential = response.get_json()['application_credential']
    return credential['id'], credential['secret']


class TokenRefused(exception.Unauthorized):
    """Refusal of a token that Keystone accepts; rendered as Keystone's 401."""


#: Errors that Keystone renders like those of its own resources.
Error = exception.Error
Conflict = exception.Conflict
Forbidden = exception.ForbiddenNotSecurity
NotFound = exception.NotFound
TokenNotFound = exception.TokenNotFound
ValidationError = exception.ValidationError

# By the keywords of a JSON schema, with what a schema has for each.
_SENTENCES = {
    'additionalProperties': 'it may have {} only',
    'enum': 'it must be one of {}',
    'maxLength': 'it must not have more than {} characters',
    'minItems': 'it must not be empty',
    'minLength': 'it must not be empty',
    'pattern': 'it has a character that cannot be stored',
    'required': 'it must have {}',
    'type': 'it must be {}',
    'uniqueItems': 'it must not have an item twice',
}
_TYPES = {
    'array': 'a list',
    'null': 'null',
    'object': 'an object',
    'string': 'a string',
}


def validate(schema: dict[str, ty.Any], value: ty.Any) -> None:
    """Check a value against a JSON schema.

    Keystone's own validation repeats the value in its message and in the log:
    a private key instead of a public one, for example.

    :raises ValidationError: it is not valid.
    """
    validator = validators.SchemaValidator(schema).validator
    for problem in validator.iter_errors(value):
        place = '/'.join(map(str, problem.path)) or 'body'
        raise ValidationError(
            f'Invalid input for {place}: {_explain(problem)}.'
        )


def _explain(problem: ty.Any) -> str:
    rule, value = problem.validator, problem.validator_value
    if rule == 'type':
        names = [value] if isinstance(value, str) else value
        value = ' or '.join(_TYPES[name] for name in names)
    elif rule == 'additionalProperties':
        value = ', '.join(problem.schema['properties'])
    elif isinstance(value, list):
        value = ', '.join(value)
    return _SENTENCES[rule].format(value)


def parse_expiration(text: str) -> datetime.datetime:
    """Return a time in the future, UTC without a zone, in whole seconds.

    Calls ``utils.parse_expiration_date``, as for application credentials.

    :raises ValidationError: it is not a valid time, or is in the past.
    """
    try:
        moment = utils.parse_expiration_date(text)
    except exception.ValidationTimeStampError as error:
        raise ValidationError(
            'expires_at must be a time in UTC, such as 2027-06-01T00:00:00Z.'
        ) from error
    return timeutils.normalize_time(moment).replace(microsecond=0)


def client_with_secret(response: flask.Response) -> str | None:
    """Return the client that got a token from Keystone's API for its secret.

    The secret may have been checked in an earlier request: then this request
    has a receipt for multi-factor authentication.

    :param response: of any request; the result is None unless it is that of
        ``POST /v3/auth/tokens``.
    :returns: id of an application credential, or None. It may have another
        spelling than in the database, which the token would then have, too.
        It is empty if the client is unknown.
    """
    if response.status_code != 201 or current_request().path != _TOKENS:
        return None
    # For any other token, this saves parsing its catalog. Keystone's JSON
    # escapes no ASCII letters.
    if _APPLICATION_CREDENTIAL.encode() not in response.get_data():
        return None
    identity = _identity()
    if _APPLICATION_CREDENTIAL in _listed(identity.get('methods')):
        # Keystone has verified the secret for this id, if there is one.
        # Otherwise it looks the id up by a name.
        sent = _member(identity.get(_APPLICATION_CREDENTIAL), 'id')
        if sent and isinstance(sent, str):
            return sent
    token: ty.Any = response.get_json()['token']
    if _APPLICATION_CREDENTIAL not in token.get('methods', ()):
        return None
    stored: str = token.get(_APPLICATION_CREDENTIAL, {}).get('id', '')
    if _APPLICATION_CREDENTIAL in identity:
        # Where the request has a name, Keystone looks the id up.
        sent = _member(identity[_APPLICATION_CREDENTIAL], 'id')
        return stored if sent in (None, stored) else ''
    has_receipt = authorization.AUTH_RECEIPT_HEADER in flask.request.headers
    if identity.get('methods') == ['token'] and not has_receipt:
        # The client exchanges a token for another one.
        return None
    return stored


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
