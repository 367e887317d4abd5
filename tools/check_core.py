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

"""Check an installation of the package without any extra.

    tox -e core

It can import the protocol layer, has nothing that an extra asks for, and the
commands for Keystone's environment say what they lack.
"""

import importlib
import importlib.metadata
import pathlib
import pkgutil
import re
import subprocess
import sys

from keystone_oauth2 import protocol

NAME = 'keystone-oauth2'
COMMANDS = ('keystone-oauth2-manage', 'keystone-oauth2-status')
REMEDY = f"pip install '{NAME}[server]'"


def import_protocol() -> int:
    """Import all modules of the protocol layer, and return their number."""
    names = [
        module.name
        for module in pkgutil.walk_packages(
            protocol.__path__, f'{protocol.__name__}.'
        )
    ]
    for name in names:
        importlib.import_module(name)
    return len(names)


def unexpected() -> list[str]:
    """Return the installed packages that only extras ask for."""
    asked = importlib.metadata.requires(NAME) or []
    extra = {_name(line) for line in asked if 'extra ==' in line} - {NAME}
    if not extra:
        raise SystemExit(f'{NAME} is installed without metadata: {asked}')
    return sorted(
        {_name(found.name) for found in importlib.metadata.distributions()}
        & extra
    )


def check_command(name: str) -> None:
    """Check that a command ends with a sentence instead of a traceback."""
    ended = subprocess.run(
        [pathlib.Path(sys.executable).with_name(name)],
        capture_output=True,
        encoding='utf-8',
        check=False,
    )
    lines = ended.stderr.splitlines()
    if ended.returncode != 255 or len(lines) != 1 or REMEDY not in lines[0]:
        raise SystemExit(f'{name} exited with {ended.returncode}: {lines}')


def main() -> None:
    """Run all checks."""
    if found := unexpected():
        raise SystemExit(f'Installed without an extra: {", ".join(found)}')
    number = import_protocol()
    for name in COMMANDS:
        check_command(name)
    print(f'{number} modules of {protocol.__file__} need no extra.')


def _name(requirement: str) -> str:
    found = re.match(r'[\w.-]+', requirement)
    return re.sub(r'[-_.]+', '-', found[0] if found else '').lower()


if __name__ == '__main__':
    main()
