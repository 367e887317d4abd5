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

"""Whether something can run in the background."""

import sys

# Values of uWSGI's options; True is that of an option without a value.
_OFF = (b'false', b'off', b'no', b'0')


def has_threads() -> bool:
    """Whether threads run at all times.

    Without this option, those of uWSGI run only while a request waits for
    something: whatever they fetch would be as old as the last request.
    """
    options = getattr(sys.modules.get('uwsgi'), 'opt', None)
    if options is None:
        return True
    enabled = options.get('enable-threads', b'false')
    return 'threads' in options or enabled not in _OFF
