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

"""The service catalog of a token, which is in no JWT."""

import dataclasses
import time
import typing as ty


@dataclasses.dataclass
class Catalog:
    """The catalog of a user in a project.

    :ivar services: as in Keystone's answer; shared by requests.
    :ivar header: as services read it in ``X-Service-Catalog``.
    :ivar fetched_at: or when that was last tried, on the monotonic clock, in
        seconds.
    """

    services: list[dict[str, ty.Any]]
    header: str
    fetched_at: float = dataclasses.field(default_factory=time.monotonic)

    def is_due(self, seconds: int) -> bool:
        """Whether it is time to fetch it again.

        :param seconds: between two requests for it.
        """
        return time.monotonic() - self.fetched_at >= seconds
