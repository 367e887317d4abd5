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

"""The demo itself, in a process started by :mod:`.supervisor`."""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import signal
import sys
import threading
import typing

from keystoneauth1 import exceptions
import requests

from demo import certificate_walk
from demo import clouds
from demo import commands
from demo import exchange
from demo import federation_walk
from demo import outage_walk
from demo import rotation_walk
from demo import secret_walk
from demo import shell
from demo import stage
from demo import terminal
from keystone_oauth2.fixture import _identity
from keystone_oauth2.fixture import _manage
from keystone_oauth2.fixture import _process

FAILURES = (
    exchange.Unexpected,
    _identity.UnexpectedAnswer,
    _manage.ManageError,
    _process.ServerError,
    exceptions.ClientException,
    requests.RequestException,
)
LOG_LINES = 20


def main() -> int:
    """Set up, run all steps, and print the next steps.

    :returns: the exit status: 0 if all responses were as expected.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    options = _parser().parse_args()
    out = terminal.Terminal(colour=options.colour)
    try:
        _run(options, out)
    except FAILURES as error:
        out.failure(f'The demo failed. {error}')
        _show_logs(options.folder, out)
        return 1
    finally:
        # The supervisor also does this, unless it was killed.
        shutil.rmtree(options.folder, ignore_errors=True)
    return 0


def _run(options: argparse.Namespace, out: terminal.Terminal) -> None:
    out.chapter('Setting up in a temporary folder')
    with stage.Stage(options.folder, options.port, out) as set_up:
        out.say(f'Keystone is at {set_up.url}')
        out.say(f'The example service is at {set_up.service_url}')
        clouds.write(set_up)
        # The files of the clients, which the commands name without a folder.
        os.chdir(set_up.folder)
        shown = shell.Shell(out)
        by_secret = secret_walk.SecretWalk(set_up, out, shown)
        by_secret.run()
        certificate_walk.CertificateWalk(set_up, out, shown).run()
        rotation_walk.RotationWalk(set_up, out, shown).run()
        outage_walk.OutageWalk(set_up, out, shown).run()
        federation_walk.FederationWalk(set_up, out, shown).run()
        if options.keep:
            commands.show(set_up, by_secret.client_id, out)
            while True:
                signal.pause()
    _show_next_steps(out)


def _show_next_steps(out: terminal.Terminal) -> None:
    out.chapter('All responses were as expected')
    out.say(
        'To try it yourself, run make demo ARGS=--keep. It keeps the servers '
        'running, and prints commands for openstack, curl and openid-client.'
    )
    out.say(
        'To enable it in your Keystone, see README.rst. For Apache, nginx, '
        'HAProxy and uWSGI, see the admin guide in doc/source/admin.'
    )


def _show_logs(folder: pathlib.Path, out: terminal.Terminal) -> None:
    for path in folder.glob('keystone/*.log'):
        lines = path.read_text(errors='replace').splitlines()[-LOG_LINES:]
        out.step(f'The end of {path.name}')
        for line in lines:
            out.line(line)


def _end(_number: int, _frame: typing.Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + signal.SIGTERM)


def _end_with_supervisor() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='python -m demo.worker')
    parser.add_argument('--folder', type=pathlib.Path, required=True)
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--keep', action='store_true')
    parser.add_argument('--colour', action='store_true')
    return parser


if __name__ == '__main__':
    sys.exit(main())
