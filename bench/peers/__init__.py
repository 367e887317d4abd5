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

"""Authorization servers that a Python user would choose otherwise."""

import os
import pathlib
import secrets
import subprocess
import sys

from bench import data
from bench import servers
from bench import stage

#: The module of each, its token endpoint, and how it stores client secrets.
PEERS = {
    'Authlib, plain secrets': ('with_authlib', '/oauth/token', 'plain'),
    'Authlib, hashed secrets': ('with_authlib', '/oauth/token', 'hashed'),
    'DOT, plain secrets': ('with_django', '/o/token/', 'plain'),
    'DOT, hashed secrets': ('with_django', '/o/token/', 'hashed'),
}
#: What the results depend on.
LIBRARIES = ('Authlib', 'Flask-SQLAlchemy', 'Django', 'django-oauth-toolkit')

_ROOT = pathlib.Path(__file__).parents[2]


class Peer(stage.Side):
    """One of these servers, with its own database.

    :param name: one of PEERS.
    """

    def __init__(
        self, name: str, folder: pathlib.Path, settings: stage.Settings
    ) -> None:
        super().__init__(name, folder, settings.database, 'memory')
        module, self.token, self._kind = PEERS[name]
        self._module = f'{__name__}.{module}'
        self._settings = settings

    def _setUp(self) -> None:
        super()._setUp()
        secret = secrets.token_urlsafe(48)
        environment = {
            'BENCH_PEER_DATABASE': self.database.url,
            'BENCH_PEER_SECRETS': self._kind,
            # The servers would refuse HTTP, which nothing else needs.
            'AUTHLIB_INSECURE_TRANSPORT': '1',
            'OAUTHLIB_INSECURE_TRANSPORT': '1',
        }
        count = self._settings.clients + 1
        # In another process: Django has one configuration in each.
        subprocess.run(
            [sys.executable, '-W', 'ignore', '-m', self._module, str(count)],
            env={**os.environ, **environment, 'BENCH_PEER_SECRET': secret},
            cwd=_ROOT,
            check=True,
        )
        self.client, *self.many = [
            data.Client(id, secret) for id in client_ids(count)
        ]
        self.server = self.useFixture(
            servers.Server(
                self._module,
                environment,
                self._folder,
                self._settings.workers,
            )
        )


def client_ids(count: int) -> list[str]:
    """Return the ids of the clients."""
    return [f'{number:032x}' for number in range(count)]
