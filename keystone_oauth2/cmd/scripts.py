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

"""The console scripts, which need what the extra ``server`` installs."""

import importlib
import sys

from keystone_oauth2.compose import installation


def manage() -> int:
    """Run ``keystone-oauth2-manage``.

    :returns: the exit status.
    """
    return _run('keystone_oauth2.cmd.manage')


def status() -> int:
    """Run ``keystone-oauth2-status``.

    :returns: the exit status.
    """
    return _run('keystone_oauth2.cmd.status')


def _run(name: str) -> int:
    try:
        command = importlib.import_module(name)
    except ModuleNotFoundError as error:
        print(installation.explain(error), file=sys.stderr)
        # As of an upgrade check that cannot run; 1 and 2 are its results.
        return 255
    return command.main()
