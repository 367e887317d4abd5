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

"""TLS in front of a Keystone.

Our filter fetches public keys over TLS only. All that is measured goes to
Keystone directly.
"""

import pathlib
import typing as ty

import fixtures
from werkzeug import exceptions
from werkzeug.middleware import http_proxy

from bench import servers
from keystone_oauth2.fixture import _process
from keystone_oauth2.fixture import certificates

Application = ty.Any


def application(config_file: str) -> Application:
    """Return the proxy, for :mod:`keystone_oauth2.fixture._serve`.

    :param config_file: has the URL of Keystone.
    """
    target = pathlib.Path(config_file).read_text()
    return http_proxy.ProxyMiddleware(
        exceptions.NotFound(), {'/v3': {'target': target}}
    )


class FrontEnd(fixtures.Fixture):
    """A process that passes requests on to a Keystone.

    :param target: the URL of Keystone.
    :param authority: issues its certificate.
    :param folder: for its files.
    """

    def __init__(
        self,
        target: str,
        authority: certificates.CertificateAuthority,
        folder: pathlib.Path,
    ) -> None:
        super().__init__()
        self._target = target
        self._authority = authority
        self._folder = folder
        self._port = servers.free_port()
        self.url = f'https://127.0.0.1:{self._port}'
        self.authority_file = authority.write(folder)

    def _setUp(self) -> None:
        config_file = self._folder / 'front-end'
        config_file.write_text(self._target)
        self.useFixture(
            _process.Server(
                f'{__name__}:application',
                config_file,
                self._authority,
                port=self._port,
            )
        )
