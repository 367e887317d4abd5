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

"""Services of OpenStack that ask Keystone, as operators run them.

tox installs them in an environment of their own, next to that of the tests.
"""

import base64
import collections.abc as abc
import os
import pathlib
import shutil
import subprocess
import sys

import fixtures

from functional import front_ends
from functional import programs
from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.fixture import _example_service
from keystone_oauth2.fixture import _resources

#: The filter in the file ``api-paste.ini`` that a service installs,
INSTALLED_FILTER = 'keystonemiddleware.auth_token:filter_factory'
#: the one that replaces it in the tests,
FILTER = 'keystone_oauth2.middleware.auth_token:filter_factory'
#: and its own options: ``{issuer}`` is that of Keystone, and ``{client_ca}`` a
#: file with the authority of client certificates.
FILTER_OPTIONS = {
    'oauth2_issuer': '{issuer}',
    # uWSGI gives no verdict on a certificate.
    'oauth2_certificate_ca_file': '{client_ca}',
}
#: Seconds within which it refuses a token that was valid.
REFUSED_WITHIN = 60

#: The environment of the services, which has the same name in tox.ini.
PREFIX = pathlib.Path(sys.prefix).parent / 'services'
PROCESSES = 2
SYNC_SECONDS = 300
# As in the administrator guide, but a filter may have a thread of its own.
_UWSGI = """\
[uwsgi]
plugins = http,python3
virtualenv = {prefix}
{application}
need-app = true
uid = {account}
gid = {account}
master = true
die-on-term = true
lazy-apps = {lazy}
processes = {processes}
threads = 1
enable-threads = true
https = {host}:{port},{tls}/server.pem,{tls}/server.key,{ciphers},{authority}
socket = {folder}/uwsgi.sock
chmod-socket = 600
https-export-cert = true
route-run = addvar:SSL_CLIENT_CERT=${{HTTPS_CC}}
route-run = addvar:HTTP_X_FORWARDED_FOR=
buffer-size = 65535
add-header = Connection: close
"""


def missing() -> str | None:
    """Return a sentence if the services are not installed."""
    if (PREFIX / 'bin' / 'openstack').exists():
        return None
    return 'Not installed: the tox environment "services".'


class Service(fixtures.Fixture):
    """A service with a database, a user and endpoints, over TLS.

    :param deployment: Keystone behind a front end; the service uses the
        certificate of this front end, and a folder in its folder.
    :param identity: administers that Keystone.
    :param keystone_url: of that Keystone, without ``/v3``.
    :param ca_file: verifies that Keystone.
    :ivar endpoint: its public endpoint, once the fixture is set up,
    :ivar user: the service's own user,
    :ivar program: and its program.
    """

    #: The name of its project at OpenStack,
    name: str
    #: its type in the catalog,
    service_type: str
    #: the name of its configuration file,
    configuration: str
    #: the line of uwsgi.ini that loads it, from the pipeline if it is named,
    application: str
    #: the command that creates its tables,
    sync: tuple[str, ...]
    #: whether each process loads it, or the master before it forks,
    lazy: bool
    #: and the filter in front of it.
    filter: str = FILTER

    endpoint: dict[str, str]
    user: _resources.User
    program: programs.Program

    def __init__(
        self,
        deployment: _deployment.Deployment,
        identity: fixture.IdentityClient,
        keystone_url: str,
        ca_file: pathlib.Path,
    ) -> None:
        super().__init__()
        self.folder = deployment.folder / self.name
        self.port = programs.free_port()
        self.url = f'https://localhost:{self.port}'
        self._identity = identity
        self._keystone_url = keystone_url
        self._ca_file = ca_file
        self._client_ca = deployment.folder / 'tls' / 'client-ca.pem'

    def options(self) -> _configuration.Options:
        """Return the options that only this service has."""
        raise NotImplementedError

    def credentials(self) -> dict[str, _configuration.Value]:
        """Return changes to the options of a user with a password.

        None leaves an option out.
        """
        return {}

    def environment(self) -> dict[str, str]:
        """Return the variables that lead it to its configuration file."""
        return {'HOME': str(self.folder)}

    @property
    def pipeline(self) -> pathlib.Path:
        """The file with its pipelines of filters."""
        return self.folder / f'{self.name}-api-paste.ini'

    def _setUp(self) -> None:
        self.folder.mkdir()
        self.endpoint = _publish(
            self._identity, self.name, self.service_type, self.url
        )
        self._write_configuration()
        self._write_pipeline()
        self._write_server()
        self._create_tables()
        self._give_away()
        self.program = self.useFixture(
            programs.Program(
                self.name,
                ['uwsgi', '--ini', str(self.folder / 'uwsgi.ini')],
                # With the logs of Keystone, which tests read.
                self.folder.parent,
                self.port,
                ('WSGI app 0', PROCESSES if self.lazy else 1),
                self.environment(),
            )
        )

    def _write_configuration(self) -> None:
        path = self.folder / self.configuration
        path.touch(mode=0o600)
        path.write_text(
            _configuration.render(
                _configuration.merge(
                    {
                        'database': {
                            'connection': f'sqlite:///{self.folder}/database'
                        }
                    },
                    self._filter_options(),
                    self.options(),
                )
            )
        )

    def _filter_options(self) -> _configuration.Options:
        project = self._identity.create_project()
        self.user = self._identity.create_user(project, ['service'])
        settings = _example_service.settings(
            self._keystone_url,
            str(self._ca_file),
            self.user.name,
            self.user.password,
            project.name,
        )
        own = self.credentials()
        own['service_type'] = self.service_type
        if self.filter == FILTER:
            for name, value in FILTER_OPTIONS.items():
                own[name] = value.format(
                    issuer=f'{self._keystone_url}/v3',
                    client_ca=self._client_ca,
                )
        return _configuration.merge(settings, {_example_service.SECTION: own})

    def _write_pipeline(self) -> None:
        installed = PREFIX / 'etc' / self.name / self.pipeline.name
        text = installed.read_text()
        assert text.count(INSTALLED_FILTER) == 1, text
        self.pipeline.write_text(text.replace(INSTALLED_FILTER, self.filter))

    def _write_server(self) -> None:
        (self.folder / 'uwsgi.ini').write_text(
            _UWSGI.format(
                account=front_ends.server_account(),
                authority=self._client_ca,
                ciphers='HIGH:!aNULL',
                application=self.application.format(pipeline=self.pipeline),
                folder=self.folder,
                host=programs.HOST,
                lazy=str(self.lazy).lower(),
                port=self.port,
                prefix=PREFIX,
                processes=PROCESSES,
                tls=self._client_ca.parent,
            )
        )

    def _create_tables(self) -> None:
        done = subprocess.run(
            [PREFIX / 'bin' / self.sync[0], *self.sync[1:]],
            cwd=self.folder,
            env={**os.environ, **self.environment()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SYNC_SECONDS,
        )
        assert done.returncode == 0, done.stdout

    def _give_away(self) -> None:
        if os.geteuid() == 0:
            account = front_ends.server_account()
            for path in (self.folder, *self.folder.rglob('*')):
                shutil.chown(path, account, account)


class Glance(Service):
    """The image service, which stores images in files."""

    name = 'glance'
    service_type = 'image'
    configuration = 'glance-api.conf'
    application = 'module = glance.wsgi.api:application'
    sync = ('glance-manage', 'db_sync')
    lazy = False

    def options(self) -> _configuration.Options:
        stores = {
            'local': 'images',
            'os_glance_staging_store': 'staging',
            'os_glance_tasks_store': 'tasks',
        }
        return {
            'DEFAULT': {
                'enabled_backends': 'local:file',
                'worker_self_reference_url': self.url,
            },
            'glance_store': {'default_backend': 'local'},
            'paste_deploy': {
                'flavor': 'keystone',
                'config_file': str(self.pipeline),
            },
            **{
                name: {'filesystem_store_datadir': f'{self.folder}/{store}'}
                for name, store in stores.items()
            },
        }

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            'OS_GLANCE_CONFIG_DIR': str(self.folder),
        }


class Barbican(Service):
    """The key manager, which encrypts secrets with a key of its own."""

    name = 'barbican'
    service_type = 'key-manager'
    configuration = 'barbican.conf'
    application = 'paste = config:{pipeline}'
    sync = ('barbican-db-manage', 'upgrade')
    lazy = True

    def options(self) -> _configuration.Options:
        key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        return {
            'DEFAULT': {'host_href': self.url},
            'simple_crypto_plugin': {'kek': key},
        }


def _publish(
    identity: fixture.IdentityClient, name: str, service_type: str, url: str
) -> dict[str, str]:
    """Add a service to the catalog, and return its public endpoint."""
    service = {'name': name, 'type': service_type}
    service_id = create(identity, 'service', service)['id']
    for interface in ('internal', 'public'):
        endpoint = {
            'service_id': service_id,
            'interface': interface,
            'region_id': _deployment.REGION,
            'url': url,
        }
        created = create(identity, 'endpoint', endpoint)
    return created


def create(
    identity: fixture.IdentityClient,
    kind: str,
    attributes: abc.Mapping[str, str],
) -> dict[str, str]:
    """Create a resource of Keystone as the administrator, and return it."""
    answer = identity.as_admin('POST', f'/v3/{kind}s', json={kind: attributes})
    assert answer.status == 201, answer.text
    return answer.json[kind]
