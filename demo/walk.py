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

"""What all parts of the demo need."""

from __future__ import annotations

from demo import exchange
from demo import shell
from demo import stage
from demo import terminal
from keystone_oauth2.fixture import _resources


class Walk:
    """A part of the demo.

    :param set_up: the deployment.
    :param out: where it is shown.
    :param commands: runs ``openstack``.
    """

    def __init__(
        self,
        set_up: stage.Stage,
        out: terminal.Terminal,
        commands: shell.Shell,
    ) -> None:
        self._stage = set_up
        self._out = out
        self._shell = commands
        self._ask = exchange.Exchange(out).ask

    def _create_client(self, name: str) -> _resources.ApplicationCredential:
        """Return a new client, to which alice has delegated a role."""
        return self._stage.admin.create_application_credential(
            self._stage.alice, ['member'], name=name
        )
