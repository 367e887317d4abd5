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

"""How uWSGI logs an exception that Keystone does not handle."""

import contextlib
import re

import requests

from functional import base

REQUEST_ID = 'req-11111111-2222-4333-8444-555555555555'
#: A URL that werkzeug redirects, on which Keystone fails.
PATH = '/v3/users//x'


class UnhandledExceptionTests:
    """The log line names the request, the user and the project."""

    # nginx merges double slashes.
    front_end = 'uwsgi'
    processes = 1

    def critical(self):
        """Make Keystone fail, and return the log line."""
        log = self.folder / 'keystone.log'
        before = len(log.read_text())
        token = self.identity.token_for(self.user)
        # uWSGI closes the connection without a response.
        with contextlib.suppress(requests.ConnectionError):
            self.https().request(
                'PUT',
                PATH,
                token=token,
                json={},
                headers={'X-Openstack-Request-Id': REQUEST_ID},
            )
        lines = log.read_text()[before:].splitlines()
        (line,) = (line for line in lines if ' CRITICAL ' in line)
        return line

    def test_line_has_request_user_and_project(self):
        found = re.search(r'\[(\S+) (req-\S+) (\S+) (\S+) ', self.critical())
        self.assertIsNotNone(found)
        self.assertEqual(REQUEST_ID, found[1])
        self.assertEqual(self.user.id, found[3])
        self.assertEqual(self.project.id, found[4])


class WithoutExtensionTest(UnhandledExceptionTests, base.StackTestCase):
    """What Keystone logs by itself."""

    enable = False


class WithExtensionTest(UnhandledExceptionTests, base.StackTestCase):
    """The extension does not change this."""
