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

"""The commands of a user, shown as they are typed."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pathlib
import shlex
import string
import typing

from openstackclient import shell

from demo import clouds
from demo import exchange
from demo import terminal


class Shell:
    """Runs ``openstack`` in this process, and prints what it prints.

    A process for each command would take two seconds, most of them for
    imports. What a command has left in the process must not matter for the
    next one, which may be for another cloud. osc-lib keeps the client of each
    service in the class of its ClientManager (``ClientCache``), with the token
    of the first cloud; only commands that use ``sdk_connection``, which is of
    the instance, can be run here. Those of this package do so, and those for
    application credentials.
    """

    def __init__(self, out: terminal.Terminal) -> None:
        self._out = out
        self._variables: dict[str, str] = {}

    def set(self, name: str, value: str) -> None:
        """Set a variable, for the commands that follow."""
        self._variables[name] = value
        self._out.shell(f'{name}={value}')

    def move(self, source: str, target: str) -> None:
        """Replace a file with another one, at once."""
        self._out.shell(f'mv {source} {target}')
        os.replace(source, target)

    def openstack(self, arguments: str, status: int = 0) -> None:
        """Run a command, and print its output.

        :param arguments: may have variables and quotes.
        :param status: the exit status that it must have.
        :raises exchange.Unexpected: it has another one.
        """
        command = f'openstack {arguments}'
        self._out.shell(command)
        self._out.output(self._run(command, status))

    def openstack_to_variable(self, name: str, arguments: str) -> str:
        """Run a command, and keep its output in a variable.

        :raises exchange.Unexpected: it fails.
        """
        command = f'openstack {arguments}'
        self._out.shell(f'{name}=$({command})')
        self._variables[name] = self._run(command).strip()
        return self._variables[name]

    def openstack_to_file(self, name: str, arguments: str) -> str:
        """Run a command, and write its output to a file.

        :returns: the output, without the end of the line.
        :raises exchange.Unexpected: it fails.
        """
        command = f'openstack {arguments}'
        self._out.shell(f'{command} > {name}')
        output = self._run(command)
        clouds.write_privately(pathlib.Path(name), output)
        return output.strip()

    def _run(self, command: str, expected: int = 0) -> str:
        _program, *words = [
            string.Template(word).substitute(self._variables)
            for word in shlex.split(command)
        ]
        out, err = io.StringIO(), io.StringIO()
        with (
            _same_loggers(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                status = shell.OpenStackShell().run(words)
            except SystemExit as error:
                # Wrong arguments, unless the demo is being terminated.
                if error.code != 2:
                    raise
                status = error.code
        if status != expected:
            # Where the error is depends on its kind.
            raise exchange.Unexpected(
                f'{command}: {err.getvalue()}{out.getvalue()}'
            )
        return out.getvalue()


@contextlib.contextmanager
def _same_loggers() -> typing.Iterator[None]:
    # Each command adds a handler, which would also write the messages of the
    # following ones.
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
