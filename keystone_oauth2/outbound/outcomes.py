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

"""How often something fails that is done again and again."""

import logging

from oslo_log import log


class Outcomes:
    """Logs the first of several failures, and the first success after them.

    :param logger: of the module that does these things.
    """

    def __init__(self, logger: logging.LoggerAdapter) -> None:
        self._logger = logger
        self._failing: set[str] = set()

    def failed(self, what: str, reason: object) -> None:
        """Log a failure.

        :param what: could not be done: a verb and its object.
        """
        level = log.DEBUG if what in self._failing else log.WARNING
        self._failing.add(what)
        self._logger.log(level, 'Cannot %s: %s', what, reason)

    def succeeded(self, what: str) -> None:
        """Log a success if it failed the last time."""
        if what in self._failing:
            self._failing.discard(what)
            self._logger.info('This succeeds again: %s', what)
