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

"""Run tempest's tests with stestr, and read their results."""

import io
import os
import pathlib
import subprocess
import sys

import tempest

from acceptance import results
from acceptance import stage
from acceptance import tempest_conf
from keystone_oauth2.fixture import _process

# The other tests of the plugin, its scenarios, need Keycloak or a second
# Keystone, with Apache and its modules for SAML and OpenID Connect in front.
SELECTED = (
    r'tempest\.api\.identity\.(admin\.)?v3\.',
    r'keystone_tempest_plugin\.tests\.(api|rbac)\.',
)
_STESTR = (
    *(sys.executable, '-W', 'ignore', '-m', 'stestr'),
    *('--config', 'stestr.conf'),
)
# A test that waits longer has failed.
_TEST_SECONDS = 300
_STESTR_CONF = """\
[DEFAULT]
test_path={package}/test_discover
top_dir={package.parent}
group_regex=([^\\.]*\\.)*
"""


def run(
    name: str,
    folder: pathlib.Path,
    keystone: stage.Keystone,
    concurrency: int,
    only: str | None = None,
) -> results.Outcomes:
    """Run the selected tests, which takes minutes.

    :param name: printed before each line of output.
    :param folder: for configuration, logs and results.
    :param concurrency: number of processes that run tests.
    :param only: a regular expression for the names of tests.
    """
    tempest_conf.write(folder, keystone)
    package = pathlib.Path(tempest.__path__[0])
    (folder / 'stestr.conf').write_text(_STESTR_CONF.format(package=package))
    # Its exit code tells whether tests have failed, as do the results.
    _follow(
        name,
        [*_STESTR, 'run', '--concurrency', str(concurrency)]
        + [f'^(?=.*({only or ""}))({"|".join(SELECTED)})'],
        folder,
    )
    stream = _last(folder)
    (folder / 'tests.subunit').write_bytes(stream)
    return results.read(io.BytesIO(stream))


def _follow(name: str, command: list[str], folder: pathlib.Path) -> None:
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding='utf-8',
        errors='replace',
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f'{name}: {line.rstrip()}\n', end='', flush=True)


def _last(folder: pathlib.Path) -> bytes:
    ended = subprocess.run(
        [*_STESTR, 'last', '--subunit'], cwd=folder, stdout=subprocess.PIPE
    )
    # It writes a message instead, and fails, if no test has run.
    return b'' if ended.returncode else ended.stdout


def _environment(folder: pathlib.Path) -> dict[str, str]:
    return {
        **os.environ,
        **_process.LOCAL,
        'OS_TEST_TIMEOUT': str(_TEST_SECONDS),
        'TEMPEST_CONFIG_DIR': str(folder),
        'TEMPEST_CONFIG': 'tempest.conf',
    }
