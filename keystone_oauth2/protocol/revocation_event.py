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

"""What was revoked, for services that verify access tokens."""

import dataclasses
import datetime

#: How much later than the change ``issued_before`` is. The clocks of nodes may
#: differ, and Keystone announces some changes before it makes them.
MARGIN = datetime.timedelta(seconds=5)
_TIMES = ('issued_before', 'expires_at')


@dataclasses.dataclass(frozen=True, kw_only=True)
class RevocationEvent:
    """Tokens that were issued until a time, and have certain ids.

    A token is one of them if it has all the ids that are given. If none is
    given, all tokens are.

    :ivar issued_before: in whole seconds, UTC without a zone, as is
        ``expires_at``. Tokens that were issued at this time are included.
    :ivar expires_at: when no such token can be left.
    :ivar audit_id: of one token.
    :ivar domain_id: of the user or of the project.
    """

    issued_before: datetime.datetime
    expires_at: datetime.datetime
    audit_id: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    project_id: str | None = None
    domain_id: str | None = None

    def ids(self) -> dict[str, str]:
        """Return the ids that are given, by name."""
        return {
            name: value
            for name, value in dataclasses.asdict(self).items()
            if value is not None and name not in _TIMES
        }

    def members(self) -> dict[str, str]:
        """Return it as a JSON object, in the format of ``OS-REVOKE``."""
        moment = self.issued_before.isoformat()
        return {**self.ids(), 'issued_before': f'{moment}Z'}
