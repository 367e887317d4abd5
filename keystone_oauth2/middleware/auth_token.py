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

"""``auth_token`` of keystonemiddleware, which verifies JWTs itself.

In ``api-paste.ini`` of a service::

    [filter:authtoken]
    paste.filter_factory = keystone_oauth2.middleware.auth_token:filter_factory

The environment that the service sees is the one that ``auth_token`` sets.
"""

import collections.abc as abc
import functools
import time
import typing as ty

from keystoneauth1 import access
from keystonemiddleware import auth_token
from keystonemiddleware.auth_token import _user_plugin
from oslo_utils import timeutils
import webob.exc

from keystone_oauth2.middleware import process as processes
from keystone_oauth2.middleware import request as requests
from keystone_oauth2.middleware import validation
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import bearer

Environ = dict[str, ty.Any]
Headers = list[tuple[str, str]]

_IDENTITY_KEYS = frozenset(requests.AuthTokenRequest.identity_keys())
# What nobody else may have set, be it another filter.
_OUR_KEYS = _IDENTITY_KEYS | {
    'keystone.token_auth',
    'keystone.token_info',
    requests.FORWARDED,
}
_UNUSUAL_KEYS = frozenset({'HTTP_X_SERVICE_TOKEN', 'HTTP_X_STORAGE_TOKEN'})
_TOKEN_KEYS = ('HTTP_X_AUTH_TOKEN', 'HTTP_X_STORAGE_TOKEN')


class AuthProtocol(validation.Validation):
    """The filter.

    :param app: the service, a WSGI application.
    :param conf: options in ``api-paste.ini``, which override those in
        ``[keystone_authtoken]``.
    :raises auth_token.ConfigurationError: an option is wrong.
    """

    def __call__(
        self, environ: Environ, start_response: ty.Any
    ) -> abc.Iterable[bytes]:
        """Handle a request (PEP 3333)."""
        # One without a token, such as a health check, also starts the thread.
        shared = self._shared
        if not _OUR_KEYS.isdisjoint(environ):
            for key in _OUR_KEYS:
                environ.pop(key, None)
        if _is_usual(environ) and self._use_remembered(environ, shared):
            response = self._responses.metadata(environ)
        else:
            response = self._own_response(environ)
        if response is not None:
            return response(environ, start_response)
        return self._app(
            environ, functools.partial(self._respond, environ, start_response)
        )

    def _own_response(self, environ: Environ) -> ty.Any:
        """Return a response, or None if the service is to respond."""
        metadata = self._responses.metadata(environ)
        if metadata is not None:
            return metadata
        try:
            others = _use_bearer_token(environ)
            if not self._use_remembered(environ, self._shared):
                self._process_anew(environ)
                self._remember_environ(environ)
            self._check_others(environ, others)
        except webob.exc.HTTPException as error:
            if error.status_int == 401:
                error.headers.add('WWW-Authenticate', self._challenge(environ))
            return error
        except bearer.MalformedCredentials as error:
            return self._responses.bad_request(str(error))
        return None

    def _process_anew(self, environ: Environ) -> None:
        try:
            self.process_request(requests.AuthTokenRequest(environ))
        finally:
            environ.pop(requests.FORWARDED, None)

    def _check_others(self, environ: Environ, others: list[str]) -> None:
        """Check that a request with several tokens has one client.

        The plugin ``v3oauth2clientcredential`` of keystoneauth also sends a
        token of Keystone for the same client, in ``X-Auth-Token``.

        :param others: tokens elsewhere than in ``Authorization``.
        :raises bearer.MalformedCredentials: it has two (RFC 6750, 2).
        """
        told = environ.get('keystone.token_info')
        for token in others:
            if (
                told is None
                or access_token.is_one(token)
                or self._client(token) != _client(told)
            ):
                raise bearer.MalformedCredentials(
                    'The request has two different tokens.'
                )

    def _client(self, token: str) -> ty.Any:
        """Return whose token another one is, or None if it is not valid."""
        found = self._shared.clients.get(token)
        if found is None or time.time() >= found[1]:
            try:
                data = self._ask_keystone(token, 'second')
            except auth_token.InvalidToken:
                return None
            expires = timeutils.parse_isotime(data['token']['expires_at'])
            found = _client(data), expires.timestamp()
            self._shared.clients.put(token, found)
        return found[0]

    def _use_remembered(
        self, environ: Environ, shared: processes.Process
    ) -> bool:
        """Set what a valid token says, if that is known already.

        Most requests need nothing else.
        """
        token = environ.get('HTTP_X_AUTH_TOKEN')
        if token is None or 'HTTP_X_SERVICE_TOKEN' in environ:
            return False
        entry = shared.verifier.knows(token)
        if entry is None or entry.environ is None:
            return False
        catalog = None
        if self._include_service_catalog:
            catalog = self._catalog(entry, token)
            if catalog is None:
                return False
            environ[validation.CATALOG_KEY] = catalog.header
        environ.update(entry.environ)
        data = validation.token_info(entry, catalog, token)
        environ['keystone.token_info'] = data
        environ['keystone.token_auth'] = _user_plugin.UserAuthPlugin(
            access.AccessInfoV3(data, token), None, self._session, self._auth
        )
        shared.counts.add('remembered')
        return True

    def _remember_environ(self, environ: Environ) -> None:
        """Keep what was set in a request, for others with the same token."""
        token = environ.get('HTTP_X_AUTH_TOKEN')
        if token is None or 'HTTP_X_SERVICE_TOKEN' in environ:
            return
        entry = self._shared.verifier.knows(token)
        if entry is None or not entry.is_unconditional:
            return
        # Keystone may have been asked, or the service may decide itself.
        told = environ.get('keystone.token_info')
        if told != validation.token_info(
            entry, self._catalog(entry, token), token
        ):
            return
        entry.environ = {
            key: environ[key]
            for key in _IDENTITY_KEYS
            if key in environ and key != validation.CATALOG_KEY
        }

    def _challenge(self, environ: Environ) -> str:
        is_invalid = (
            any(key in environ for key in _TOKEN_KEYS)
            and environ.get('HTTP_X_IDENTITY_STATUS') != 'Confirmed'
        )
        return self._responses.challenge(
            'invalid_token' if is_invalid else None
        )

    def _respond(
        self,
        environ: Environ,
        start_response: ty.Any,
        status: str,
        headers: Headers,
        *error: ty.Any,
    ) -> ty.Any:
        """Add the challenges to a response of the service with status 401."""
        if status.startswith('401'):
            headers = [
                *headers,
                *self._reject_auth_headers,
                ('WWW-Authenticate', self._challenge(environ)),
            ]
        return start_response(status, headers, *error)


def _is_usual(environ: Environ) -> bool:
    """Whether a request has one token, in ``X-Auth-Token``.

    Clients may send it in ``Authorization`` as well. Its syntax need not be
    checked if it is remembered.
    """
    if not _UNUSUAL_KEYS.isdisjoint(environ):
        return False
    authorization = environ.get('HTTP_AUTHORIZATION')
    return (
        authorization is None
        or authorization == f'Bearer {environ.get("HTTP_X_AUTH_TOKEN")}'
    )


def _use_bearer_token(environ: Environ) -> list[str]:
    """Move the token from ``Authorization`` to where services read it.

    :returns: other tokens, which were elsewhere.
    :raises bearer.MalformedCredentials: there is no single token.
    """
    token = bearer.token(environ.get('HTTP_AUTHORIZATION', ''))
    if token is None:
        return []
    found = {environ.pop(key).strip() for key in _TOKEN_KEYS if key in environ}
    environ['HTTP_X_AUTH_TOKEN'] = token
    return list(found - {token, ''})


def _client(data: dict[str, ty.Any]) -> tuple[ty.Any, ...]:
    """Return whose token it is, and where it is valid."""
    token = data['token']
    return (
        token['user']['id'],
        token.get('application_credential', {}).get('id'),
        *(
            (token.get(scope) or {}).get('id')
            for scope in ('project', 'domain')
        ),
        bool(token.get('system')),
    )


def filter_factory(
    global_conf: dict[str, ty.Any], **local_conf: ty.Any
) -> abc.Callable[[ty.Any], AuthProtocol]:
    """Return the filter, for paste.deploy.

    :param local_conf: options of the filter in ``api-paste.ini``.
    """
    conf = {**global_conf, **local_conf}

    def auth_filter(app: ty.Any) -> AuthProtocol:
        return AuthProtocol(app, conf)

    return auth_filter
