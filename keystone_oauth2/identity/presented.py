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

"""Tokens and credentials that requests to Keystone present, or get."""

import typing as ty

import flask
from keystone.common import authorization
from keystone.models import token_model

from keystone_oauth2.identity import web

_APPLICATION_CREDENTIAL = 'application_credential'
_TOKENS = '/v3/auth/tokens'
_FEDERATION = '/v3/auth/OS-FEDERATION/'


def token_of_context() -> str | None:
    """Return the valid token in ``X-Auth-Token``, or None."""
    token = web.auth_context().get('token')
    return None if token is None else str(token.id)


def subject_token() -> str | None:
    """Return the token that a service asks Keystone about, or None."""
    request = web.current_request()
    # Keystone ignores the field elsewhere.
    if request.path != _TOKENS:
        return None
    value: str | None = request.environ.get('HTTP_X_SUBJECT_TOKEN')
    return value


def audiences_of_caller() -> frozenset[str]:
    """Return the audiences that a service checks itself, and has.

    Like ``OpenStack-Identity-Access-Rules``, the field says what the service
    does with the answer.
    """
    value: str = web.current_request().environ.get(
        'HTTP_OPENSTACK_IDENTITY_AUDIENCES', ''
    )
    return frozenset(value.split())


def service_token() -> str | None:
    """Return the token in ``X-Service-Token``, valid or not, or None."""
    # Quicker than ``request.headers``, which looks here.
    value = web.current_request().environ.get('HTTP_X_SERVICE_TOKEN')
    return None if value is None else str(value).strip()


def exchanged_tokens() -> list[str]:
    """Return the tokens in the body that a request exchanges, valid or not."""
    request = web.current_request()
    if request.method == 'POST' and request.path.startswith('/v3/auth/'):
        return _tokens_in_body()
    return []


def further_tokens() -> list[str]:
    """Return the tokens that a request has in addition to ``X-Auth-Token``.

    They are not validated, and may be any text. ``X-Subject-Token`` is not
    included, since services use it to have other clients' tokens validated.
    """
    found = service_token()
    return (
        exchanged_tokens() if found is None else [found, *exchanged_tokens()]
    )


def has_token() -> bool:
    """Whether a request has a token, valid or not, or an empty field.

    keystonemiddleware treats ``X-Storage-Token`` as the same field.
    """
    return any(
        name in flask.request.headers
        for name in (authorization.AUTH_TOKEN_HEADER, 'X-Storage-Token')
    )


def understands_access_rules() -> bool:
    """Whether the caller declares that it enforces access rules.

    As for ``GET /v3/auth/tokens``, the field has the version of their format.
    """
    version = flask.request.headers.get(authorization.ACCESS_RULES_HEADER)
    try:
        return float(version or 0) >= token_model.ACCESS_RULES_MIN_VERSION
    except ValueError:
        return False


def _tokens_in_body() -> list[str]:
    """Return the tokens that are to be exchanged.

    ``POST /v3/auth/tokens`` accepts one for the methods ``token`` and
    ``mapped``, which may have other names in a deployment.
    ``POST /v3/auth/OS-FEDERATION/saml2`` accepts one for an assertion, and
    does not look at ``methods``.
    """
    identity = _identity()
    read = _listed(identity.get('methods'))
    if web.current_request().path.startswith(_FEDERATION):
        read = list(identity)
    values = [
        _member(identity.get(method), 'id')
        for method in read
        if isinstance(method, str) and method != _APPLICATION_CREDENTIAL
    ]
    return [value for value in values if isinstance(value, str)]


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
    if response.status_code != 201 or web.current_request().path != _TOKENS:
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


def _identity() -> dict[str, ty.Any]:
    """Return the authentication payloads of a token request, by method."""
    body: ty.Any = flask.request.get_json(force=True, silent=True)
    identity = _member(_member(body, 'auth'), 'identity')
    return identity if isinstance(identity, dict) else {}


def _listed(value: ty.Any) -> list[ty.Any]:
    return value if isinstance(value, list) else []


def _member(value: ty.Any, name: str) -> ty.Any:
    return value.get(name) if isinstance(value, dict) else None
