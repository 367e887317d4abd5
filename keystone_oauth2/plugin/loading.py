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

"""The options of the plugin ``v3oauth2client``."""

import functools
import os
import typing as ty

from keystoneauth1 import exceptions
from keystoneauth1 import loading

from keystone_oauth2.plugin import authorization_server
from keystone_oauth2.plugin import client
from keystone_oauth2.plugin import credentials
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.clients import jwk

_BASIC = 'client_secret_basic'
_POST = 'client_secret_post'
_JWT = 'private_key_jwt'
_FEDERATED = 'federated_jwt'
_SPIFFE = 'spiffe_jwt'
_TLS = ('tls_client_auth', 'self_signed_tls_client_auth')
#: Client authentication methods, with the names that the server has for them,
#: and the options of which each needs exactly one. The certificate may be that
#: of the session.
METHODS: dict[str, tuple[str, ...]] = {
    _BASIC: ('oauth2_client_secret', 'oauth2_client_secret_file'),
    _POST: ('oauth2_client_secret', 'oauth2_client_secret_file'),
    _JWT: ('oauth2_key_file', 'oauth2_assertion_file'),
    _FEDERATED: ('oauth2_assertion_file',),
    _SPIFFE: ('oauth2_assertion_file',),
    **dict.fromkeys(_TLS, ()),
}
_CREDENTIALS = METHODS[_BASIC] + METHODS[_JWT]
_FILES = (
    'oauth2_assertion_file',
    'oauth2_certfile',
    'oauth2_client_secret_file',
    'oauth2_key_file',
    'oauth2_keyfile',
)

Values = dict[str, ty.Any]


class OAuth2Client(loading.BaseV3Loader[client.OAuth2Client]):
    """Authenticate with OAuth 2.0, and keep the access token."""

    @property
    def plugin_class(self) -> type[client.OAuth2Client]:
        """The class of the plugin."""
        return client.OAuth2Client

    def get_options(self) -> list[loading.Opt]:
        """Return the options of this plugin, and those of a scope."""
        return [*super().get_options(), *_OPTIONS]

    def load_from_options(self, **kwargs: ty.Any) -> client.OAuth2Client:
        """Return a plugin.

        :raises keystoneauth1.exceptions.OptionError: options are missing, or
            contradict each other; the message names them.
        """
        values = {
            name: os.path.expanduser(value) if name in _FILES else value
            for name, value in kwargs.items()
            if value not in (None, '')
        }
        return super().load_from_options(**values)

    def create_plugin(self, **values: ty.Any) -> client.OAuth2Client:
        """Return a plugin with options that are given."""
        for name in (
            'auth_url',
            'oauth2_authorization_server',
            'oauth2_endpoint',
        ):
            _check_url(name, values.get(name))
        credential = _credential(_method(values), values)
        certfile = values.pop('oauth2_certfile', None)
        keyfile = values.pop('oauth2_keyfile', None)
        if keyfile and not certfile:
            raise exceptions.OptionError(
                'oauth2_keyfile needs oauth2_certfile: set both'
            )
        rest = {
            name: value
            for name, value in values.items()
            if name not in _OF_CREDENTIAL
        }
        cert = (certfile, keyfile) if keyfile else certfile
        return client.OAuth2Client(credential=credential, cert=cert, **rest)


_OPTIONS = [
    loading.Opt(
        'oauth2-client-id',
        required=True,
        help='Client identifier: the ID of an application credential, or of '
        'a user with a certificate',
    ),
    loading.Opt(
        'oauth2-authorization-server',
        help='Issuer identifier of the authorization server, from whose '
        'metadata the token endpoint is taken (default: the auth URL)',
    ),
    loading.Opt(
        'oauth2-endpoint',
        help='URL of the token endpoint (default: the one in the metadata)',
    ),
    loading.Opt(
        'oauth2-auth-method',
        help='Client authentication method: one of '
        f'{", ".join(METHODS)} (default: by the credential that is given)',
    ),
    loading.Opt(
        'oauth2-client-secret', secret=True, help='Secret of the client'
    ),
    loading.Opt(
        'oauth2-client-secret-file',
        help='File with the secret of the client, read for each token request',
    ),
    loading.Opt(
        'oauth2-key-file',
        help='File with the private key of the client, as PEM without a '
        'passphrase or as a JWK, read for each token request',
    ),
    loading.Opt(
        'oauth2-key-id',
        help='Key ID for the assertions (default: that of the JWK)',
    ),
    loading.Opt(
        'oauth2-signing-alg',
        help='Algorithm for the assertions (default: the preferred one for '
        'the key)',
    ),
    loading.Opt(
        'oauth2-assertion-file',
        help='File with a JWT that identifies the client, read for each token '
        'request',
    ),
    loading.Opt(
        'oauth2-certfile',
        help='PEM file with the certificate of the client, for connections to '
        'Keystone and to services',
    ),
    loading.Opt(
        'oauth2-keyfile',
        help='PEM file with the private key of the certificate (default: it '
        'is in the file with the certificate)',
    ),
    loading.Opt('oauth2-scope', help='Scope to request'),
    loading.Opt(
        'oauth2-resource-indicator',
        help='URL of the service for which the token is requested',
    ),
]
_OF_CREDENTIAL = {
    *_CREDENTIALS,
    'oauth2_auth_method',
    'oauth2_client_id',
    'oauth2_key_id',
    'oauth2_signing_alg',
}


def _check_url(name: str, url: str | None) -> None:
    if url is None:
        return
    if not authorization_server.is_https(url) or '?' in url:
        raise exceptions.OptionError(
            f'{name} must be a URL with https, without a user, query and '
            f'fragment'
        )


def _method(values: Values) -> str:
    """Return the method that is named, or the one for the credential."""
    given = [name for name in _CREDENTIALS if values.get(name)]
    if len(given) > 1:
        raise exceptions.OptionError(
            f'{given[0]} and {given[1]} exclude each other: remove one'
        )
    method = values.get('oauth2_auth_method')
    if method is None:
        return _default_method(given, values)
    if method not in METHODS:
        raise exceptions.OptionError(
            f'oauth2_auth_method must be one of {", ".join(METHODS)}'
        )
    allowed = METHODS[method]
    if bool(allowed) != bool(given) or not set(given) <= set(allowed):
        need = f'one of {", ".join(allowed)}' if allowed else 'a certificate'
        raise exceptions.OptionError(
            f'oauth2_auth_method {method} needs {need}, and no other '
            f'credential'
        )
    return ty.cast(str, method)


def _default_method(given: list[str], values: Values) -> str:
    if given:
        return _JWT if given[0] in METHODS[_JWT] else _BASIC
    if values.get('oauth2_certfile'):
        return _TLS[0]
    raise exceptions.OptionError(
        f'The client has no credential: set one of '
        f'{", ".join(_CREDENTIALS)}, oauth2_certfile, or '
        f'oauth2_auth_method if the certificate is that of the session'
    )


def _credential(method: str, values: Values) -> credentials.Credential:
    client_id = values['oauth2_client_id']
    _check_algorithm(values)
    if method in _TLS:
        return credentials.Certificate(client_id)
    if path := values.get('oauth2_assertion_file'):
        # A SPIFFE ID in the JWT would not decide: an issuer with an https URL
        # may send one as well.
        return credentials.AssertionFile(
            client_id,
            path,
            evidence.SPIFFE_ASSERTION_TYPE
            if method == _SPIFFE
            else evidence.ASSERTION_TYPE,
        )
    if method == _JWT:
        return credentials.PrivateKeyJWT(
            client_id,
            values['oauth2_key_file'],
            values.get('oauth2_key_id'),
            values.get('oauth2_signing_alg'),
        )
    kind = (
        credentials.ClientSecretBasic
        if method == _BASIC
        else credentials.ClientSecretPost
    )
    return kind(client_id, _secret(values))


def _secret(values: Values) -> ty.Callable[[], str]:
    option = 'oauth2_client_secret_file'
    if path := values.get(option):
        return functools.partial(credentials.read_line, option, path)
    secret: str = values['oauth2_client_secret']
    return lambda: secret


def _check_algorithm(values: Values) -> None:
    algorithm = values.get('oauth2_signing_alg')
    if algorithm is not None and algorithm not in jwk.ALGORITHMS:
        raise exceptions.OptionError(
            f'oauth2_signing_alg must be one of {", ".join(jwk.ALGORITHMS)}'
        )
    for name in ('oauth2_key_id', 'oauth2_signing_alg'):
        if values.get(name) and not values.get('oauth2_key_file'):
            raise exceptions.OptionError(
                f'{name} needs oauth2_key_file: set it, or remove {name}'
            )
