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

"""The plugin ``v3oauth2client``."""

import datetime
import json
import threading
import time
import typing as ty

from keystoneauth1 import access
from keystoneauth1 import plugin
from keystoneauth1 import session as sessions
from keystoneauth1.identity.v3 import base

from keystone_oauth2.plugin import authorization_server
from keystone_oauth2.plugin import connection
from keystone_oauth2.plugin import credentials
from keystone_oauth2.plugin import errors
from keystone_oauth2.plugin import kept_token
from keystone_oauth2.protocol import bearer


class OAuth2Client(base.BaseAuth):
    """Gets an access token once, and uses it for all calls.

    The token is renewed before its end, and once if a service refuses it. If
    an early renewal fails, the token is used until its end.

    :param auth_url: URL of Keystone, with or without ``/v3`` (https).
    :param credential: authenticates the token requests.
    :param oauth2_endpoint: URL of the token endpoint; None for the one in the
        metadata of the authorization server.
    :param oauth2_authorization_server: its issuer identifier; None for
        ``auth_url``.
    :param oauth2_scope: the scope to request (RFC 6749, 3.3).
    :param oauth2_resource_indicator: where the token will be used (RFC 8707).
    :param cert: files of a certificate and its key for all connections.
    :param scope: what ``BaseAuth`` accepts; the token's scope is that of the
        client, and must be the same.
    """

    def __init__(
        self,
        auth_url: str,
        credential: credentials.Credential,
        *,
        oauth2_endpoint: str | None = None,
        oauth2_authorization_server: str | None = None,
        oauth2_scope: str | None = None,
        oauth2_resource_indicator: str | None = None,
        cert: tuple[str, str] | str | None = None,
        **scope: ty.Any,
    ) -> None:
        url = auth_url.rstrip('/')
        if not url.endswith('/v3'):
            url += '/v3'
        super().__init__(url, **scope)
        self._credential = credential
        self._endpoint = authorization_server.Endpoint(
            oauth2_authorization_server or url,
            oauth2_endpoint,
            uses_certificate=cert is not None
            or isinstance(credential, credentials.Certificate),
        )
        given = {
            'scope': oauth2_scope,
            'resource': oauth2_resource_indicator,
        }
        self._form = {name: text for name, text in given.items() if text}
        self._cert = cert
        self._token = kept_token.KeptToken(self.reauthenticate)
        self._used = threading.local()
        self._certificate: bytes | None = None
        self._unknown: tuple[errors.AccessTokenError | None, float] = None, 0

    def get_auth_ref(self, session: sessions.Session) -> access.AccessInfoV3:
        """Request a new access token, keep it, and return what it is.

        :raises AccessTokenError: the authorization server or Keystone
            refuses, or cannot be reached.
        """
        self._used.token = self._token.new(lambda: self._request(session))
        return self._describe(session, self._used.token)

    def get_token(self, session: sessions.Session) -> str:
        """Return the access token.

        Keystone is not asked what it is, unless options name a scope.

        :raises AccessTokenError: there is none.
        """
        token = self._token.get(lambda: self._request(session))
        # Some send it themselves, and only say that it was refused.
        self._used.token = token
        return token

    def get_access(
        self, session: sessions.Session, **kwargs: ty.Any
    ) -> access.AccessInfoV3:
        """Return what the access token is, with the catalog.

        :raises AccessTokenError: there is no token, or Keystone cannot be
            reached.
        """
        token = self.get_token(session)
        try:
            return self._describe(session, token)
        except errors.AccessTokenError as error:
            # It was revoked before anyone had to know what it is.
            if not error.is_refusal or not self._token.drop(token):
                raise
        return self._describe(session, self.get_token(session))

    def get_headers(self, session: sessions.Session) -> dict[str, str]:
        """Return the token for each kind of service.

        ``auth_token`` of keystonemiddleware reads ``X-Auth-Token``, its
        ``external_oauth2_token`` and ``oauth2_token`` read ``Authorization``.
        """
        token = self.get_token(session)
        return {'X-Auth-Token': token, 'Authorization': f'Bearer {token}'}

    def get_connection_params(
        self, session: sessions.Session
    ) -> 'plugin.ConnectionParams':
        """Return the certificate, to which the token may be bound."""
        return {} if self._cert is None else {'cert': self._cert}

    def invalidate(self) -> bool:
        """Drop the token that a service has refused.

        A token that another thread has requested meanwhile is kept.

        :returns: whether another token can be tried.
        """
        used = getattr(self._used, 'token', None) or self._token.value
        self._used.token = None
        can_retry = self._token.drop(used)
        if self._token.value is None:
            self.auth_ref = None
        return can_retry

    def get_cache_id_elements(self) -> dict[str, str | None]:
        """Return what a cached token depends on, without any secret."""
        elements = {
            **self._scope,
            'system_scope': self.system_scope,
            'auth_url': self.auth_url,
            'oauth2_authorization_server': self._endpoint.issuer,
            'oauth2_endpoint': self._endpoint.url,
            'oauth2_client_id': self._credential.client_id,
            'oauth2_scope': self._form.get('scope'),
            'oauth2_resource_indicator': self._form.get('resource'),
            'cert': self._cert,
        }
        # One element: keystoneauth joins several without a separator.
        return {'v3oauth2client': json.dumps(elements, sort_keys=True)}

    def get_auth_state(self) -> str | None:
        """Return the token and what it is, or None if that is not known."""
        found = self.auth_ref
        if found is None or found.auth_token != self._token.value:
            return None
        state = {'auth_token': found.auth_token, 'body': found._data}
        return json.dumps(state)

    def set_auth_state(self, data: str | None) -> None:
        """Use a token that :meth:`get_auth_state` has returned earlier.

        Anything else is ignored.
        """
        self.auth_ref = None
        self._token.drop(None)
        try:
            state = json.loads(data or '')
            found = access.AccessInfoV3(state['body'], state['auth_token'])
            remaining = _remaining(found)
            is_token = bearer.TOKEN.fullmatch(state['auth_token'])
        except (KeyError, RecursionError, TypeError, ValueError):
            return
        if is_token:
            self._token.keep(ty.cast(str, found.auth_token), remaining)
            self.auth_ref = found

    def _connect(self, session: sessions.Session) -> connection.Connection:
        return connection.Connection(session, self)

    def _request(
        self, session: sessions.Session
    ) -> authorization_server.Token:
        self._follow_certificate(session)
        token = authorization_server.request_token(
            self._connect(session),
            self._endpoint,
            self._credential,
            self._form,
        )
        if self.has_scope_parameters:
            # One of another scope does not take the place of a good one.
            self._describe(session, token.value)
        return token

    def _follow_certificate(self, session: sessions.Session) -> None:
        """Close idle connections if the certificate has changed.

        They would show the old one, to which the new token is not bound.
        """
        cert = self._cert
        if isinstance(self._credential, credentials.Certificate):
            cert = cert or session.cert
        if not cert:
            return
        path = cert if isinstance(cert, str) else cert[0]
        digest = credentials.digest_file('oauth2_certfile', path)
        if self._certificate not in (None, digest):
            for adapter in session.session.adapters.values():
                adapter.close()
        self._certificate = digest

    def _describe(
        self, session: sessions.Session, token: str
    ) -> access.AccessInfoV3:
        """Return what a token is; ask Keystone once only."""
        came = time.monotonic()
        found = self.auth_ref
        if found is None or found.auth_token != token:
            with self._lock:
                found = self.auth_ref
                if found is None or found.auth_token != token:
                    found = self._ask_keystone(session, token, came)
        return ty.cast(access.AccessInfoV3, found)

    def _ask_keystone(
        self, session: sessions.Session, token: str, came: float
    ) -> access.AccessInfoV3:
        failure, failed_at = self._unknown
        if failure is not None and came < failed_at:
            # Those who have waited do not ask one after the other.
            raise failure.copy()
        try:
            found = errors.call(lambda: self._fetch(session, token))
        except errors.AccessTokenError as error:
            self._unknown = error.copy(), time.monotonic()
            raise
        self.auth_ref = found
        return found

    def _fetch(
        self, session: sessions.Session, token: str
    ) -> access.AccessInfoV3:
        url = f'{self.auth_url}/auth/tokens'
        if not self.include_catalog:
            url += '?nocatalog'
        body = authorization_server.describe_token(
            self._connect(session), url, token
        )
        found = access.AccessInfoV3(body, token)
        self._check_scope(found)
        return found

    @property
    def _scope(self) -> dict[str, str | None]:
        """The scope in the options, by attribute of AccessInfo."""
        scope = {
            'project_id': self.project_id,
            'project_name': self.project_name,
            'domain_id': self.domain_id,
            'domain_name': self.domain_name,
            'trust_id': self.trust_id,
        }
        if self.project_id or self.project_name:
            scope['project_domain_id'] = self.project_domain_id
            scope['project_domain_name'] = self.project_domain_name
        return scope

    def _check_scope(self, found: access.AccessInfoV3) -> None:
        """Check that the token is for what the options say.

        :raises AccessTokenError: it is not.
        """
        for name, value in self._scope.items():
            own = getattr(found, name) or ''
            # Names are alike to some databases, and so to users.
            if value and own.casefold() != value.casefold():
                raise _other_scope(name, value)
        if self.system_scope and not found.system_scoped:
            raise _other_scope('system_scope', self.system_scope)


def _other_scope(name: str, value: str) -> errors.AccessTokenError:
    return errors.AccessTokenError(
        f'The access token is not for {name} {value}: the scope is that of '
        f'the client, so remove the option or use another client'
    )


def _remaining(found: access.AccessInfoV3) -> float:
    if found.expires is None:
        return 0
    now = datetime.datetime.now(datetime.timezone.utc)
    return (found.expires - now).total_seconds()
