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

"""The deployment that the demo runs on."""

from __future__ import annotations

import contextlib
import importlib.metadata
import pathlib
import random
import secrets
import socket
import typing

from demo import terminal
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.fixture import _example_service
from keystone_oauth2.fixture import _http
from keystone_oauth2.fixture import _identity
from keystone_oauth2.fixture import _process
from keystone_oauth2.fixture import _serve
from keystone_oauth2.fixture import certificates

AUTHORITY = 'ca.demo.example'
MAPPING = 'oauth2_mapping'
SHORT_LIFE = 4

OPTIONS: _configuration.Options = {
    'oauth2': {
        # Keystone runs without a proxy.
        'trusted_proxies': '127.0.0.1',
        'oauth2_authn_methods': [
            'client_secret_basic',
            'client_secret_post',
            'federated_jwt',
            'private_key_jwt',
            'tls_client_auth',
        ],
        'oauth2_cert_dn_mapping_id': MAPPING,
    },
    # Accepts JWT access tokens, which are not issued yet.
    'token': {'provider': 'oauth2_fernet'},
}
JWT_OPTIONS: _configuration.Options = {'oauth2_tokens': {'format': 'jwt'}}

# As in Keystone's Mutual-TLS guide: every property must match the user.
RULES = [
    {
        'local': [
            {
                'user': {
                    'name': '{0}',
                    'id': '{1}',
                    'email': '{2}',
                    'domain': {'name': '{3}', 'id': '{4}'},
                }
            }
        ],
        'remote': [
            {'type': 'SSL_CLIENT_SUBJECT_DN_CN'},
            {'type': 'SSL_CLIENT_SUBJECT_DN_UID'},
            {'type': 'SSL_CLIENT_SUBJECT_DN_EMAILADDRESS'},
            {'type': 'SSL_CLIENT_SUBJECT_DN_O'},
            {'type': 'SSL_CLIENT_SUBJECT_DN_DC'},
            {
                'type': 'SSL_CLIENT_ISSUER_DN_CN',
                'any_one_of': [AUTHORITY],
            },
        ],
    }
]

CertificateFiles = tuple[pathlib.Path, pathlib.Path]


class Stage:
    """Keystone and a service over HTTPS, with users and certificates.

    There are two Keystones on one database: ``url`` is the main one, and the
    tokens of ``short_url`` expire after ``SHORT_LIFE`` seconds.

    :param folder: for all files.
    :param port: port of the main Keystone; 0 for any free port.
    :ivar issuer: the issuer identifier, below the URL of the main Keystone.
    """

    def __init__(
        self, folder: pathlib.Path, port: int, out: terminal.Terminal
    ) -> None:
        self.folder = folder
        self._port = port or _free_port()
        self.issuer = f'https://{_serve.ADDRESS}:{self._port}/v3'
        self._out = out

    def __enter__(self) -> Stage:
        with contextlib.ExitStack() as stack:
            self._servers = stack
            self._set_up()
            self._servers = stack.pop_all()
        return self

    def __exit__(self, *_exception: typing.Any) -> None:
        self._servers.close()

    def stop_keystone(self) -> None:
        """Stop both Keystones."""
        self._keystones.close()

    def start_keystone(self, options: _configuration.Options) -> None:
        """Start the main Keystone at the same URL.

        :param options: added to its configuration.
        """
        config_file = self._configuration('keystone-again', options)
        self._keystone(config_file, self._port).wait()

    def _set_up(self) -> None:
        self.authority = certificates.CertificateAuthority(AUTHORITY)
        self.ca_file = self.authority.write(self.folder)
        version = importlib.metadata.version('keystone')
        with self._out.progress(
            f'Creating database and keys, and bootstrapping Keystone {version}'
        ):
            self.deployment = self._build()
        with self._out.progress('Starting Keystone over HTTPS'):
            self._start_keystone()
        with self._out.progress(
            'Creating users, a project, certificates and a mapping'
        ):
            self._populate()
        with self._out.progress('Starting the example service'):
            self.service_url = self._start_service()

    def client(
        self, url: str, certificate: CertificateFiles | None = None
    ) -> _http.HTTPSClient:
        """Return a client that trusts the demo's CA."""
        return _http.HTTPSClient(url, self.ca_file, certificate)

    def _build(self) -> _deployment.Deployment:
        folder = self.folder / 'keystone'
        folder.mkdir(mode=0o700)
        built = _deployment.Deployment(
            folder,
            _configuration.merge(OPTIONS, {'oauth2': {'issuer': self.issuer}}),
            admin_password=secrets.token_urlsafe(16),
        )
        built.build()
        return built

    def _start_keystone(self) -> None:
        self._keystones = self._servers.enter_context(contextlib.ExitStack())
        usual = self._keystone(self.deployment.config_file, self._port)
        short_options = {'token': {'expiration': SHORT_LIFE}}
        short = self._keystone(
            self._configuration('keystone-short', short_options), 0
        )
        usual.wait()
        short.wait()
        self.url = usual.url
        self.short_url = short.url
        self.admin = _identity.IdentityClient(
            self.client(self.url).request, self.deployment.admin_password
        )
        self.admin.publish(self.url)

    def _configuration(
        self, name: str, options: _configuration.Options
    ) -> pathlib.Path:
        folder = self.deployment.folder
        merged = _configuration.merge(
            self.deployment.options,
            {'DEFAULT': {'log_file': f'{folder}/{name}.log'}},
            options,
        )
        config_file = folder / f'{name}.conf'
        config_file.write_text(_configuration.render(merged))
        return config_file

    def _keystone(
        self, config_file: pathlib.Path, port: int
    ) -> _process.Server:
        keystone = _process.Server(
            'keystone',
            config_file,
            self.authority,
            port=port,
            wait=False,
        )
        return self._keystones.enter_context(keystone)

    def _populate(self) -> None:
        project = self.admin.create_project('demo')
        self.alice = self.admin.create_user(
            project, ['member'], name='alice', email='alice@demo.example'
        )
        self.robot = self.admin.create_user(
            project, ['member'], name='robot', email='robot@demo.example'
        )
        self.robot_certificate = self._certificate(self.robot)
        self.robot_files = self.robot_certificate.write(self.folder, 'robot')
        self.alice_files = self._certificate(self.alice).write(
            self.folder, 'alice'
        )
        self.admin.create_mapping(MAPPING, RULES)

    def _certificate(self, user: _identity.User) -> certificates.Credential:
        return self.authority.client(
            [
                ('UID', user.id),
                ('O', 'Default'),
                ('DC', user.domain_id),
                ('emailAddress', user.email or ''),
                ('CN', user.name),
            ]
        )

    def _start_service(self) -> str:
        config_file = self.folder / 'service.conf'
        _example_service.write_configuration(
            config_file, self.admin, self.url, self.ca_file, self.issuer
        )
        example = _process.Server(
            _example_service.APPLICATION,
            config_file,
            self.authority,
            wait=False,
        )
        self._servers.enter_context(example).wait()
        # Its filter fetches keys and events from the first request on.
        self.client(example.url).request('GET', '/local')
        return example.url


def _free_port() -> int:
    # The port is used later, so choose one below the ephemeral port range.
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as trial:
            if trial.connect_ex((_serve.ADDRESS, port)):
                return port
    raise _process.ServerError('100 ports are in use')
