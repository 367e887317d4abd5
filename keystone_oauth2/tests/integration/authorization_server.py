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

"""Keystone over TLS as an authorization server with an issuer."""

import base64
import hashlib
import pathlib
import random
import socket
import ssl

from testtools import content

from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _http
from keystone_oauth2.fixture import _process
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls

METHODS = [
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
    'self_signed_tls_client_auth',
    'tls_client_auth',
]


class AuthorizationServer(fixture.KeystoneServer):
    """Keystone at the root of its host, as its metadata URL requires.

    :param provider: the token provider.
    :param options: further options, by group.
    """

    def __init__(self, provider='fernet', options=None):
        self.port = _free_port()
        self.issuer = f'https://127.0.0.1:{self.port}/v3'
        # Another name for the same host: to clients, it is another host.
        self.mtls_endpoint = f'https://localhost:{self.port}/v3'
        own = {
            'oauth2': {
                'issuer': self.issuer,
                'mtls_endpoint': self.mtls_endpoint,
                'oauth2_authn_methods': METHODS,
            },
            'token': {'provider': provider},
        }
        super().__init__(_configuration.merge(own, options or {}), prefix='')

    def _serve(self):
        return self.start_node(self.port).url

    def start_node(self, port=0, config_file=None):
        """Start a process on the same database and with the same keys.

        :param config_file: by default, the one of the other nodes.
        """
        return self.useFixture(
            _process.Server(
                'keystone',
                config_file or self.deployment.config_file,
                self.authority,
                port=port,
            )
        )

    def start_other_node(self, options):
        """Start a process with some other options."""
        path = self.folder / f'other-{len(list(self.folder.iterdir()))}.conf'
        path.write_text(
            _configuration.render(
                _configuration.merge(self.deployment.options, options)
            )
        )
        return self.start_node(config_file=path)


class AuthorizationServerTestCase(base.TestCase):
    """One server for each class; a client, and a user with a certificate."""

    provider = 'fernet'
    options = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keystone = cls.use(AuthorizationServer(cls.provider, cls.options))
        cls.identity = cls.keystone.client
        cls.issuer = cls.keystone.issuer
        cls.token_url = f'{cls.issuer}/OS-OAUTH2/token'
        cls.introspection_url = f'{cls.issuer}/OS-OAUTH2/introspect'
        cls.revocation_url = f'{cls.issuer}/OS-OAUTH2/revoke'
        cls.identity.create_mapping(mutual_tls.MAPPING, mutual_tls.RULES)
        cls.project = cls.identity.create_project()
        cls.user = cls.identity.create_user(cls.project, ['member'])
        cls.client = cls.identity.create_application_credential(cls.user)
        cls.files = cls.certificate_files(cls.user)

    @classmethod
    def use(cls, server):
        """Start a fixture for the whole class."""
        server.setUp()
        cls.addClassCleanup(server.cleanUp)
        return server

    @classmethod
    def certificate_files(cls, user, name='client'):
        """Return the files of a certificate for a user, and of its key."""
        certificate = cls.keystone.authority.client([('CN', user.name)])
        return tuple(map(str, certificate.write(cls.keystone.folder, name)))

    @classmethod
    def register(cls, user, client, kind, **members):
        """Register an authenticator as the owner, and return it."""
        token = cls.identity.token_for(user)
        request = cls.https().request
        return clients.register(request, token, client, kind, **members)

    @classmethod
    def register_key(cls, user, client, algorithm='ES256'):
        """Register a new key for a client, and return its signer."""
        signer = assertions.Signer(client.id, cls.issuer, algorithm)
        cls.register(user, client, 'key', jwk=signer.jwk)
        return signer

    def setUp(self):
        super().setUp()
        self.addOnException(
            lambda _: self.addDetail(
                'keystone.log', content.text_content(self.keystone.log)
            )
        )

    def issue(self, client=None, files=None, resources=(), url=None):
        """Return an access token for a client, or for the certificate.

        :param files: of the certificate and its key.
        :param resources: for which it is asked for.
        :param url: of another node.
        """
        client = client or self.client
        form = [('grant_type', 'client_credentials')]
        form += [('resource', resource) for resource in resources]
        if files:
            form.append(('client_id', self.user.id))
        else:
            form.append(('client_id', client.id))
            form.append(('client_secret', client.secret))
        answer = self.https(files, url).request(
            'POST', '/v3/OS-OAUTH2/token', form=form
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def confirmation(self):
        """Return the confirmation of a token bound to the certificate."""
        pem = pathlib.Path(self.files[0]).read_text()
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()
        thumbprint = base64.urlsafe_b64encode(digest).decode().rstrip('=')
        return {'x5t#S256': thumbprint}

    def revoke(self, token, client=None):
        """Revoke a token as its client (RFC 7009)."""
        client = client or self.client
        answer = self.https().request(
            'POST',
            '/v3/OS-OAUTH2/revoke',
            form={
                'token': token,
                'client_id': client.id,
                'client_secret': client.secret,
            },
        )
        self.assertEqual(200, answer.status, answer.text)

    @classmethod
    def https(cls, files=None, url=None):
        """Return an HTTPS client for Keystone, or for another URL."""
        return _http.HTTPSClient(
            url or cls.keystone.url, cls.keystone.ca_file, files
        )

    def assert_valid(self, token):
        """Assert that Keystone accepts a token."""
        self.assertEqual(200, self.identity.validate(token).status)

    def assert_invalid(self, token):
        """Assert that Keystone refuses a token."""
        self.assertEqual(404, self.identity.validate(token).status)


def _free_port():
    # Below the ephemeral ports, which the system may assign to others while
    # this server starts.
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as listener:
            if listener.connect_ex(('127.0.0.1', port)):
                return port
    raise AssertionError('100 ports are in use')
