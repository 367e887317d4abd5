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

"""The servers: two Keystones that differ in one line of keystone.conf."""

import collections.abc as abc
import dataclasses
import pathlib
import time
import typing as ty
import urllib.parse
import uuid

from cryptography.hazmat.primitives.asymmetric import ec
import fixtures
import jwt
import requests

from bench import data
from bench import front_end
from bench import load
from bench import meters
from bench import servers
from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _example_service
from keystone_oauth2.fixture import _http
from keystone_oauth2.protocol.client_auth import evidence

TOKEN = '/v3/OS-OAUTH2/token'
INTROSPECT = '/v3/OS-OAUTH2/introspect'
GRANT = {'grant_type': 'client_credentials'}
_Attached = ty.TypeVar('_Attached', bound=fixtures.Fixture)

_LIFETIME = 600
# The cheapest bcrypt, as a power of two.
_CHEAPEST = 4
_RULES = [
    {
        'local': [{'user': {'name': '{0}', 'domain': {'id': 'default'}}}],
        'remote': [{'type': 'SSL_CLIENT_SUBJECT_DN_CN'}],
    }
]


@dataclasses.dataclass(frozen=True)
class Settings:
    """The size of the benchmark, and what the servers use.

    :ivar database: sqlite, postgresql or mariadb.
    :ivar cache: memory or memcached.
    :ivar seconds: duration of each measurement.
    :ivar slice: duration of one where servers alternate, in seconds.
    :ivar slices: number of these for each server.
    :ivar workers: number of processes of a server, and of connections.
    :ivar clients: number of clients in the cases with many clients.
    :ivar sample: number of them that the in-tree endpoint gets.
    :ivar attack: wrong secrets per second.
    """

    database: str
    cache: str
    seconds: float
    slice: float
    slices: int
    workers: int
    clients: int
    sample: int
    attack: float


class Side(fixtures.Fixture):
    """A server that issues tokens, and its clients.

    :ivar server: what handles the requests.
    :ivar client: a client with a secret.
    :ivar many: more clients.
    """

    #: The path of the token endpoint.
    token = TOKEN
    server: servers.Server
    client: data.Client
    many: list[data.Client]

    def __init__(
        self, name: str, folder: pathlib.Path, database: str, cache: str
    ) -> None:
        super().__init__()
        self.name = name
        self._folder = folder
        self.database = data.Database(database, folder / 'bench.db')
        self.cache = servers.Cache(cache)

    def _setUp(self) -> None:
        self._folder.mkdir()
        self.useFixture(self.database)
        self.useFixture(self.cache)

    def read(self) -> meters.Reading:
        """Return what the servers have done so far."""
        workers = self.server.worker_ids()
        return meters.Reading(
            worker=meters.processor_seconds(workers),
            database=meters.processor_seconds(self.database.processes()),
            cache=meters.processor_seconds(self.cache.processes),
            database_trips=meters.sent_segments(workers, self.database.port),
            cache_trips=meters.sent_segments(workers, self.cache.port),
            requests=self.server.requests(),
        )

    def token_request(
        self, client: data.Client, status: int = 200, source: str = '127.0.0.1'
    ) -> load.Request:
        """Return a token request with a client secret."""
        return load.request(
            'POST',
            self.token,
            GRANT,
            load.basic(client.id, client.secret),
            status=status,
            source=source,
        )


class Keystone(Side):
    """A Keystone.

    :param name: of the side, for reports.
    :param settings: the size of the benchmark.
    :param enable: whether the extension serves the API.
    :param options: in addition to those of all.
    :ivar issues_jwts: whether access tokens are JWTs.
    :ivar workers: number of processes.
    """

    def __init__(
        self,
        name: str,
        folder: pathlib.Path,
        settings: Settings,
        *,
        enable: bool,
        options: _configuration.Options,
    ) -> None:
        super().__init__(name, folder, settings.database, settings.cache)
        self.enable = enable
        self._options = options
        self._settings = settings
        self.workers = settings.workers
        self.issues_jwts = 'oauth2_tokens' in options
        self._attached: dict[object, fixtures.Fixture] = {}

    def _setUp(self) -> None:
        super()._setUp()
        options = _configuration.merge(
            data.OPTIONS,
            {
                'cache': self.cache.options,
                'database': {'connection': self.database.url},
            },
            self._options,
        )
        self.deployment = data.build(self._folder, options, enable=self.enable)
        server = servers.Server(
            'bench.application',
            {'BENCH_CONFIG_FILE': str(self.deployment.config_file)},
            self._folder,
            self.workers,
        )
        self.authority = fixture.CertificateAuthority()
        self.front_end = front_end.FrontEnd(
            server.url, self.authority, self._folder
        )
        data.publish(
            self.deployment,
            {
                'internal': f'{server.url}/v3',
                'public': f'{self.front_end.url}/v3',
            },
        )
        if self.issues_jwts:
            self.useFixture(self.front_end)
        self.server = self.useFixture(server)
        self._create()
        self.many = self._copy(self._settings.clients)
        self.cheap = self._copy(1, _CHEAPEST)[0]
        self.client_token = self.request_token()

    def _copy(
        self, count: int, rounds: int | None = None
    ) -> list[data.Client]:
        return data.multiply(
            self.deployment,
            self.client,
            count,
            prime=self.enable,
            rounds=rounds,
        )

    def request_token(self) -> str:
        """Return a new access token of the client."""
        answer = requests.post(
            f'{self.server.url}{TOKEN}',
            data=GRANT,
            auth=(self.client.id, self.client.secret),
            timeout=60,
        )
        return ty.cast(str, answer.json()['access_token'])

    def _create(self) -> None:
        ask = _http.HTTPSClient(
            self.server.url, self.front_end.authority_file
        ).request
        identity = fixture.IdentityClient(ask, self.deployment.admin_password)
        project = identity.create_project()
        user = identity.create_user(project, ['member', 'reader'])
        self._ask, self._identity, self._user = ask, identity, user
        self.client = self.create_client()
        identity.create_mapping('oauth2_mapping', _RULES)
        pem = self.authority.client([('CN', user.name)]).pem
        self.user_id = user.id
        self.certificate = urllib.parse.quote(pem)
        self.admin_token = identity.admin_token()
        self.user_token = identity.token_for(user)
        services = identity.create_project('services')
        self._service = identity.create_user(
            services, ['service'], name='service'
        )
        if self.enable:
            client_id = self.create_client().id
            secret = self.register(client_id, 'secret', 'secrets')['secret']
            self.registered = data.Client(client_id, secret)
            self._key = self.register_key(client_id)

    def create_client(self) -> data.Client:
        """Return a new client of the user."""
        made = self._identity.create_application_credential(self._user)
        return data.Client(made.id, made.secret)

    def register(
        self, client_id: str, kind: str, collection: str, **wanted: ty.Any
    ) -> dict[str, ty.Any]:
        """Register an authenticator of a client, and return it."""
        answer = self._ask(
            'POST',
            f'/v3/OS-OAUTH2/clients/{client_id}/{collection}',
            token=self.user_token,
            json={kind: wanted},
        )
        return ty.cast(dict[str, ty.Any], answer.json[kind])

    def register_key(self, client_id: str) -> ec.EllipticCurvePrivateKey:
        """Register a new key of a client, and return it."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(
            key.public_key(), as_dict=True
        )
        self.register(client_id, 'key', 'keys', jwk=public)
        return key

    def attach(self, kind: abc.Callable[['Keystone'], _Attached]) -> _Attached:
        """Return a fixture of a kind for this Keystone.

        It is set up when it is needed first, and lives as long as Keystone.
        """
        if kind not in self._attached:
            self._attached[kind] = self.useFixture(kind(self))
        return ty.cast(_Attached, self._attached[kind])

    def service_options(self) -> dict[str, ty.Any]:
        """Return the options of keystonemiddleware for a service."""
        settings = _example_service.settings(
            self.server.url,
            str(self.front_end.authority_file),
            self._service.name,
            self._service.password,
            'services',
        )
        return {
            **settings[_example_service.SECTION],
            'interface': 'internal',
            'service_token_roles_required': True,
        }

    def filter_options(self) -> dict[str, str]:
        """Return the options that our filter has in addition.

        It trusts only what it gets over TLS.
        """
        return {
            'oauth2_issuer': data.ISSUER,
            # Without discovery: Keystone does not know of the front end.
            'auth_type': 'v3password',
            'auth_url': f'{self.front_end.url}/v3',
            'interface': 'public',
        }

    def assertion_request(self) -> load.Request:
        """Return a token request with a new client assertion."""
        return by_assertion(
            self.registered.id, own_jwt(self.registered.id, self._key)
        )


def own_jwt(client_id: str, key: ec.EllipticCurvePrivateKey) -> str:
    """Return a new assertion that a client signs."""
    claims = {
        'iss': client_id,
        'sub': client_id,
        'aud': data.ISSUER,
        'exp': int(time.time()) + _LIFETIME,
        'jti': uuid.uuid4().hex,
    }
    return jwt.encode(claims, key, algorithm='ES256')


def by_assertion(client_id: str, assertion: str) -> load.Request:
    """Return a token request with a client assertion."""
    return load.request(
        'POST',
        TOKEN,
        {
            **GRANT,
            'client_id': client_id,
            'client_assertion_type': evidence.ASSERTION_TYPE,
            'client_assertion': assertion,
        },
    )
