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

"""Servers of trusted issuers."""

import http.server
import json
import pathlib
import ssl
import threading

import fixtures

from keystone_oauth2 import fixture

DISCOVERY = '/.well-known/openid-configuration'
JWKS = '/keys'


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        content = self.server.documents.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *arguments):
        pass


class IssuerServer(fixtures.Fixture):
    """An issuer with a discovery document and a key set, over TLS.

    :param keys: of its JWK set.
    :ivar documents: what it sends, by path.
    :ivar requests: the paths of all requests.
    :ivar ca_file: with the CA of its certificate.
    """

    def __init__(self, *keys):
        super().__init__()
        self._keys = list(keys)

    def _setUp(self):
        folder = self.useFixture(fixtures.TempDir()).path
        authority = fixture.CertificateAuthority()
        self.ca_file = f'{authority.write(folder)}'
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*authority.server().write(folder, 'server'))
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        server.daemon_threads = True
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        self.url = f'https://127.0.0.1:{server.server_port}'
        self.documents = server.documents = {
            DISCOVERY: {'issuer': self.url, 'jwks_uri': self.url + JWKS},
            JWKS: {'keys': self._keys},
        }
        self.requests = server.requests = []
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def write(self, name, content):
        """Write a file next to the CA, and return its path."""
        path = pathlib.Path(self.ca_file).with_name(name)
        path.write_text(content)
        return f'{path}'
