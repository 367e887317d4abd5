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

"""What the HTTP edge stands on (``keystone.server.flask``)."""

import datetime
import http.client
import typing as ty

import flask
from keystone import exception
from keystone.api._shared import json_home_relations
from keystone.auth.plugins import base as auth_plugin
from keystone.common import authorization
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
base_url = keystone_flask.base_url
ResourceMap = keystone_flask.ResourceMap
construct_resource_map = keystone_flask.construct_resource_map
#: JSON-home relations below OS-OAUTH2/1.0.
relation = json_home_relations.os_oauth2_resource_rel_func
_APPLICATION_CREDENTIAL = 'application_credential'
#: Protocol endpoints authenticate clients; no rule guards their URL.
set_unenforced_ok = common.set_unenforced_ok


def auth_context() -> dict[str, ty.Any]:
    """Answer what Keystone's middleware made of ``X-Auth-Token``.

    Empty where there was none; a wrong one was answered before.
    """
    return flask.request.environ.get(authorization.AUTH_CONTEXT_ENV) or {}


def has_token() -> bool:
    """Whether a request shows a token, valid or not, or a blank in its place.

    keystonemiddleware takes ``X-Storage-Token`` for the same field.
    """
    return any(
        name in flask.request.headers
        for name in (authorization.AUTH_TOKEN_HEADER, 'X-Storage-Token')
    )


def end_context(_error: BaseException | None = None) -> None:
    """Let nobody find the context of a request that is over.

    Keystone keeps in it what it read from its cache, and looks at the token
    of the next request before that has a context of its own: it would accept
    what another worker has revoked since.
    """
    context.RequestContext(overwrite=True)


def understands_access_rules() -> bool:
    """Whether the caller says that it enforces access rules.

    As in ``GET /v3/auth/tokens``: the field has the version of their format.
    """
    version = flask.request.headers.get(authorization.ACCESS_RULES_HEADER)
    try:
        return float(version or 0) >= token_model.ACCESS_RULES_MIN_VERSION
    except ValueError:
        return False


def further_tokens() -> list[str]:
    """Return the tokens that a request shows beside ``X-Auth-Token``.

    They are not validated, and may be anything. Not among them is
    ``X-Subject-Token``, where services have other clients' tokens validated.
    """
    service_token = flask.request.headers.get('X-Service-Token')
    shown = [] if service_token is None else [service_token.strip()]
    return shown + _tokens_in_body()


def _tokens_in_body() -> list[str]:
    """Return the tokens that are to be changed for something else.

    ``POST /v3/auth/tokens`` takes one with the methods ``token`` and
    ``mapped``, which a deployment may give other names, and
    ``POST /v3/auth/OS-FEDERATION/saml2`` for an assertion.
    """
    if flask.request.method != 'POST':
        return []
    if not flask.request.path.startswith('/v3/auth/'):
        return []
    values = [
        _member(payload, 'id')
        for method, payload in _identity().items()
        if method != _APPLICATION_CREDENTIAL
    ]
    return [value for value in values if isinstance(value, str)]


def _identity() -> dict[str, ty.Any]:
    """Return how a request for a token authenticates, by method."""
    body: ty.Any = flask.request.get_json(force=True, silent=True)
    identity = _member(_member(body, 'auth'), 'identity')
    return identity if isinstance(identity, dict) else {}


def _member(value: ty.Any, name: str) -> ty.Any:
    return value.get(name) if isinstance(value, dict) else None


def created_credential(response: flask.Response) -> tuple[str, str] | None:
    """Answer id and secret of an application credential just created.

    :param response: of ``POST /v3/users/{id}/application_credentials``, or
        any other.
    """
    if response.status_code != 201 or flask.request.method != 'POST':
        return None
    if not flask.request.path.endswith('/application_credentials'):
        return None
    credential = response.get_json()['application_credential']
    return credential['id'], credential['secret']


class TokenRefused(exception.Unauthorized):
    """A token that Keystone accepts is refused: a 401 that it renders."""


#: Errors that Keystone renders, as it does those of its own resources.
Error = exception.Error
Conflict = exception.Conflict
Forbidden = exception.ForbiddenNotSecurity
NotFound = exception.NotFound
ValidationError = exception.ValidationError
#: JSON-home relations of parameters below OS-OAUTH2/1.0.
parameter_relation = json_home_relations.os_oauth2_parameter_rel_func


def validate(schema: dict[str, ty.Any], value: ty.Any) -> None:
    """Make sure that a value is as a JSON schema wants it.

    Keystone's own message repeats the value, and logs it: a private key in
    the place of a public one, for example.

    :raises ValidationError: it is not.
    """
    validator = validators.SchemaValidator(schema).validator
    for problem in validator.iter_errors(value):
        place = '/'.join(map(str, problem.path)) or 'body'
        raise ValidationError(f'Invalid input for {place}: {_told(problem)}.')


def _told(problem: ty.Any) -> str:
    if problem.validator == 'required':
        return f'it must have {", ".join(problem.validator_value)}'
    if problem.validator == 'additionalProperties':
        return f'it may have {", ".join(problem.schema["properties"])} only'
    if problem.validator == 'pattern':
        return 'it has a character that cannot be stored'
    return f'its {problem.validator} must be {problem.validator_value}'


def parse_expiration(text: str) -> datetime.datetime:
    """Answer a moment in the future, UTC without a zone, in whole seconds.

    Calls ``utils.parse_expiration_date``, as for application credentials.

    :raises ValidationError: it is no moment, or over.
    """
    moment = utils.parse_expiration_date(text)
    return timeutils.normalize_time(moment).replace(microsecond=0)


def client_with_secret(response: flask.Response) -> str | None:
    """Return whose secret has just got a token from Keystone's own API.

    It may have been shown earlier: a receipt for multi-factor authentication
    stands for what was.

    :param response: of ``POST /v3/auth/tokens``, or any other.
    :returns: id of an application credential, or None. Empty where it cannot
        be known whose secret it was, and where the request spells the id in
        another way than it is stored: the token would have that spelling.
    """
    if response.status_code != 201 or flask.request.path != '/v3/auth/tokens':
        return None
    token: ty.Any = response.get_json()['token']
    if _APPLICATION_CREDENTIAL not in token.get('methods', ()):
        return None
    stored: str = token.get(_APPLICATION_CREDENTIAL, {}).get('id', '')
    identity = _identity()
    if _APPLICATION_CREDENTIAL in identity:
        payload = identity[_APPLICATION_CREDENTIAL]
        # Where the request has a name, Keystone looks the id up.
        return stored if payload.get('id', stored) == stored else ''
    has_receipt = authorization.AUTH_RECEIPT_HEADER in flask.request.headers
    if identity.get('methods') == ['token'] and not has_receipt:
        # Another token for the same client, which had one already.
        return None
    return stored


def refuse_token() -> flask.Response:
    """Answer 401 as Keystone does for a wrong secret."""
    app = flask.current_app
    return app.make_response(app.handle_user_exception(TokenRefused()))


def render(status: int, message: str) -> flask.Response:
    """Answer an error in the shape of Keystone's."""
    title = http.client.responses[status]
    response = flask.jsonify(
        error={'code': status, 'title': title, 'message': message}
    )
    response.status_code = status
    return response
