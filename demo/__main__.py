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

"""Run the demo with ``python -m demo``."""

import signal
import sys

if __name__ == '__main__':
    # There is nothing to clean up yet, so an interruption can exit silently.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from demo import command_line

    sys.exit(command_line.main())
