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

"""A service behind the filter, which responds with what it knows.

Servers load a copy of this file; ``service.conf`` is in the same folder.
"""

import json
import os
import pathlib
import threading

from keystone_oauth2.middleware import auth_token


def respond(environ, start_response):
    """Respond with the caller, and with the threads of this process."""
    answer = {
        'user': environ['HTTP_X_USER_ID'],
        'project': environ['HTTP_X_PROJECT_ID'],
        'roles': sorted(environ['HTTP_X_ROLES'].split(',')),
        'threads': [thread.name for thread in threading.enumerate()],
    }
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(answer).encode()]


_filtered = auth_token.filter_factory(
    {},
    oslo_config_project='service',
    oslo_config_file=str(pathlib.Path(__file__).with_name('service.conf')),
)(respond)


def application(environ, start_response):
    """Respond, and name the process also if the filter refuses the token."""

    def start(status, headers, *error):
        named = [*headers, ('X-Process', str(os.getpid()))]
        return start_response(status, named, *error)

    return _filtered(environ, start)
