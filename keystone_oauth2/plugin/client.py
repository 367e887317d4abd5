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
import threading
import typing as ty

from keystoneauth1 import access
from keystoneauth1 import exceptions
from keystoneauth1 import plugin
from keystoneauth1 import session as sessions
from keystoneauth1.identity.v3 import base

from keystone_oauth2.plugin import authorization_server
from keystone_oauth2.plugin import credentials
from keystone_oauth2.plugin import kept_token


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

    def get_auth_ref(self, session: sessions.Session) -> access.AccessInfoV3:
        """Request a new access token, keep it, and return what it is.

        :raises keystoneauth1.exceptions.ClientException: the authorization
            server or Keystone refuses, or cannot be reached.
        """
        token = self._token.new(lambda: self._request(session))
        return self._describe(session, token)

    def get_token(self, session: sessions.Session) -> str:
        """Return the access token.

        Keystone is not asked what it is, unless options name a scope.

        :raises keystoneauth1.exceptions.ClientException: there is none.
        """
        if self.has_scope_parameters:
            return ty.cast(str, self.get_access(session).auth_token)
        return self._token.get(lambda: self._request(session))

    def get_access(
        self, session: sessions.Session, **kwargs: ty.Any
    ) -> access.AccessInfoV3:
        """Return what the access token is, with the catalog.

        :raises keystoneauth1.exceptions.ClientException: there is no token,
            or Keystone cannot be reached.
        """
        token = self._token.get(lambda: self._request(session))
        try:
            return self._describe(session, token)
        except (exceptions.NotFound, exceptions.Unauthorized):
            # It was revoked before anyone had to know what it is.
            self._token.drop(token)
        token = self._token.get(lambda: self._request(session))
        return self._describe(session, token)

    def get_headers(self, session: sessions.Session) -> dict[str, str]:
        """Return the token for each kind of service.

        ``auth_token`` of keystonemiddleware reads ``X-Auth-Token``, its
        ``external_oauth2_token`` and ``oauth2_token`` read ``Authorization``.
        """
        token = self.get_token(session)
        self._used.token = token
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
        used = getattr(self._used, 'token', None)
        self._used.token = None
        return self._token.drop(used)

    def get_cache_id_elements(self) -> dict[str, str | None]:
        """Return what a cached token depends on, without any secret."""
        return {
            **self._scope,
            'system_scope': self.system_scope,
            'plugin': 'v3oauth2client',
            'auth_url': self.auth_url,
            'oauth2_authorization_server': self._endpoint.issuer,
            'oauth2_endpoint': self._endpoint.url,
            'oauth2_client_id': self._credential.client_id,
            'oauth2_scope': self._form.get('scope'),
            'oauth2_resource_indicator': self._form.get('resource'),
            'cert': repr(self._cert) if self._cert else None,
        }

    def get_auth_state(self) -> str | None:
        """Return the token and what it is, or None if that is not known."""
        if self.auth_ref is None or self.auth_ref.auth_token != (
            self._token.value
        ):
            return None
        return super().get_auth_state()

    def set_auth_state(self, data: str | None) -> None:
        """Use a token that :meth:`get_auth_state` has returned earlier."""
        super().set_auth_state(data)
        if isinstance(self.auth_ref, access.AccessInfoV3):
            self._token.keep(
                ty.cast(str, self.auth_ref.auth_token),
                _remaining(self.auth_ref),
            )
        else:
            self._token.drop(None)

    def _request(
        self, session: sessions.Session
    ) -> authorization_server.Token:
        self._check_certificate()
        return authorization_server.request_token(
            session, self._endpoint, self._credential, self._form, self._cert
        )

    def _check_certificate(self) -> None:
        """Check that the files can be read: requests raises an OSError."""
        paths = [self._cert] if isinstance(self._cert, str) else self._cert
        names = ('oauth2_certfile', 'oauth2_keyfile')
        try:
            for name, path in zip(names, paths or (), strict=False):
                credentials.read_file(name, path)
        except credentials.CredentialError as error:
            raise exceptions.AuthorizationFailure(str(error)) from None

    def _describe(
        self, session: sessions.Session, token: str
    ) -> access.AccessInfoV3:
        """Return what a token is; ask Keystone once only."""
        with self._lock:
            found = self.auth_ref
            if found is None or found.auth_token != token:
                url = self.token_url
                if not self.include_catalog:
                    url += '?nocatalog'
                body = authorization_server.describe_token(
                    session, url, token, self._cert
                )
                found = access.AccessInfoV3(body, token)
                self._check_scope(found)
                self.auth_ref = found
            return ty.cast(access.AccessInfoV3, found)

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

        :raises keystoneauth1.exceptions.AuthorizationFailure: it is not.
        """
        for name, value in self._scope.items():
            if value and getattr(found, name) != value:
                raise _other_scope(name, value)
        if self.system_scope and not found.system_scoped:
            raise _other_scope('system_scope', self.system_scope)


def _other_scope(name: str, value: str) -> exceptions.AuthorizationFailure:
    return exceptions.AuthorizationFailure(
        f'The access token is not for {name} {value}: the scope is that of '
        f'the client, so remove the option or use another client'
    )


def _remaining(found: access.AccessInfoV3) -> float:
    if found.expires is None:
        return 0
    now = datetime.datetime.now(datetime.timezone.utc)
    return (found.expires - now).total_seconds()
