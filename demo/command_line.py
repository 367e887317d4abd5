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

"""The command line of the demo: check the requirements, then run it."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import socket
import sys

from demo import supervisor

LIBRARIES = (
    'cheroot',
    'cryptography',
    'fixtures',
    'keystone',
    'keystoneauth1',
    'keystonemiddleware',
    'openstackclient',
    'requests',
    'testtools',
)
METHOD = 'keystone.auth.oauth2_credential'
REMEDY = '"make demo" installs all requirements.'


def main() -> int:
    """Run the demo.

    :returns: the exit status: 0 if all responses were as expected.
    """
    options = _parser().parse_args()
    problem = _missing_library() or _unusable_port(options.port)
    if problem:
        print(problem, file=sys.stderr)
        return 1
    return supervisor.run(
        port=options.port, keep=options.keep, colour=_colour(options.no_color)
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m demo',
        description='Build a Keystone with keystone-oauth2 in a temporary '
        'folder, and show the flow with a secret and with a certificate, a '
        'rotation, a service that goes on without Keystone, and a workload of '
        'Kubernetes that has no secret. It uses the commands '
        '"openstack oauth2 ..." and the plugin v3oauth2client.',
    )
    parser.add_argument(
        '--keep',
        action='store_true',
        help='keep the servers running until Ctrl-C, and show what to try',
    )
    parser.add_argument(
        '--port',
        type=_port,
        default=0,
        help="Keystone's port on 127.0.0.1; any free port by default",
    )
    parser.add_argument(
        '--no-color',
        action='store_true',
        help='do not use colours, which are used only on terminals',
    )
    return parser


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError('must be a number up to 65535')
    return number


def _missing_library() -> str | None:
    for name in LIBRARIES:
        if importlib.util.find_spec(name) is None:
            return f'The demo needs the Python library {name}: {REMEDY}'
    if not importlib.metadata.entry_points(group=METHOD):
        return f'keystone-oauth2 is not installed: {REMEDY}'
    return None


def _unusable_port(port: int) -> str | None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(('127.0.0.1', port))
        except OSError as error:
            return (
                f'Port {port} cannot be used ({error.strerror}): '
                'choose another one with --port, or omit it.'
            )
    return None


def _colour(refused: bool) -> bool:
    plain = 'NO_COLOR' in os.environ or os.environ.get('TERM') == 'dumb'
    return sys.stdout.isatty() and not refused and not plain
