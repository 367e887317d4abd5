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

import fixtures
import requests

from bench import servers
from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.fixture import _http

#: Whether the extension is enabled, by the name of the side.
SIDES = {'without': False, 'with': True}

# What the tests of security compliance expect; tempest.conf has it as well.
LOCKOUT_ATTEMPTS = 2
LOCKOUT_SECONDS = 5
UNIQUE_PASSWORDS = 2

_OPTIONS: _configuration.Options = {
    'DEFAULT': {'debug': False},
    # As in production. There is one process, so no other one could change what
    # it has cached.
    'cache': {'backend': 'dogpile.cache.memory'},
    'security_compliance': {
        'lockout_failure_attempts': LOCKOUT_ATTEMPTS,
        'lockout_duration': LOCKOUT_SECONDS,
        'unique_last_password_count': UNIQUE_PASSWORDS,
    },
}
# The in-tree API has no introspection.
_INTROSPECT = '/v3/OS-OAUTH2/introspect'


class Keystone(fixtures.Fixture):
    """A Keystone over HTTP: clients of the plugin know no CA of our own.

    One process handles one request after the other. With more of them, some
    requests would find the SQLite database locked, now on this side and now on
    the other.

    :param folder: an existing folder for its files and logs.
    :param enable: whether the extension is enabled.
    :ivar url: without ``/v3``.
    """

    url: str

    def __init__(self, folder: pathlib.Path, *, enable: bool) -> None:
        super().__init__()
        self._folder = folder
        self._enable = enable
        self.admin_password = _deployment.ADMIN_PASSWORD

    def _setUp(self) -> None:
        deployment = _deployment.Deployment(
            self._folder,
            _configuration.merge(_deployment.QUICK, _OPTIONS),
            enable=self._enable,
        )
        deployment.create()
        server = servers.Server(
            'bench.application',
            {'BENCH_CONFIG_FILE': str(deployment.config_file)},
            self._folder,
            workers=1,
        )
        host, port = self.useFixture(server).address
        self.url = f'http://{host}:{port}'
        self._publish()
        self._check()

    def _publish(self) -> None:
        ca_file = fixture.CertificateAuthority().write(self._folder)
        client = _http.HTTPSClient(self.url, ca_file)
        fixture.IdentityClient(client.request, self.admin_password).publish(
            self.url
        )

    def _check(self) -> None:
        answer = requests.post(f'{self.url}{_INTROSPECT}', timeout=60)
        if (answer.status_code != 404) != self._enable:
            raise RuntimeError(
                f'{_INTROSPECT} answers {answer.status_code}, although '
                f'the extension is {"on" if self._enable else "off"}.'
            )
