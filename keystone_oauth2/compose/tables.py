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

"""Check that the tables exist, once."""

from oslo_log import log

from keystone_oauth2.compose import options
from keystone_oauth2.db import migration
from keystone_oauth2.identity import database

LOG = log.getLogger(__name__)


class Check:
    """Checks the tables at start-up, or else at the first request.

    :raises options.WrongConfiguration: they are missing, or older than this
        release.
    """

    def __init__(self) -> None:
        self._is_done = False
        try:
            self()
        except migration.OutdatedTables as error:
            raise options.WrongConfiguration(str(error)) from error
        except database.Error as error:
            LOG.warning(
                'The database is unavailable, so the tables of '
                'keystone-oauth2 are checked at the first request: %s',
                database.reason(error),
            )

    def __call__(self) -> None:
        """Check the tables before a request, if this is not done yet.

        :raises migration.OutdatedTables: they are missing, or older.
        """
        if not self._is_done:
            migration.check()
            self._is_done = True
