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
import logging
import threading
import time
import typing as ty

from keystoneauth1 import access
from keystoneauth1 import exceptions
from keystoneauth1 import plugin
from keystoneauth1 import session as sessions
from keystoneauth1.identity.v3 import base

from keystone_oauth2.plugin import authorization_server
from keystone_oauth2.plugin import credentials

LOG = logging.getLogger(__name__)

# Seconds for which a call waits, if the server asks for it.
_PATIENCE = 60
# Seconds until an early renewal that has failed is tried again.
_PAUSE = 10


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
        self._used = threading.local()
        # Both in seconds of time.monotonic(): the local time may be wrong.
        self._renew_at = 0.0
        self._ends_at = 0.0
        self._ask_at = 0.0
        self._refusal: exceptions.ClientException | None = None

    def get_auth_ref(self, session: sessions.Session) -> access.AccessInfoV3:
        """Request a new access token, and ask Keystone what it is.

        :raises keystoneauth1.exceptions.ClientException: the authorization
            server or Keystone refuses, or cannot be reached.
        """
        requested_at = time.monotonic()
        token = authorization_server.request_token(
            session, self._endpoint, self._credential, self._form, self._cert
        )
        url = self.token_url + ('' if self.include_catalog else '?nocatalog')
        found = access.AccessInfoV3(
            authorization_server.describe_token(
                session, url, token.value, self._cert
            ),
            token.value,
        )
        self._check_scope(found)
        lifetime = token.lifetime or _remaining(found)
        self._keep_until(requested_at, lifetime)
        return found

    def get_access(
        self, session: sessions.Session, **kwargs: ty.Any
    ) -> access.AccessInfo:
        """Return the current access token, or a new one.

        One thread requests it; the others wait for it. While the server asks
        to wait, none of them requests one.

        :raises keystoneauth1.exceptions.ClientException: there is no token.
        """
        has_waited = False
        while True:
            with self._lock:
                if not self._needs_reauthenticate():
                    return ty.cast(access.AccessInfo, self.auth_ref)
                delay = self._ask_at - time.monotonic()
                if delay <= 0:
                    found = self._request(session)
                    if found is not None:
                        return found
                    delay = self._ask_at - time.monotonic()
                if self.auth_ref and time.monotonic() < self._ends_at:
                    return self.auth_ref
                refusal = ty.cast(Exception, self._refusal)
            if has_waited or delay > _PATIENCE:
                raise refusal.with_traceback(None)
            time.sleep(max(delay, 0))
            has_waited = True

    def get_headers(self, session: sessions.Session) -> dict[str, str]:
        """Return the token for each kind of service.

        ``auth_token`` of keystonemiddleware reads ``X-Auth-Token``, its
        ``external_oauth2_token`` and ``oauth2_token`` read ``Authorization``.
        """
        token = ty.cast(str, self.get_token(session))
        self._used.token = token
        return {'X-Auth-Token': token, 'Authorization': f'Bearer {token}'}

    def get_connection_params(
        self, session: sessions.Session
    ) -> 'plugin.ConnectionParams':
        """Return the certificate, to which the token may be bound."""
        return {} if self._cert is None else {'cert': self._cert}

    def invalidate(self) -> bool:
        """Drop the token that a service has refused.

        A token that another thread has renewed meanwhile is kept.

        :returns: whether another token can be tried.
        """
        used = getattr(self._used, 'token', None)
        with self._lock:
            current = self.auth_ref.auth_token if self.auth_ref else None
            if used is None or used == current:
                self.auth_ref = None
            return used is not None or current is not None

    def get_cache_id_elements(self) -> dict[str, str | None]:
        """Return what a cached token depends on, without any secret."""
        return {
            'plugin': 'v3oauth2client',
            'auth_url': self.auth_url,
            'oauth2_authorization_server': self._endpoint.issuer,
            'oauth2_endpoint': self._endpoint.url,
            'oauth2_client_id': self._credential.client_id,
            'oauth2_scope': self._form.get('scope'),
            'oauth2_resource_indicator': self._form.get('resource'),
            'cert': repr(self._cert) if self._cert else None,
        }

    def set_auth_state(self, data: str | None) -> None:
        """Use a token that :meth:`get_auth_state` has returned earlier."""
        super().set_auth_state(data)
        if isinstance(self.auth_ref, access.AccessInfoV3):
            self._keep_until(time.monotonic(), _remaining(self.auth_ref))

    def _needs_reauthenticate(self) -> bool:
        if not self.auth_ref or not self.reauthenticate:
            return not self.auth_ref
        return time.monotonic() >= self._renew_at

    def _keep_until(self, start: float, lifetime: float) -> None:
        margin = min(self.MIN_TOKEN_LIFE_SECONDS, lifetime / 3)
        self._renew_at = start + lifetime - margin
        self._ends_at = start + lifetime
        self._ask_at = 0.0

    def _request(self, session: sessions.Session) -> access.AccessInfo | None:
        """Request a token; return None if it is to be tried again later."""
        is_valid = self.auth_ref and time.monotonic() < self._ends_at
        try:
            self.auth_ref = self.get_auth_ref(session)
        except exceptions.ClientException as error:
            delay = authorization_server.retry_after(error)
            if delay is None and not is_valid:
                raise
            self._ask_at = time.monotonic() + (delay or _PAUSE)
            # Its frames have the secret.
            self._refusal = error.with_traceback(None)
            if is_valid:
                LOG.warning('The access token cannot be renewed: %s', error)
            return None
        return self.auth_ref

    def _check_scope(self, found: access.AccessInfoV3) -> None:
        """Check that the token is for what the options say.

        :raises keystoneauth1.exceptions.AuthorizationFailure: it is not.
        """
        expected = {
            'project_id': self.project_id,
            'project_name': self.project_name,
            'domain_id': self.domain_id,
            'domain_name': self.domain_name,
            'trust_id': self.trust_id,
        }
        if self.project_id or self.project_name:
            expected['project_domain_id'] = self.project_domain_id
            expected['project_domain_name'] = self.project_domain_name
        for name, value in expected.items():
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
