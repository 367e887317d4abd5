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

"""Base class for tests of servers that accept connections and never answer."""

import configparser
import time

from functional import base
from functional import front_ends
from functional import traffic

#: Of the guide, for databases; seconds.
TIMEOUT = 5
#: For the front end and the worker itself, on a busy machine; seconds.
OVERHEAD = 4
ISSUER = 'https://keystone.example.com/v3'
METADATA = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'
_SNIPPETS = front_ends.FOLDER.parent / 'outages'


def snippet(name):
    """Return a file of the guide, such as ``pgbouncer.ini``."""
    return (_SNIPPETS / name).read_text()


def settings(name):
    """Return the options of a file of the guide, by group."""
    parser = configparser.ConfigParser(interpolation=None, default_section='')
    parser.read_string(snippet(name))
    return {group: dict(parser[group]) for group in parser.sections()}


class HangTestCase(base.StackTestCase):
    """Something hangs while traffic is running, with settings of the guide.

    There are more workers than requests that can hang.
    """

    needs = ('haproxy',)
    processes = 4
    options = {
        'oauth2': {'issuer': ISSUER},
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
    }
    #: Name of the options in the guide,
    settings = None
    #: and seconds within which it promises a response.
    bound = None

    @classmethod
    def _options(cls):
        options = super()._options()
        guide = settings(cls.settings) if cls.settings else {}
        for group, values in guide.items():
            options[group] = {**options.get(group, {}), **values}
        return options

    def setUp(self):
        super().setUp()
        token = self.issue()
        self.flow = traffic.Traffic(
            {
                'secret': self.token,
                'certificate': lambda: self.post(
                    base.TOKEN, base.GRANT, files=self.files
                ),
                'introspection': lambda: self.post(
                    base.INTROSPECT, {'token': token}, client=self.client
                ),
                'metadata': lambda: self.https().request('GET', METADATA),
            }
        )

    def token(self):
        """Request a token by secret."""
        return self.post(base.TOKEN, base.GRANT, client=self.client)

    def hang(self):
        """Return a context manager within which something hangs."""
        raise NotImplementedError

    def outcomes_of_hang(self):
        """Return the outcomes of requests while something hangs.

        Requests before and afterwards have the usual responses.
        """
        with self.flow:
            self.assert_well(self.flow.go_on())
            with self.hang():
                meanwhile = self.flow.go_on()
            self.assert_well(self.flow.go_on(10))
        return meanwhile

    def assert_well(self, outcomes):
        """Assert that all responses are as usual."""
        for outcome in outcomes:
            self.assertEqual(200, outcome.status, outcome)

    def assert_within(self, seconds, outcome):
        """Assert how long a request may have taken."""
        taken = outcome.ended - outcome.started
        self.assertLess(taken, seconds + OVERHEAD, outcome)

    def in_time(self, send):
        """Send a request, assert when it ends, and return the response."""
        started = time.monotonic()
        answer = send()
        self.assertLess(time.monotonic() - started, self.bound + OVERHEAD)
        return answer

    def assert_hang_is_an_outage(self):
        """Assert that only metadata are available while something hangs."""
        for outcome in self.outcomes_of_hang():
            if outcome.kind == 'metadata':
                self.assert_well([outcome])
                self.assert_within(0, outcome)
            else:
                self.assert_unavailable(outcome.answer)
                self.assert_within(self.bound, outcome)

    def assert_unavailable(self, answer):
        """Assert that a response asks to try again."""
        self.assertEqual(503, answer.status, answer)
        self.assertEqual('temporarily_unavailable', answer.json['error'])
        self.assertRegex(answer.headers['Retry-After'], r'^[1-9]\d*$')
