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

"""The requests to an authorization server, and what it answers."""

import dataclasses
import email.utils
import re
import time
import typing as ty
import urllib.parse

from keystoneauth1 import exceptions
from keystoneauth1 import session as sessions
import requests

from keystone_oauth2.plugin import credentials
from keystone_oauth2.protocol import metadata

# RFC 6750, 2.1: what a header field can carry.
_TOKEN = re.compile(r'[A-Za-z0-9._~+/-]+=*')
# Seconds without an octet, if the session has no limit of its own: other
# threads wait meanwhile.
_TIMEOUT = 60
# Seconds that a token lives, if the server does not say.
_LIFETIME = 60
_MAX_LIFETIME = 366 * 24 * 3600
_MAX_TEXT = 300
_MAX_RETRY_AFTER = 24 * 3600


@dataclasses.dataclass(frozen=True)
class Token:
    """An access token.

    :ivar value: is sent to services.
    :ivar lifetime: seconds.
    """

    value: str = dataclasses.field(repr=False)
    lifetime: int


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A token endpoint, by its URL or by the metadata of its issuer.

    :ivar issuer: the issuer identifier of the authorization server (https).
    :ivar url: the URL (https); None for the one in the metadata (RFC 8414).
    :ivar uses_certificate: whether Mutual-TLS needs the endpoint's alias
        (RFC 8705, 5).
    """

    issuer: str
    url: str | None
    uses_certificate: bool

    def find(self, session: sessions.Session) -> str:
        """Return the URL.

        :raises keystoneauth1.exceptions.ClientException: the metadata cannot
            be had, or is of another issuer.
        """
        if self.url is not None:
            return self.url
        parts = urllib.parse.urlsplit(self.issuer)
        where = urllib.parse.urlunsplit(
            (*parts[:2], metadata.path(self.issuer), '', '')
        )
        response = session.get(where, **_OPTIONS, **_timeout(session))
        document = _document(response, 'GET', where)
        # RFC 8414, 3.3: otherwise, someone else could get the secret.
        if document.get('issuer') != self.issuer:
            raise exceptions.DiscoveryFailure(
                f'The metadata at {where} is of another issuer than '
                f'{self.issuer}: set oauth2_authorization_server to the '
                f'issuer identifier, or set oauth2_endpoint'
            )
        aliases = document.get('mtls_endpoint_aliases')
        if self.uses_certificate and isinstance(aliases, dict):
            document = {**document, **aliases}
        return _https(document.get('token_endpoint'), where)


_OPTIONS: dict[str, ty.Any] = {
    'authenticated': False,
    # A secret must not follow a redirect to someone else, or be logged.
    'log': False,
    'raise_exc': False,
    'redirect': False,
}


def request_token(
    session: sessions.Session,
    endpoint: Endpoint,
    credential: credentials.Credential,
    form: dict[str, str],
    cert: ty.Any,
) -> Token:
    """Request an access token with the client-credentials grant.

    :param form: further parameters.
    :param cert: certificate and key for the connection, as in requests; None
        for those of the session.
    :raises keystoneauth1.exceptions.ClientException: there is none; the
        message is what the server said.
    """
    url = endpoint.find(session)
    try:
        headers = credential.headers()
        parameters = credential.parameters(endpoint.issuer)
    except credentials.CredentialError as error:
        raise exceptions.AuthorizationFailure(str(error)) from None
    response = session.post(
        url,
        data={'grant_type': 'client_credentials', **parameters, **form},
        headers={'Accept': 'application/json', **headers},
        **({'cert': cert} if cert else {}),
        **_OPTIONS,
        **_timeout(session),
    )
    answer = _document(response, 'POST', url)
    token, lifetime = answer.get('access_token'), answer.get('expires_in')
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise exceptions.AuthorizationFailure(
            f'The response of {url} has no access token'
        )
    # RFC 6749, 7.1: a token of an unknown type must not be used.
    if str(answer.get('token_type')).lower() != 'bearer':
        raise exceptions.AuthorizationFailure(
            f'The access token of {url} is not of the type Bearer'
        )
    if type(lifetime) is not int or lifetime <= 0:
        lifetime = _LIFETIME
    return Token(token, min(lifetime, _MAX_LIFETIME))


def describe_token(
    session: sessions.Session,
    url: str,
    token: str,
    cert: ty.Any,
) -> dict[str, ty.Any]:
    """Return what Keystone says about an access token.

    :param url: of ``GET /v3/auth/tokens``.
    :param cert: as for :func:`request_token`.
    :raises keystoneauth1.exceptions.ClientException: it does not accept the
        token.
    """
    response = session.get(
        url,
        headers={
            'Accept': 'application/json',
            'X-Auth-Token': token,
            'X-Subject-Token': token,
        },
        **({'cert': cert} if cert else {}),
        **_OPTIONS,
        **_timeout(session),
    )
    body = _document(response, 'GET', url)
    if not isinstance(body.get('token'), dict):
        raise exceptions.AuthorizationFailure(
            f'The response of {url} does not describe a token'
        )
    return body


def retry_after(error: Exception) -> float | None:
    """Return the seconds that the server asks to wait, or None."""
    if not isinstance(error, exceptions.HttpError):
        return None
    return error.retry_after or None


_ERRORS = {
    kind.http_status: kind
    for kind in vars(exceptions).values()
    if isinstance(kind, type) and issubclass(kind, exceptions.HttpError)
}
_OTHER_ERRORS = {4: exceptions.HTTPClientError, 5: exceptions.HttpServerError}


def _timeout(session: sessions.Session) -> dict[str, float]:
    return {} if session.timeout is not None else {'timeout': _TIMEOUT}


def _https(url: ty.Any, where: str) -> str:
    if not isinstance(url, str) or not url.lower().startswith('https://'):
        raise exceptions.DiscoveryFailure(
            f'The metadata at {where} has no token_endpoint with https'
        )
    return url


def _document(
    response: requests.Response, method: str, url: str
) -> dict[str, ty.Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if response.status_code == 200 and isinstance(body, dict):
        return body
    raise _error(response, method, url, body)


def _error(
    response: requests.Response, method: str, url: str, body: ty.Any
) -> exceptions.HttpError:
    number = response.status_code
    # from_response of keystoneauth reads the body, which may be hostile.
    kind = _ERRORS.get(number) or _OTHER_ERRORS.get(
        number // 100, exceptions.HttpError
    )
    # Without the response, which has the request, and with it the secret.
    return kind(
        message=f'{method} {url}: {_said(response, body)}',
        request_id=response.headers.get('x-openstack-request-id'),
        url=url,
        method=method,
        http_status=response.status_code,
        retry_after=_retry_after(response),
    )


def _said(response: requests.Response, body: ty.Any) -> str:
    error = body.get('error') if isinstance(body, dict) else None
    if isinstance(error, dict):
        # Of Keystone itself.
        texts = [error.get('message')]
    elif isinstance(error, str):
        # RFC 6749, 5.2.
        texts = [error, body.get('error_description')]
    else:
        texts = []
    said = ': '.join(text for text in texts if isinstance(text, str))
    readable = ''.join(char for char in said if char.isprintable())
    return readable[:_MAX_TEXT] or 'the response is not what was expected'


def _retry_after(response: requests.Response) -> int:
    """Return the seconds in ``Retry-After`` (RFC 9110, 10.2.3), or 0."""
    value = response.headers.get('Retry-After', '')
    if response.status_code not in (429, 503):
        return 0
    if re.fullmatch('[0-9]{1,9}', value):
        seconds = int(value)
    else:
        try:
            moment = email.utils.parsedate_to_datetime(value)
            seconds = int(moment.timestamp() - time.time()) + 1
        except (ValueError, OverflowError):
            seconds = 0
    return min(max(seconds, 0), _MAX_RETRY_AFTER)
