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

"""A TCP proxy between Keystone and a server, which can hang or be stopped."""

import pathlib

from functional import programs

_CONFIGURATION = """\
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h

listen proxy
    bind {proxy}
    server server {server}
"""


class TCPProxy(programs.Program):
    """HAProxy, which passes on all bytes.

    :param name: name of its configuration and log file.
    :param server: address and port of the server.
    :param folder: its working directory.
    """

    def __init__(self, name: str, server: str, folder: pathlib.Path) -> None:
        port = programs.free_port()
        self.address = f'{programs.HOST}:{port}'
        (folder / f'{name}.cfg').write_text(
            _CONFIGURATION.format(proxy=self.address, server=server)
        )
        command = ['haproxy', '-db', '-f', f'{name}.cfg']
        super().__init__(name, command, folder, port)
