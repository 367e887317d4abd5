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
"""The recipe for curl in the user guide."""

import os
import pathlib
import shutil
import subprocess
import time

from keystone_oauth2.tests.integration import recipes

#: In front of the real curl: keeps what others see in the process list.
WATCH = """#!/bin/sh
printf '%s\\n' "$@" >> "{folder}/command-lines"
exec {curl} "$@"
"""


class Refused(Exception):
    """The script has failed; the argument is its standard error."""


class Curl:
    refusals = Refused
    status_if_revoked = 401
    reads_secret_again = True

    def __init__(self, issuer, client_id, secret_file, folder, **_):
        self.issuer = issuer
        self.client_id = client_id
        self.secret_file = secret_file
        self.folder = folder / 'curl'
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / 'call.curl').touch()
        self.watch()

    def close(self):
        """Do nothing: each call is a process of its own."""

    def watch(self):
        """Keep the command lines of curl."""
        script = self.folder / 'bin' / 'curl'
        script.parent.mkdir()
        script.write_text(
            WATCH.format(folder=self.folder, curl=shutil.which('curl'))
        )
        script.chmod(0o700)

    def command_lines(self):
        """Return what other users have seen of curl."""
        return (self.folder / 'command-lines').read_text()

    def use_secret(self):
        """Write the secret where curl reads it."""
        secret = self.secret_file.read_text().strip()
        (self.folder / 'token.curl').write_text(
            f'user = "{self.client_id}:{secret}"\n'
        )

    def use_certificate(self, files, client_id):
        """Write where curl finds a certificate and its key."""
        certificate, key = files
        options = f'cert = "{certificate}"\nkey = "{key}"\n'
        (self.folder / 'call.curl').write_text(options)
        (self.folder / 'token.curl').write_text(
            f'{options}data = "client_id={client_id}"\n'
        )

    def call(self, url):
        """Return the status of a response."""
        self.use_secret()
        return self.run(url)

    def run(self, url):
        """Return the status of a response, with the files as they are."""
        process = subprocess.run(
            [
                'bash',
                '-uc',
                f'source {recipes.SAMPLES}/recipe_curl.sh; '
                'call --output /dev/null --write-out "%{http_code}" "$0"',
                url,
            ],
            env={
                **os.environ,
                'FOLDER': f'{self.folder}',
                'ISSUER': self.issuer,
                'PATH': f'{self.folder}/bin:{os.environ["PATH"]}',
            },
            capture_output=True,
            encoding='utf-8',
            timeout=recipes.TIMEOUT,
            check=False,
        )
        if not process.stdout:
            raise Refused(process.stderr)
        return int(process.stdout)

    def token(self):
        """Return its token."""
        line = self.headers.read_text().splitlines()[0]
        return line.removeprefix('X-Auth-Token: ')

    @property
    def headers(self) -> pathlib.Path:
        """The file with the token."""
        return self.folder / 'headers'

    def pass_time(self):
        """Make the token almost as old as it can be."""
        end = self.headers.stat().st_mtime - recipes.SECONDS
        os.utime(self.headers, (time.time(), end))
