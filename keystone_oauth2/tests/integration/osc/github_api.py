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

"""The part of the API of GitHub that the commands use."""

import http.server
import json
import ssl
import threading

import fixtures


class GitHubAPI(fixtures.Fixture):
    """Responds to each request over TLS as a test tells it.

    :param authority: issues its certificate.
    :ivar url: for ``--github-api``.
    :ivar requests: path and header fields of each request that it got.
    """

    def __init__(self, authority):
        super().__init__()
        self.requests = []
        self._authority = authority
        self.answer(404)

    def answer(self, status, body=None, **fields):
        """Respond in this way from now on.

        :param body: JSON, or the octets themselves.
        :param fields: header fields.
        """
        is_raw = isinstance(body, bytes)
        content = body if is_raw else json.dumps(body).encode()
        self.answered = status, content, fields

    def answer_repository(self, name, repository_id, owner_id):
        """Respond with a repository, as GitHub does."""
        owner, _, own_name = name.partition('/')
        self.answer(
            200,
            {
                'id': repository_id,
                'node_id': 'R_kgDOabc',
                'name': own_name,
                'full_name': name,
                'private': False,
                'owner': {'login': owner, 'id': owner_id, 'type': 'User'},
            },
        )

    def _setUp(self):
        folder = self.useFixture(fixtures.TempDir()).path
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            *self._authority.server().write(folder, 'server')
        )
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        server.api = self
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.url = f'https://127.0.0.1:{server.server_port}/api/v3'
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(
            target=server.serve_forever, args=(0.05,), daemon=True
        ).start()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        """Note a request, and respond to it."""
        self.server.api.requests.append((self.path, self.headers))
        status, content, fields = self.server.api.answered
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        """Write nothing."""
