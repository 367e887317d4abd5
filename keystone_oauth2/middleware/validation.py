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

"""Validation of tokens: here if possible, and by Keystone otherwise."""

import collections.abc as abc
import os
import time
import typing as ty

from keystoneauth1 import access
from keystoneauth1 import exceptions as ksa_exceptions
from keystonemiddleware import auth_token
from oslo_log import log
import webob.exc

from keystone_oauth2.middleware import catalog as catalogs
from keystone_oauth2.middleware import identity_endpoint
from keystone_oauth2.middleware import options
from keystone_oauth2.middleware import process as processes
from keystone_oauth2.middleware import remembered
from keystone_oauth2.middleware import request as requests
from keystone_oauth2.middleware import responses
from keystone_oauth2.middleware import verifier as verifiers
from keystone_oauth2.outbound import fetching
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import confirmation as confirmations

LOG = log.getLogger(__name__)

#: Where services read the catalog.
CATALOG_KEY = 'HTTP_X_SERVICE_CATALOG'
_AUDIENCES = 'OpenStack-Identity-Audiences'
# Seconds until Keystone is asked for catalogs again.
_PAUSE = 30
_AWAY = (
    ksa_exceptions.ConnectFailure,
    ksa_exceptions.DiscoveryFailure,
    ksa_exceptions.RequestTimeout,
)
_NO_ANSWER = (ksa_exceptions.ClientException, auth_token.ServiceError)


class Validation(auth_token.AuthProtocol):
    """Validates the tokens of requests to a service.

    :param app: the service, a WSGI application.
    :param conf: options in ``api-paste.ini``, which override those in
        ``[keystone_authtoken]``.
    :raises auth_token.ConfigurationError: an option is wrong.
    """

    def __init__(self, app: ty.Any, conf: abc.Mapping[str, ty.Any]) -> None:
        own, others = options.divided(conf)
        super().__init__(app, dict(others))
        self._options = options.read(self._conf, own)
        self._key = (
            id(self._conf.oslo_conf_obj),
            *sorted(map(str, conf.items())),
            # What a reload may change.
            *self._options.shared,
        )
        self._responses = responses.Responses(
            self._options.issuer, self._options.resource
        )
        # Keystone validates tokens for these, since this service checks it.
        self._identity_server._adapter.additional_headers = {
            _AUDIENCES: ' '.join(sorted(self._options.audiences))
        }
        if self._session.timeout is None:
            # Otherwise, requests wait without end for a server that is silent.
            self._session.timeout = float(fetching.DEADLINE)
        self._process: processes.Process | None = None

    @property
    def _shared(self) -> processes.Process:
        """What this process knows; a new one begins with nothing."""
        found = self._process
        if found is None or found.pid != os.getpid():
            endpoint = identity_endpoint.IdentityEndpoint(
                self._create_auth_plugin(),
                self._session,
                interface=self._interface,
                region_name=self._conf.get('region_name'),
            )
            found = processes.shared(self._key, endpoint, self._options)
            self._process = found
        return found

    def fetch_token(
        self, token: str, allow_expired: bool = False
    ) -> dict[str, ty.Any]:
        """Return what Keystone says of a token, and has signed.

        :param token: from the request.
        :param allow_expired: whether a service with the right role may use an
            expired token of a user.
        :raises auth_token.InvalidToken: it is not valid.
        """
        if not (
            access_token.is_one(token)
            and access_token.issuer(token) == self._options.issuer
        ):
            self._shared.counts.add('other')
            return ty.cast(
                'dict[str, ty.Any]',
                super().fetch_token(token, allow_expired=allow_expired),
            )
        try:
            entry = self._shared.verifier.verify(token)
        except verifiers.Unknown as unknown:
            return self._ask_keystone(token, str(unknown), allow_expired)
        except verifiers.Undecided as undecided:
            if allow_expired:
                return self._ask_keystone(token, 'unknown_key', allow_expired)
            self._shared.counts.add('undecided')
            raise responses.unavailable(
                'The key of the token is not known yet.'
            ) from undecided
        except verifiers.Refused as refused:
            # The key of an expired token may be published no more.
            if allow_expired and str(refused) in ('expired', 'unknown_key'):
                return self._ask_keystone(token, str(refused), allow_expired)
            self._shared.counts.add(f'refused.{refused}')
            raise auth_token.InvalidToken(
                'Token authorization failed'
            ) from refused
        catalog = self._catalog(entry, token)
        if catalog is None and self._include_service_catalog:
            catalog = self._first_catalog(entry, token)
        return token_info(entry, catalog, token)

    def _ask_keystone(
        self, token: str, reason: str, allow_expired: bool = False
    ) -> dict[str, ty.Any]:
        """Return what Keystone says of a token now; nothing is remembered.

        :param reason: for metrics.
        """
        self._shared.counts.add(f'asked.{reason}')
        try:
            return ty.cast(
                'dict[str, ty.Any]',
                self._identity_server.verify_token(
                    token, allow_expired=allow_expired
                ),
            )
        except auth_token.InvalidToken:
            self._shared.counts.add('refused.keystone')
            raise
        except _NO_ANSWER as error:
            if isinstance(error, ksa_exceptions.EndpointNotFound):
                self._identity_server.invalidate()
            self._shared.counts.add('unavailable')
            LOG.critical('Unable to validate token: %s', error)
            raise responses.unavailable(
                'The Keystone service is temporarily unavailable.'
            ) from error

    def _catalog(
        self, entry: remembered.Entry, token: str
    ) -> catalogs.Catalog | None:
        """Return the catalog for a token, or None if there is none yet."""
        if not self._include_service_catalog:
            return None
        shared = self._shared
        found = shared.catalogs.get(entry.catalog_key)
        if (
            found is not None
            and found.is_due(self._options.catalog_time)
            and shared.publication.soon(
                lambda: self._fetch_catalog(entry, token)
            )
        ):
            found.fetched_at = time.monotonic()
        return found

    def _first_catalog(
        self, entry: remembered.Entry, token: str
    ) -> catalogs.Catalog | None:
        """Return the catalog for a token, or None if Keystone is away.

        The token is valid, and most services do not need the catalog.
        """
        shared = self._shared
        if time.monotonic() < shared.catalogs_after:
            return None
        try:
            return self._fetch_catalog(entry, token)
        except webob.exc.HTTPServiceUnavailable as error:
            # Otherwise, it may be for this token only.
            if isinstance(error.__cause__, _AWAY):
                shared.catalogs_after = time.monotonic() + _PAUSE
            return None

    def _fetch_catalog(
        self, entry: remembered.Entry, token: str
    ) -> catalogs.Catalog | None:
        """Return the catalog that Keystone returns with a token."""
        data = self._ask_keystone(token, 'catalog')
        services = data['token'].get('catalog')
        if services is None:
            return None
        request = requests.AuthTokenRequest({})
        request.set_service_catalog_headers(
            access.create(body=data, auth_token=token)
        )
        found = catalogs.Catalog(services, request.environ[CATALOG_KEY])
        self._shared.catalogs.put(entry.catalog_key, found)
        return found

    def validate_allowed_request(
        self, request: requests.AuthTokenRequest, token: dict[str, ty.Any]
    ) -> None:
        """Check what a user's token demands of the request.

        :param token: what Keystone says of it.
        :raises auth_token.InvalidToken: the request has no certificate that
            the token is bound to, or its access rules do not allow it.
        """
        if not request.environ.get(requests.FORWARDED):
            self._require_certificate(request, token)
            request = self._alone(request, token)
        if 'catalog' not in token:
            # Rules name the type of the service, which is enough.
            own = {'type': self._conf.get('service_type')}
            token = {**token, 'catalog': [own]}
        super().validate_allowed_request(request, token)

    def _alone(
        self, request: requests.AuthTokenRequest, token: dict[str, ty.Any]
    ) -> requests.AuthTokenRequest:
        """Return a request without a service token that proves nothing.

        Whatever it is, ``auth_token`` would check neither the access rules of
        the user's token nor its binding to Kerberos.
        """
        if not request.service_token:
            return request
        environ = {**request.environ}
        del environ['HTTP_X_SERVICE_TOKEN']
        alone = requests.AuthTokenRequest(environ)
        self._confirm_token_bind(access.create(body={'token': token}), alone)
        return alone

    def _confirm_token_bind(
        self, auth_ref: ty.Any, request: requests.AuthTokenRequest
    ) -> None:
        super()._confirm_token_bind(auth_ref, request)
        # With a service token, this is called for it alone.
        if request.service_token:
            self._require_certificate(request, auth_ref._data['token'])
            # Another service vouches for the user's token.
            request.environ[requests.FORWARDED] = bool(
                self._service_token_roles.intersection(auth_ref.role_names)
            )

    def _require_certificate(
        self, request: requests.AuthTokenRequest, token: dict[str, ty.Any]
    ) -> None:
        bound_to = token.get('oauth2_credential')
        if bound_to is None and 'oauth2_credential' not in token['methods']:
            return
        # Without a thumbprint, it is bound to nobody.
        thumbprint = (bound_to or {}).get('x5t#S256') or ''
        certificate = self._options.certificates.read(request.environ)
        if not confirmations.Confirmation(thumbprint).holds(certificate):
            LOG.info('A certificate-bound token came without its certificate')
            self._shared.counts.add('refused.certificate')
            raise auth_token.InvalidToken('Token authorization failed')


def token_info(
    entry: remembered.Entry, catalog: catalogs.Catalog | None, token: str
) -> dict[str, ty.Any]:
    """Return what Keystone says of a token, as ``auth_token`` passes it on.

    :param catalog: None if the service does not want it, or there is none.
    """
    # A new one each time: services may change it. The catalog is too large.
    data = entry.body.copy()
    # As keystoneclient does, with which auth_token validates tokens.
    data['token'].update(auth_token=token, version='v3')
    if catalog is not None:
        data['token']['catalog'] = catalog.services
    return data
