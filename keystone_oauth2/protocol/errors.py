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

"""One class for each error that a client may see (RFC 6749, 5.2).

A class defines its code, HTTP status and description. Code that raises an
error gives at most ``detail``, which goes to the log, never to the client.
"""

import typing as ty


class OAuthError(Exception):
    """An error response.

    :param detail: the reason, for the log only. It contains no secret.
    """

    code: ty.ClassVar[str]
    status: ty.ClassVar[int] = 400
    #: Only the characters %x20-21, %x23-5B and %x5D-7E (RFC 6749, 5.2).
    description: ty.ClassVar[str]

    def __init__(self, detail: str = '') -> None:
        super().__init__(detail or self.description)
        self.detail = detail

    @property
    def headers(self) -> dict[str, str]:
        """Header fields of the response."""
        return {}


class InvalidRequest(OAuthError):
    """The request is malformed or contradictory."""

    code = 'invalid_request'
    description = 'The request is malformed.'


class MissingParameter(InvalidRequest):
    """A required parameter is absent or empty."""

    description = 'A required parameter is missing.'


class RepeatedParameter(InvalidRequest):
    """A parameter occurs more than once (RFC 6749, 3.2)."""

    description = 'A parameter is given more than once.'


class QueryNotAllowed(InvalidRequest):
    """The URL has a query string, which ends up in logs (RFC 6749, 2.3.1)."""

    description = 'Parameters must be in the body, not in the URL.'


class WrongMediaType(InvalidRequest):
    """The body is not a form."""

    description = (
        'The body must be application/x-www-form-urlencoded in UTF-8.'
    )


class BodyTooLarge(InvalidRequest):
    """The body is larger than any valid request (RFC 9110, 15.5.14)."""

    status = 413
    description = 'The request body is too large.'


class IncompleteBody(InvalidRequest):
    """The connection broke before the end of the body (RFC 9112, 8)."""

    description = 'The request body is incomplete.'


class TwoAuthenticationMethods(InvalidRequest):
    """Two client authentication methods at once (RFC 6749, 2.3)."""

    description = 'More than one client authentication method is used.'


class MethodNotAllowed(InvalidRequest):
    """The endpoint does not support the HTTP method (RFC 9110, 15.5.6).

    :param allowed: the methods that it supports.
    """

    status = 405
    description = 'The method is not allowed for this URL.'

    def __init__(self, allowed: ty.Iterable[str]) -> None:
        super().__init__()
        self.allowed = tuple(sorted(allowed))

    @property
    def headers(self) -> dict[str, str]:
        return {'Allow': ', '.join(self.allowed)}


class NotFound(InvalidRequest):
    """Nothing exists at the URL (RFC 9110, 15.5.5)."""

    status = 404
    description = 'There is nothing at this URL.'


class InvalidClient(OAuthError):
    """Client authentication failed (RFC 6749, 5.2)."""

    code = 'invalid_client'
    status = 401
    description = 'Client authentication failed.'


class NoClientAuthentication(InvalidClient):
    """The request has no client authentication at all."""


class UnauthenticatedSignedRequest(InvalidClient):
    """A signed response is requested without authentication (RFC 9701, 5)."""

    status = 400


class UnauthorizedClient(OAuthError):
    """The authenticated client may not use this grant."""

    code = 'unauthorized_client'
    description = 'The client is not allowed to use this grant.'


class TokenCannotBeBound(UnauthorizedClient):
    """The token provider cannot bind the token to the client's certificate.

    Without the binding, a stolen token could be used (RFC 8705, 3).
    """

    description = (
        'The token provider of this server cannot bind the token of an '
        'application credential to a certificate: use another client '
        'authentication method, or ask the operator for JWT access tokens.'
    )


class UnsupportedGrantType(OAuthError):
    """The server does not support the grant type."""

    code = 'unsupported_grant_type'
    description = 'The grant type is not supported.'


class InvalidScope(OAuthError):
    """The scope is unknown, malformed, or more than was delegated."""

    code = 'invalid_scope'
    description = 'The scope is unknown, malformed or was not delegated.'


class NarrowerScope(InvalidScope):
    """The requested scope is narrower than that of the token.

    Keystone's token formats cannot restrict a token to some of the delegated
    roles, so the token would silently carry more than was requested.
    """

    description = (
        'A token always carries all delegated roles. '
        'Omit scope, or use a client with fewer roles.'
    )


class InvalidTarget(OAuthError):
    """No token can be issued for the resource (RFC 8707, 2)."""

    code = 'invalid_target'
    description = (
        'A resource must be an absolute URI without a fragment, for which '
        'the server can issue a token.'
    )


class ServerError(OAuthError):
    """An unexpected error in the server.

    :param request_id: identifies the request in the log.
    """

    code = 'server_error'
    status = 500
    description = 'The server could not complete the request.'

    def __init__(self, request_id: str = '') -> None:
        super().__init__()
        self.request_id = request_id


class TemporarilyUnavailable(OAuthError):
    """The request should be retried later (RFC 9110, 15.6.4).

    :param retry_after: in seconds.
    """

    code = 'temporarily_unavailable'
    status = 503
    description = 'The server is temporarily unavailable.'

    def __init__(self, retry_after: int, detail: str = '') -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        return {'Retry-After': str(self.retry_after)}


class TooManyRequests(TemporarilyUnavailable):
    """Too many client authentications have failed (RFC 6585, 4)."""

    status = 429
    description = 'Too many client authentications have failed.'
