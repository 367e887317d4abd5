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
import typing as ty
import urllib.parse

from keystone_oauth2.plugin import connection as connections
from keystone_oauth2.plugin import credentials
from keystone_oauth2.plugin import errors
from keystone_oauth2.protocol import bearer
from keystone_oauth2.protocol import metadata

# Octets.
_MAX_CATALOG = 2**24
# Seconds that a token lives, if the server does not say.
_LIFETIME = 60
_MAX_LIFETIME = 366 * 24 * 3600


@dataclasses.dataclass(frozen=True)
class Token:
    """An access token.

    :ivar value: is sent to services.
    :ivar lifetime: seconds.
    """

    value: str = dataclasses.field(repr=False)
    lifetime: float


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

    def find(self, connection: connections.Connection) -> str:
        """Return the URL.

        :raises AccessTokenError: the metadata cannot be had, or is of another
            issuer.
        """
        if self.url is not None:
            return self.url
        parts = urllib.parse.urlsplit(self.issuer)
        where = urllib.parse.urlunsplit(
            (*parts[:2], metadata.path(self.issuer), '', '')
        )
        document = connection.get(where)
        # RFC 8414, 3.3: otherwise, someone else could get the secret.
        if document.get('issuer') != self.issuer:
            raise errors.AccessTokenError(
                f'The metadata at {where} is of another issuer than '
                f'{self.issuer}: set oauth2_authorization_server to the '
                f'issuer identifier, or set oauth2_endpoint'
            )
        aliases = document.get('mtls_endpoint_aliases')
        if self.uses_certificate and isinstance(aliases, dict):
            document = {**document, **aliases}
        url = document.get('token_endpoint')
        if not is_https(url):
            raise errors.AccessTokenError(
                f'The metadata at {where} has no token_endpoint with https'
            )
        return str(url)


def is_https(url: ty.Any) -> bool:
    """Whether it is a URL with https (RFC 6749, 3.2), and no user in it."""
    if not isinstance(url, str) or not url.isprintable():
        return False
    try:
        parts = urllib.parse.urlsplit(url)
        is_good = parts.scheme == 'https' and bool(parts.hostname)
    except ValueError:
        return False
    return is_good and not any(mark in url for mark in '@# ')


def request_token(
    connection: connections.Connection,
    endpoint: Endpoint,
    credential: credentials.Credential,
    form: dict[str, str],
) -> Token:
    """Request an access token with the client-credentials grant.

    :param form: further parameters.
    :raises AccessTokenError: there is none.
    """
    url = endpoint.find(connection)
    sent = credential.parameters(endpoint.issuer)
    try:
        answer = connection.post(
            url,
            data={'grant_type': 'client_credentials', **sent, **form},
            headers={'Accept': 'application/json', **credential.headers()},
        )
    except errors.AccessTokenError as error:
        problem = credential.problem(sent)
        # The server tells nobody why it refuses a client.
        if error.http_status != 401 or problem is None:
            raise
        raise error.copy(f'; {problem}') from None
    token, lifetime = answer.get('access_token'), answer.get('expires_in')
    if not isinstance(token, str) or not bearer.TOKEN.fullmatch(token):
        raise errors.AccessTokenError(
            f'The response of {url} has no access token'
        )
    # RFC 6749, 7.1: a token of an unknown type must not be used.
    if str(answer.get('token_type')).lower() != 'bearer':
        raise errors.AccessTokenError(
            f'The access token of {url} is not of the type Bearer'
        )
    if type(lifetime) is not int or lifetime <= 0:
        lifetime = _LIFETIME
    return Token(token, min(lifetime, _MAX_LIFETIME))


def describe_token(
    connection: connections.Connection, url: str, token: str
) -> dict[str, ty.Any]:
    """Return what Keystone says about an access token.

    :param url: of ``GET /v3/auth/tokens``.
    :raises AccessTokenError: it does not accept the token, or cannot be
        reached.
    """
    body = connection.get(
        url,
        _MAX_CATALOG,
        headers={
            'Accept': 'application/json',
            'X-Auth-Token': token,
            'X-Subject-Token': token,
        },
    )
    if not isinstance(body.get('token'), dict):
        raise errors.AccessTokenError(
            f'The response of {url} does not describe a token'
        )
    return body
