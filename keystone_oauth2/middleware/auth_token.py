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
import json
import os
import threading
import typing as ty

from keystoneauth1 import access
from keystoneauth1 import exceptions as ksa_exceptions
from keystonemiddleware import auth_token
from keystonemiddleware.auth_token import _user_plugin
from oslo_log import log
import webob
import webob.exc

from keystone_oauth2.conf import keystone_authtoken
from keystone_oauth2.middleware import catalogs
from keystone_oauth2.middleware import counts as counting
from keystone_oauth2.middleware import identity_endpoint
from keystone_oauth2.middleware import options
from keystone_oauth2.middleware import publication as publications
from keystone_oauth2.middleware import remembered
from keystone_oauth2.middleware import request as requests
from keystone_oauth2.middleware import verifier as verifiers
from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import bearer
from keystone_oauth2.protocol import confirmation as confirmations
from keystone_oauth2.protocol import protected_resource

LOG = log.getLogger(__name__)

Environ = dict[str, ty.Any]
Headers = list[tuple[str, str]]

_IDENTITY_KEYS = frozenset(requests.AuthTokenRequest.identity_keys())
_CATALOG_KEY = 'HTTP_X_SERVICE_CATALOG'
_AUDIENCES = 'OpenStack-Identity-Audiences'
_RETRY_AFTER = '1'
_NO_ANSWER = (ksa_exceptions.ClientException, auth_token.ServiceError)


class AuthProtocol(auth_token.AuthProtocol):
    """The filter.

    :param app: the service, a WSGI application.
    :param conf: options in ``api-paste.ini``, which override those in
        ``[keystone_authtoken]``.
    :raises auth_token.ConfigurationError: an option is wrong.
    """

    def __init__(self, app: ty.Any, conf: abc.Mapping[str, ty.Any]) -> None:
        own = {
            option.name: conf[option.name]
            for option in keystone_authtoken.ALL_OPTS
            if option.name in conf
        }
        super().__init__(
            app, {name: conf[name] for name in conf if name not in own}
        )
        self._options = options.read(self._getter(own))
        # Keystone validates tokens for these, since this service checks it.
        self._identity_server._adapter.additional_headers = {
            _AUDIENCES: ' '.join(sorted(self._options.audiences))
        }
        self._counts = counting.Counts(self._options.statsd)
        self._starting = threading.Lock()
        self._process: int | None = None

    def _getter(
        self, own: abc.Mapping[str, ty.Any]
    ) -> abc.Callable[[str], ty.Any]:
        keystone_authtoken.register_opts(self._conf.oslo_conf_obj)
        types = {
            option.name: option.type for option in keystone_authtoken.ALL_OPTS
        }

        def get(name: str) -> ty.Any:
            if name not in own:
                return self._conf.get(name)
            try:
                return types[name](own[name])
            except ValueError as error:
                raise auth_token.ConfigurationError(
                    f'{name}: {error}'
                ) from error

        return get

    def _start(self) -> None:
        """Start what each process has of its own, on its first request."""
        with self._starting:
            if self._process == os.getpid():
                return
            endpoint = identity_endpoint.IdentityEndpoint(
                self._auth,
                self._session,
                interface=self._interface,
                region_name=self._conf.get('region_name'),
            )
            self._publication = publications.Publication(
                endpoint, self._options.poll_interval, self._counts
            )
            self._verifier = verifiers.Verifier(
                self._publication,
                self._counts,
                issuer=self._options.issuer,
                audiences=self._options.audiences,
                events_max_age=self._options.events_max_age,
                keys_max_age=self._options.keys_max_age,
            )
            self._catalogs = catalogs.Catalogs()
            self._publication.start()
            self._process = os.getpid()

    def __call__(
        self, environ: Environ, start_response: ty.Any
    ) -> abc.Iterable[bytes]:
        """Handle a request (PEP 3333)."""
        if self._process != os.getpid():
            self._start()
        if not _IDENTITY_KEYS.isdisjoint(environ):
            for key in _IDENTITY_KEYS:
                environ.pop(key, None)
        response = self._own_response(environ)
        if response is not None:
            return response(environ, start_response)
        return self._app(
            environ, functools.partial(self._respond, environ, start_response)
        )

    def _own_response(self, environ: Environ) -> ty.Any:
        """Return a response, or None if the service is to respond."""
        if self._options.resource is not None and self._is_metadata(environ):
            return self._metadata(environ)
        if 'HTTP_AUTHORIZATION' in environ:
            try:
                _use_bearer_token(environ)
            except ValueError as error:
                return self._bad_request(str(error))
        if self._use_remembered(environ):
            return None
        try:
            self.process_request(requests.AuthTokenRequest(environ))
        except webob.exc.HTTPException as error:
            if error.status_int == 401:
                error.headers.add('WWW-Authenticate', self._challenge(environ))
            return error
        self._remember_environ(environ)
        return None

    def _use_remembered(self, environ: Environ) -> bool:
        """Set what a valid token says, if that is known already."""
        token = environ.get('HTTP_X_AUTH_TOKEN')
        if token is None or 'HTTP_X_SERVICE_TOKEN' in environ:
            return False
        entry = self._verifier.knows(token)
        if entry is None or entry.environ is None:
            return False
        catalog = None
        if self._include_service_catalog:
            catalog = self._catalog(entry, token)
            if catalog is None:
                return False
            environ[_CATALOG_KEY] = catalog.header
        environ.update(entry.environ)
        data = _token_info(entry, catalog, token)
        environ['keystone.token_info'] = data
        environ['keystone.token_auth'] = _user_plugin.UserAuthPlugin(
            access.AccessInfoV3(data, token), None, self._session, self._auth
        )
        self._counts.add('remembered')
        return True

    def _remember_environ(self, environ: Environ) -> None:
        """Keep what was set in a request, for others with the same token."""
        token = environ.get('HTTP_X_AUTH_TOKEN')
        if token is None or 'HTTP_X_SERVICE_TOKEN' in environ:
            return
        entry = self._verifier.knows(token)
        if entry is None or not entry.is_unconditional:
            return
        # Keystone may have been asked, or the service may decide itself.
        told = environ.get('keystone.token_info')
        if told != _token_info(entry, self._catalog(entry, token), token):
            return
        entry.environ = {
            key: environ[key]
            for key in _IDENTITY_KEYS
            if key in environ and key != _CATALOG_KEY
        }

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
            self._counts.add('other')
            return ty.cast(
                'dict[str, ty.Any]',
                super().fetch_token(token, allow_expired=allow_expired),
            )
        try:
            entry = self._verifier.verify(token)
        except verifiers.Undecided as error:
            raise _unavailable('The key of the token is not known yet.') from (
                error
            )
        except verifiers.Unknown as unknown:
            return self._ask_keystone(token, str(unknown), allow_expired)
        except verifiers.Refused as refused:
            if str(refused) == 'expired' and allow_expired:
                return self._ask_keystone(token, 'expired', allow_expired)
            self._counts.add(f'refused.{refused}')
            raise auth_token.InvalidToken(
                'Token authorization failed'
            ) from refused
        catalog = self._catalog(entry, token)
        if catalog is None and self._include_service_catalog:
            catalog = self._fetch_catalog(entry, token)
        return _token_info(entry, catalog, token)

    def _ask_keystone(
        self, token: str, reason: str, allow_expired: bool = False
    ) -> dict[str, ty.Any]:
        """Return what Keystone says of a token now; nothing is remembered.

        :param reason: for metrics.
        """
        self._counts.add(f'asked.{reason}')
        try:
            return ty.cast(
                'dict[str, ty.Any]',
                self._identity_server.verify_token(
                    token, allow_expired=allow_expired
                ),
            )
        except auth_token.InvalidToken:
            self._counts.add('refused.keystone')
            raise
        except _NO_ANSWER as error:
            if isinstance(error, ksa_exceptions.EndpointNotFound):
                self._identity_server.invalidate()
            self._counts.add('unavailable')
            LOG.critical('Unable to validate token: %s', error)
            raise _unavailable(
                'The Keystone service is temporarily unavailable.'
            ) from error

    def _catalog(
        self, entry: remembered.Entry, token: str
    ) -> catalogs.Catalog | None:
        """Return the catalog for a token, or None if there is none yet."""
        if not self._include_service_catalog:
            return None
        found = self._catalogs.get(entry.catalog_key)
        if found is not None and found.is_due(self._options.catalog_time):
            self._publication.soon(lambda: self._fetch_catalog(entry, token))
        return found

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
        found = catalogs.Catalog(services, request.environ[_CATALOG_KEY])
        self._catalogs.put(entry.catalog_key, found)
        return found

    def validate_allowed_request(
        self, request: requests.AuthTokenRequest, token: dict[str, ty.Any]
    ) -> None:
        """Check what a user's token demands of the request.

        :param token: what Keystone says of it.
        :raises auth_token.InvalidToken: the request has no certificate that
            the token is bound to, or its access rules do not allow it.
        """
        if not self._is_forwarded(request):
            self._require_certificate(request, token)
        if 'catalog' not in token:
            # Rules name the type of the service, which is enough.
            own = {'type': self._conf.get('service_type')}
            token = {**token, 'catalog': [own]}
        super().validate_allowed_request(request, token)

    def _confirm_token_bind(
        self, auth_ref: ty.Any, request: requests.AuthTokenRequest
    ) -> None:
        super()._confirm_token_bind(auth_ref, request)
        if request.service_token:
            self._require_certificate(request, auth_ref._data['token'])

    def _is_forwarded(self, request: requests.AuthTokenRequest) -> bool:
        """Whether another service vouches for the user's token.

        It has its own certificate, and not the user's.
        """
        return bool(
            self._service_token_roles_required
            and request.service_token
            and request.service_token_valid
        )

    def _require_certificate(
        self, request: requests.AuthTokenRequest, token: dict[str, ty.Any]
    ) -> None:
        bound_to = token.get('oauth2_credential')
        if bound_to is None:
            return
        thumbprint = bound_to.get('x5t#S256') or ''
        certificate = self._options.certificates.read(request.environ)
        if not confirmations.Confirmation(thumbprint).holds(certificate):
            LOG.info('A certificate-bound token came without its certificate')
            self._counts.add('refused.certificate')
            raise auth_token.InvalidToken('Token authorization failed')

    def _is_metadata(self, environ: Environ) -> bool:
        resource = self._options.resource or ''
        path = environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
        return bool(path == protected_resource.path(resource))

    def _metadata(self, environ: Environ) -> ty.Any:
        if environ['REQUEST_METHOD'] not in ('GET', 'HEAD'):
            return webob.exc.HTTPMethodNotAllowed(
                headers={'Allow': 'GET, HEAD'}
            )
        options = self._options
        return webob.Response(
            json_body=protected_resource.document(
                options.resource or '', options.issuer
            ),
            cache_control='public, max-age=300',
        )

    def _bad_request(self, message: str) -> ty.Any:
        return _error(
            webob.exc.HTTPBadRequest,
            message,
            {'WWW-Authenticate': self._bearer('invalid_request')},
        )

    def _challenge(self, environ: Environ) -> str:
        was_sent = 'HTTP_X_AUTH_TOKEN' in environ
        return self._bearer('invalid_token' if was_sent else None)

    def _bearer(self, error: str | None) -> str:
        resource = self._options.resource
        return bearer.challenge(
            error, resource and protected_resource.url(resource)
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


def _use_bearer_token(environ: Environ) -> None:
    """Move the token from ``Authorization`` to where services read it.

    :raises ValueError: there are two different ones (RFC 6750, 2), or it is
        malformed.
    """
    token = bearer.token(environ['HTTP_AUTHORIZATION'])
    if token is None:
        return
    for key in ('HTTP_X_AUTH_TOKEN', 'HTTP_X_STORAGE_TOKEN'):
        if environ.get(key, token).strip() != token:
            raise ValueError('The request has two different tokens.')
    environ['HTTP_X_AUTH_TOKEN'] = token


def _token_info(
    entry: remembered.Entry, catalog: catalogs.Catalog | None, token: str
) -> dict[str, ty.Any]:
    # A new one each time: services may change it. The catalog is too large.
    data = entry.body.copy()
    # As keystoneclient does, with which auth_token validates tokens.
    said = data['token']
    said['auth_token'] = token
    said['version'] = 'v3'
    if catalog is not None:
        said['catalog'] = catalog.services
    return data


def _unavailable(message: str) -> webob.exc.HTTPException:
    return _error(
        webob.exc.HTTPServiceUnavailable,
        message,
        {'Retry-After': _RETRY_AFTER},
    )


def _error(
    kind: ty.Any, message: str, headers: dict[str, str]
) -> webob.exc.HTTPException:
    body = {
        'error': {'code': kind.code, 'title': kind.title, 'message': message}
    }
    return ty.cast(
        webob.exc.HTTPException,
        kind(
            body=json.dumps(body).encode(),
            headers=headers,
            charset='UTF-8',
            content_type='application/json',
        ),
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
