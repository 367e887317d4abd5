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

"""Two Keystones that differ in one line of keystone.conf."""

import pathlib
import time
import urllib.parse
import uuid

from cryptography.hazmat.primitives.asymmetric import ec
import fixtures
import jwt

from bench import data
from bench import load
from bench import servers
from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _http
from keystone_oauth2.protocol.client_auth import evidence

TOKEN = '/v3/OS-OAUTH2/token'
INTROSPECT = '/v3/OS-OAUTH2/introspect'
GRANT = {'grant_type': 'client_credentials'}
_LIFETIME = 600
_RULES = [
    {
        'local': [{'user': {'name': '{0}', 'domain': {'id': 'default'}}}],
        'remote': [{'type': 'SSL_CLIENT_SUBJECT_DN_CN'}],
    }
]


class Side(fixtures.Fixture):
    """A Keystone: its deployment, its server, and a client.

    :param name: of the side, for reports.
    :param enable: whether the extension serves the API.
    """

    def __init__(
        self,
        name: str,
        folder: pathlib.Path,
        database: str,
        workers: int,
        *,
        enable: bool,
    ) -> None:
        super().__init__()
        self.name = name
        self.enable = enable
        self._folder = folder
        self._database = database
        self._workers = workers

    def _setUp(self) -> None:
        database = self.useFixture(data.Database(self._database))
        options = {**data.OPTIONS, **database.options}
        self.deployment = data.build(self._folder, options, enable=self.enable)
        self.server = self.useFixture(
            servers.Server(self.deployment.config_file, self._workers)
        )
        self._create()

    def _create(self) -> None:
        host, port = self.server.address
        authority = fixture.CertificateAuthority()
        ask = _http.HTTPSClient(
            f'http://{host}:{port}', authority.write(self._folder)
        ).request
        identity = fixture.IdentityClient(ask, self.deployment.admin_password)
        project = identity.create_project()
        user = identity.create_user(project, ['member', 'reader'])
        created = identity.create_application_credential(user)
        self.client = data.Client(created.id, created.secret)
        identity.create_mapping('oauth2_mapping', _RULES)
        pem = authority.client([('CN', user.name)]).pem
        self.user_id = user.id
        self.certificate = urllib.parse.quote(pem)
        self.admin_token = identity.admin_token()
        self.user_token = identity.token_for(user)
        if self.enable:
            self._register(ask)

    def _register(self, ask: _http.Request) -> None:
        path = f'/v3/OS-OAUTH2/clients/{self.client.id}'
        answer = ask(
            'POST',
            f'{path}/secrets',
            token=self.user_token,
            json={'secret': {}},
        )
        secret = answer.json['secret']['secret']
        self.registered = data.Client(self.client.id, secret)
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = jwt.algorithms.ECAlgorithm.to_jwk(
            self._key.public_key(), as_dict=True
        )
        ask(
            'POST',
            f'{path}/keys',
            token=self.user_token,
            json={'key': {'jwk': public}},
        )

    def assertion_request(self) -> load.Request:
        """Return a token request with a new client assertion."""
        claims = {
            'iss': self.client.id,
            'sub': self.client.id,
            'aud': data.ISSUER,
            'exp': int(time.time()) + _LIFETIME,
            'jti': uuid.uuid4().hex,
        }
        return load.request(
            'POST',
            TOKEN,
            {
                **GRANT,
                'client_assertion_type': evidence.ASSERTION_TYPE,
                'client_assertion': jwt.encode(
                    claims, self._key, algorithm='ES256'
                ),
            },
        )

    def token_request(
        self, client: data.Client, status: int = 200, source: str = '127.0.0.1'
    ) -> load.Request:
        """Return a token request with a client secret."""
        return load.request(
            'POST',
            TOKEN,
            GRANT,
            load.basic(client.id, client.secret),
            status=status,
            source=source,
        )
