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

"""Run the configurations of the administrator guide as they are shown.

Only addresses, paths and accounts are replaced. ``FRONT_ENDS`` lists them.
"""

import configparser
import getpass
import os
import pathlib
import shutil
import sys
import typing

import fixtures

from functional import programs
from keystone_oauth2 import fixture

FOLDER = pathlib.Path(__file__).parents[1] / 'doc/source/admin/frontends'
FRONT_ENDS = {
    # name: its programs, beginning with the one next to Keystone
    'uwsgi': ('uwsgi',),
    'nginx-uwsgi': ('uwsgi', 'nginx'),
    'nginx-http': ('uwsgi', 'nginx'),
    'apache-mod_wsgi': ('apache2',),
    'apache-uwsgi': ('uwsgi', 'apache2'),
    'haproxy': ('uwsgi', 'haproxy'),
}
#: The line of HAProxy's configuration that other lines replace.
HAPROXY_BIND = (
    '    bind :5000 ssl crt /etc/keystone/tls/haproxy.pem '
    'ca-file /etc/keystone/tls/client-ca.pem verify optional\n'
)
_MODULES = (
    *('mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'headers'),
    *('proxy', 'proxy_uwsgi', 'rewrite', 'wsgi'),
)
_APACHE = """\
ServerRoot {folder}
ServerName localhost
DefaultRuntimeDir {folder}
PidFile {folder}/apache2.pid
ErrorLog {folder}/apache2.log
LogLevel info
User www-data
Group www-data
{modules}
Include {folder}/keystone-site.conf
"""
_NGINX = """\
daemon off;
user {account};
pid {folder}/nginx.pid;
error_log stderr info;
events {{ worker_connections 2048; }}
http {{
    access_log {folder}/nginx-access.log;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    scgi_temp_path {folder}/nginx-scgi;
    include {folder}/server.conf;
}}
"""


def options(name: str, folder: pathlib.Path) -> dict[str, dict[str, str]]:
    """Return the options of keystone.conf that the guide sets for a front end.

    :param folder: replaces ``/etc/keystone``.
    """
    parser = configparser.ConfigParser(interpolation=None, default_section='')
    path = FOLDER / name / 'keystone.conf'
    if path.exists():
        text = path.read_text()
        parser.read_string(text.replace('/etc/keystone', str(folder)))
    return {section: dict(parser[section]) for section in parser.sections()}


def snippet(path: str) -> str:
    """Return a snippet of the guide, such as ``revocation/nginx.conf``."""
    return (FOLDER / path).read_text()


class Place(typing.Protocol):
    """Where an application and its configuration file are.

    :ivar folder: the files of a front end are written to it.
    """

    folder: pathlib.Path
    config_file: pathlib.Path


class FrontEnd(fixtures.Fixture):
    """A configuration from the guide in front of a deployment.

    :param name: one of ``FRONT_ENDS``.
    :param deployment: a built deployment, or another application if
        ``changes`` name it.
    :param authority: issues the server's certificate and the accepted client
            certificates.
    :param changes: texts of the guide to replace first.
    :param processes: number of Keystone processes; the guide has four.
    :param port: where it listens; by default, any free port.
    :ivar programs: the programs by name, once the fixture is set up.
    """

    def __init__(
        self,
        name: str,
        deployment: Place,
        authority: fixture.CertificateAuthority,
        *,
        changes: dict[str, str] | None = None,
        processes: int = 4,
        port: int | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.processes = processes
        self.port = port or programs.free_port()
        self.url = f'https://localhost:{self.port}'
        #: Where Keystone itself listens behind a proxy.
        self.inner_port = programs.free_port()
        self.programs: dict[str, programs.Program] = {}
        self._deployment = deployment
        self._authority = authority
        self._folder = deployment.folder
        self._changes = {
            'processes = 4': f'processes = {processes}',
            'processes=4': f'processes={processes}',
            **(changes or {}),
        }

    def _setUp(self) -> None:
        self._write_certificates()
        for path in sorted((FOLDER / self.name).iterdir()):
            if path.name != 'keystone.conf':
                target = self._folder / path.name
                target.write_text(self._adapted(path.read_text()))
        if os.geteuid() == 0:
            self._give_away()
        for name in FRONT_ENDS[self.name]:
            self.programs[name] = self.useFixture(_STARTERS[name](self))

    def program(
        self,
        name: str,
        command: list[str],
        port: int | None,
        loaded: tuple[str, int] = ('', 0),
    ) -> programs.Program:
        """Return a program that has not been started."""
        return programs.Program(
            name,
            command,
            self._folder,
            port,
            loaded,
            {'OS_KEYSTONE_CONFIG_FILES': str(self._deployment.config_file)},
        )

    def _write_certificates(self) -> None:
        folder = self._folder / 'tls'
        folder.mkdir(exist_ok=True)
        self._authority.write(folder, 'client-ca')
        certificate, key = self._authority.server().write(folder, 'server')
        both = folder / 'haproxy.pem'
        both.touch(mode=0o600)
        both.write_text(certificate.read_text() + key.read_text())

    def _give_away(self) -> None:
        for path in (self._folder, *self._folder.rglob('*')):
            shutil.chown(path, server_account(), server_account())

    def _adapted(self, text: str) -> str:
        account = server_account()
        replacements = {
            **self._changes,
            'Listen 5000': f'Listen {programs.HOST}:{self.port}',
            'listen 5000': f'listen {programs.HOST}:{self.port}',
            '*:5000': f'{programs.HOST}:{self.port}',
            'bind :5000': f'bind {programs.HOST}:{self.port}',
            'https = :5000': f'https = {programs.HOST}:{self.port}',
            '127.0.0.1:5001': f'{programs.HOST}:{self.inner_port}',
            '/etc/keystone/tls': f'{self._folder}/tls',
            '/etc/keystone': f'{self._folder}',
            '/run/keystone': f'{self._folder}',
            '/opt/keystone': sys.prefix,
            'include uwsgi_params': 'include /etc/nginx/uwsgi_params',
            'user=keystone group=keystone': f'user={account} group={account}',
            'uid = keystone': f'uid = {account}',
            'gid = keystone': f'gid = {account}',
            'keystone:www-data': f'{account}:{account}',
        }
        for old, new in replacements.items():
            text = text.replace(old, new)
        return text


def server_account() -> str:
    """Return the account that the servers run as, which must not be root."""
    # Apache and mod_wsgi refuse to serve as root.
    return 'www-data' if os.geteuid() == 0 else getpass.getuser()


def _uwsgi(front_end: FrontEnd) -> programs.Program:
    # Without either option, it listens on a UNIX socket.
    text = (front_end._folder / 'uwsgi.ini').read_text()
    ports = (front_end.port, front_end.inner_port)
    # Otherwise, the master loads the application once, and forks.
    is_lazy = 'lazy-apps = true' in text
    return front_end.program(
        'uwsgi',
        ['uwsgi', '--ini', 'uwsgi.ini'],
        next((port for port in ports if f':{port}' in text), None),
        ('WSGI app 0', front_end.processes if is_lazy else 1),
    )


def _nginx(front_end: FrontEnd) -> programs.Program:
    folder = front_end._folder
    (folder / 'nginx.conf').rename(folder / 'server.conf')
    main = folder / 'nginx.conf'
    main.write_text(_NGINX.format(folder=folder, account=server_account()))
    command = ['nginx', '-e', 'stderr', '-c', str(main)]
    return front_end.program('nginx', command, front_end.port)


def _apache2(front_end: FrontEnd) -> programs.Program:
    folder = front_end._folder
    modules = '\n'.join(
        f'LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so'
        for name in _MODULES
    )
    main = folder / 'apache2.conf'
    main.write_text(_APACHE.format(folder=folder, modules=modules))
    command = ['apache2', '-f', str(main), '-D', 'FOREGROUND']
    return front_end.program('apache2', command, front_end.port)


def _haproxy(front_end: FrontEnd) -> programs.Program:
    return front_end.program(
        'haproxy', ['haproxy', '-db', '-f', 'haproxy.cfg'], front_end.port
    )


_STARTERS = {
    'uwsgi': _uwsgi,
    'nginx': _nginx,
    'apache2': _apache2,
    'haproxy': _haproxy,
}
