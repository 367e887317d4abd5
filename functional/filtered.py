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

"""A service behind the filter, in front ends from the administrator guide."""

import pathlib
import shutil
import sys

import fixtures

from functional import base
from functional import front_ends
from functional import programs
from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _example_service

ISSUER = 'https://keystone.example.com/v3'
#: Seconds between two requests for the revocation events.
INTERVAL = 1
GUNICORN = 'gunicorn'
#: The field with the process id, which each response of the service has.
PROCESS = 'X-Process'
_VALIDATION = ' GET /v3/auth/tokens '
_SOURCE = pathlib.Path(__file__).with_name('filtered_service.py')
#: What the guide has for Keystone, and what a service has in its place.
_CHANGES = {
    'module = keystone.wsgi.api:application\n': 'wsgi-file = service.py\n',
    'from keystone.wsgi.api import application  # noqa: F401\n': (
        _SOURCE.read_text()
    ),
}
#: The options of keystone.conf in the guide, by those of the filter.
_CERTIFICATES = {
    'oauth2_trusted_proxies': ('oauth2', 'trusted_proxies'),
    'oauth2_certificate_sources': ('oauth2_certificates', 'sources'),
    'oauth2_certificate_ca_file': ('oauth2_certificates', 'ca_file'),
}


class FilteredService(fixtures.Fixture):
    """A service over HTTPS.

    :param server: one of ``front_ends.FRONT_ENDS``, or ``GUNICORN``.
    :param folder: an existing folder for this service only.
    :param authority: issues the server's certificate, and the client
        certificates that the front end accepts.
    :param options: of ``[keystone_authtoken]``.
    :param changes: texts of the guide to replace.
    :param processes: number of workers.
    :ivar program: runs the workers, once the fixture is set up.
    """

    program: programs.Program
    url: str

    def __init__(
        self,
        server: str,
        folder: pathlib.Path,
        authority: fixture.CertificateAuthority,
        options: dict[str, _configuration.Value],
        *,
        changes: dict[str, str] | None = None,
        processes: int = 2,
    ) -> None:
        super().__init__()
        self._server = server
        self.folder = folder
        self.config_file = folder / 'service.conf'
        self._authority = authority
        self._options = options
        self._changes = {**_CHANGES, **(changes or {})}
        self._processes = processes

    def _setUp(self) -> None:
        self._configure()
        shutil.copy(_SOURCE, self.folder / 'service.py')
        if self._server == GUNICORN:
            self._start_gunicorn()
        else:
            self._start_front_end()

    def _configure(self) -> None:
        options = dict(self._options)
        if self._server != GUNICORN:
            options.update(certificate_options(self._server, self.folder))
        self.config_file.touch(mode=0o600)
        self.config_file.write_text(
            _configuration.render({'keystone_authtoken': options})
        )

    def _start_front_end(self) -> None:
        self.front_end = self.useFixture(
            front_ends.FrontEnd(
                self._server,
                self,
                self._authority,
                changes=self._changes,
                processes=self._processes,
            )
        )
        self.url = self.front_end.url
        first = front_ends.FRONT_ENDS[self._server][0]
        self.program = self.front_end.programs[first]

    def _start_gunicorn(self) -> None:
        port = programs.free_port()
        self.url = f'https://localhost:{port}'
        files = self._authority.server().write(self.folder, 'server')
        options = {
            'bind': f'{programs.HOST}:{port}',
            'workers': self._processes,
            'certfile': files[0],
            'keyfile': files[1],
        }
        self.program = self.useFixture(
            programs.Program(
                GUNICORN,
                [
                    *(sys.executable, '-m', GUNICORN, '--preload'),
                    # It would add a thread to the master.
                    '--no-control-socket',
                    *(f'--{name}={value}' for name, value in options.items()),
                    'service:application',
                ],
                self.folder,
                port,
            )
        )


def certificate_options(
    front_end: str, folder: pathlib.Path
) -> dict[str, _configuration.Value]:
    """Return the filter's options about client certificates.

    They are those that the guide has for Keystone behind the same front end.
    """
    guide = front_ends.options(front_end, folder)
    return {
        name: guide[group][option]
        for name, (group, option) in _CERTIFICATES.items()
        if option in guide.get(group, {})
    }


class FilterTestCase(base.StackTestCase):
    """A Keystone that issues JWTs, and services with a user of their own."""

    front_end = 'uwsgi'
    processes = 1
    provider = 'oauth2_fernet'
    options = {
        'identity': {'password_hash_rounds': 4},
        'oauth2': {'issuer': ISSUER},
        'oauth2_tokens': {'format': 'jwt'},
    }

    @classmethod
    def create(cls):
        super().create()
        cls.service_project = cls.identity.create_project()
        cls.service_user = cls.identity.create_user(
            cls.service_project, ['service']
        )

    @classmethod
    def filter_options(cls):
        """Return the options of ``[keystone_authtoken]``."""
        settings = _example_service.settings(
            cls.stack.url,
            str(cls.ca_file),
            cls.service_user.name,
            cls.service_user.password,
            cls.service_project.name,
        )
        return {
            **settings[_example_service.SECTION],
            'oauth2_issuer': ISSUER,
            'oauth2_poll_interval': INTERVAL,
        }

    @property
    def keystone(self):
        """The program that runs Keystone."""
        return self.stack.programs['uwsgi']

    def validations(self):
        """Return how often Keystone was asked about a token."""
        return self.keystone.log.count(_VALIDATION)

    def call(self, service, token, files=None, headers=None):
        """Call a service with a token, and return the response."""
        return self.https(files, service.url).request(
            'GET', '/', token=token, headers=headers
        )
