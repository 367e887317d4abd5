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

"""Real servers on this machine, and what they send."""

import socket
import ssl
import threading

import fixtures

OK = b'HTTP/1.1 200 OK\r\n'


class Server(fixtures.Fixture):
    """A TLS server that sends the same to each client, and keeps requests.

    :param authority: issues its certificate; None for no TLS at all.
    :param respond: sends the response; is given the server and the socket.
    :param address: of this machine.
    :ivar connections: how many there were.
    """

    def __init__(self, authority, respond, address='127.0.0.1'):
        super().__init__()
        self.authority = authority
        self.respond = respond
        self.address = address
        self.requests = []
        self.connections = 0

    def _setUp(self):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.authority is not None:
            folder = self.useFixture(fixtures.TempDir()).path
            self.tls.load_cert_chain(
                *self.authority.server().write(folder, 'server')
            )
        self.over = threading.Event()
        is_ipv6 = ':' in self.address
        self.listener = socket.create_server(
            (self.address, 0),
            family=socket.AF_INET6 if is_ipv6 else socket.AF_INET,
        )
        self.addCleanup(self.listener.close)
        # Closing it alone does not end the wait for a connection.
        self.addCleanup(self.listener.shutdown, socket.SHUT_RDWR)
        self.addCleanup(self.over.set)
        self.port = self.listener.getsockname()[1]
        host = f'[{self.address}]' if is_ipv6 else self.address
        self.url = f'https://{host}:{self.port}/path'
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection:
                    self._talk(connection)
            except OSError:
                if self.over.is_set():
                    return

    def _talk(self, connection):
        if self.authority is None:
            self.respond(self, connection)
            return
        with self.tls.wrap_socket(connection, server_side=True) as secure:
            received = b''
            while not received.endswith(b'\r\n\r\n'):
                received += secure.recv(65536)
            self.requests.append(received.decode())
            self.respond(self, secure)


def sends(*parts):
    """Return a function that sends these, and ends the connection."""

    def respond(server, connection):
        for part in parts:
            connection.sendall(part)

    return respond


def repeats(first, again, pause=0.0):
    """Return a function that sends something again and again.

    :param pause: between, in seconds.
    """

    def respond(server, connection):
        connection.sendall(first)
        while not server.over.wait(pause):
            connection.sendall(again)

    return respond


def waits(server, connection):
    """Send nothing."""
    server.over.wait()


def has_ipv6():
    """Whether something can listen at ``::1``."""
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
