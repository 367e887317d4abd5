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

"""Several nodes behind nginx, to remove from service or call directly."""

import os
import shutil
import signal
import time

from functional import base
from functional import front_ends
from functional import programs
from keystone_oauth2 import fixture

DRAIN_SECONDS = 60


class Node:
    """Keystone in its own uWSGI, with its own configuration.

    :param program: the uWSGI program.
    :param config_file: its keystone.conf.
    :param enabled: whether the extension is enabled.
    """

    def __init__(self, program, config_file, enabled):
        self.program = program
        self.config_file = config_file
        self.enabled = enabled
        self.address = f'{programs.HOST}:{program.port}'
        #: Where nginx passes all requests to this node.
        self.port = programs.free_port()
        self.url = f'https://localhost:{self.port}'


class NodesTestCase(base.StackTestCase):
    """Two nodes with the same database and keys."""

    front_end = 'nginx-uwsgi'
    processes = 2
    #: Environment variables of the second node.
    environment = {}
    #: Texts to replace in keystone.conf of the second node.
    second_changes = {}
    #: Whether nginx initially distributes requests to both nodes, instead of
    #: passing all to the first.
    balanced = True

    @classmethod
    def create(cls):
        cls.site_file = cls.folder / 'server.conf'
        cls.site = cls.site_file.read_text()
        first = Node(
            cls.stack.programs['uwsgi'],
            cls.deployment.config_file,
            cls.enable,
        )
        cls.nodes = [first, cls._second(first)]
        cls.serve_by(*(cls.nodes if cls.balanced else cls.nodes[:1]))
        for node in cls.nodes:
            node.identity = fixture.IdentityClient(
                cls.https(url=node.url).request, cls.deployment.admin_password
            )
        super().create()

    @classmethod
    def serve_by(cls, *nodes):
        """Make nginx distribute requests to these nodes in turn.

        When this returns, no other node has a pending request.
        """
        servers = ' '.join(f'server {node.address};' for node in nodes)
        sites = [f'upstream keystone {{ {servers} }}']
        sites.append(cls._site(cls.stack.port, 'keystone'))
        for node in cls.nodes:
            sites.append(cls._site(node.port, node.address))
        cls.site_file.write_text('\n'.join(sites))
        nginx = cls.stack.programs['nginx']
        old = set(nginx.children())
        os.kill(nginx.pid, signal.SIGHUP)
        end = time.monotonic() + DRAIN_SECONDS
        while old & set(nginx.children()) or len(nginx.children()) < len(old):
            if time.monotonic() > end:
                raise TimeoutError(f'nginx does not drain.\n{nginx.log}')
            time.sleep(0.05)

    def exchange(self, node, change):
        """Change a node as the guide says, while the others serve.

        :param change: is called while the node is stopped.
        """
        self.serve_by(*(other for other in self.nodes if other is not node))
        node.program.stop()
        change()
        node.program.start()
        self.serve_by(*self.nodes)

    @classmethod
    def _site(cls, port, upstream):
        first = cls.stack
        return cls.site.replace(
            f'{programs.HOST}:{first.inner_port}', upstream
        ).replace(f'{programs.HOST}:{first.port}', f'{programs.HOST}:{port}')

    @classmethod
    def _second(cls, first):
        port = programs.free_port()
        config_file = cls._copy(
            'keystone.conf',
            {'keystone.log': 'second.log', **cls.second_changes},
        )
        cls._copy('uwsgi.ini', {first.address: f'{programs.HOST}:{port}'})
        program = programs.Program(
            'uwsgi-second',
            ['uwsgi', '--ini', 'second-uwsgi.ini'],
            cls.folder,
            port,
            ('WSGI app 0', cls.processes),
            {'OS_KEYSTONE_CONFIG_FILES': f'{config_file}', **cls.environment},
        )
        return Node(cls.use(program), config_file, cls.enable)

    @classmethod
    def _copy(cls, name, replacements):
        source, target = cls.folder / name, cls.folder / f'second-{name}'
        shutil.copy2(source, target)
        text = source.read_text()
        for old, new in replacements.items():
            text = text.replace(old, new)
        target.write_text(text)
        if os.geteuid() == 0:
            shutil.chown(
                target,
                front_ends.server_account(),
                front_ends.server_account(),
            )
        return target
