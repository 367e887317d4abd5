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

"""When a token is requested anew."""

import threading
import time

import fixtures

from keystone_oauth2.plugin import authorization_server
from keystone_oauth2.plugin import errors
from keystone_oauth2.plugin import kept_token
from keystone_oauth2.tests import base

THREADS = 10


class Server:
    """Issues tokens.

    :param lifetime: of each token, in seconds.
    :ivar error: what it raises instead.
    :ivar delay: seconds until it answers.
    """

    def __init__(self, lifetime=3600):
        self.lifetime = lifetime
        self.requests = 0
        self.error = None
        self.delay = 0.01

    def issue(self):
        """Return the next token, which has a number."""
        self.requests += 1
        # Others come meanwhile.
        time.sleep(self.delay)
        if self.error:
            raise self.error
        return authorization_server.Token(f'{self.requests}', self.lifetime)


def at_once(function):
    """Return the results of several threads."""
    results = []

    def run():
        try:
            results.append(function())
        except errors.AccessTokenError as error:
            results.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class KeptTokenTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.kept = kept_token.KeptToken(renews=True)

    def get_at_once(self, server):
        return at_once(lambda: self.kept.get(server.issue))

    def test_one_for_all(self):
        server = Server()
        for _ in range(2):
            self.assertEqual(['1'] * THREADS, self.get_at_once(server))

    def test_renewed_before_its_end(self):
        """After two thirds of a short life."""
        server = Server(lifetime=3)
        self.assertEqual('1', self.kept.get(server.issue))
        time.sleep(1)
        self.assertEqual('1', self.kept.get(server.issue))
        time.sleep(1.1)
        # The others need not wait.
        self.assertEqual({'1', '2'}, set(self.get_at_once(server)))
        self.assertEqual('2', self.kept.get(server.issue))
        self.assertEqual(2, server.requests)

    def test_without_renewal(self):
        server = Server(lifetime=1)
        kept = kept_token.KeptToken(renews=False)
        self.assertEqual('1', kept.get(server.issue))
        time.sleep(1.1)
        self.assertEqual('1', kept.get(server.issue))

    def test_early_renewal_that_fails(self):
        """The token serves until its end, and the server is left alone."""
        server = Server(lifetime=3)
        self.kept.get(server.issue)
        server.error = errors.AccessTokenError('gone')
        time.sleep(2.1)
        for _ in range(2):
            self.assertEqual(['1'] * THREADS, self.get_at_once(server))
        self.assertEqual(2, server.requests)

    def test_early_renewal_is_tried_again(self):
        """However often calls come meanwhile; only attempts are logged."""
        self.useFixture(
            fixtures.MonkeyPatch('keystone_oauth2.plugin.kept_token._PAUSE', 1)
        )
        server = Server(lifetime=9)
        self.kept.get(server.issue)
        time.sleep(6.1)
        server.error = errors.AccessTokenError('gone')
        end = time.monotonic() + 2.5
        with self.assertLogs(level='WARNING') as logs:
            while time.monotonic() < end:
                self.assertIn(self.kept.get(server.issue), ('1', '3'))
                time.sleep(0.1)
                if server.requests == 2:
                    server.error = None
        self.assertEqual('3', self.kept.value)
        self.assertEqual(1, len(logs.records))

    def test_refused_while_an_early_renewal_waits(self):
        """A token that is needed is requested at once."""
        server = Server(lifetime=3)
        self.kept.get(server.issue)
        time.sleep(2.1)
        server.error = errors.AccessTokenError('gone')
        self.assertEqual('1', self.kept.get(server.issue))
        server.error = None
        self.kept.drop('1')
        self.assertEqual('3', self.kept.get(server.issue))

    def test_any_exception(self):
        server = Server()
        server.error = RuntimeError('with a secret')
        error = self.assertRaises(
            errors.AccessTokenError, self.kept.get, server.issue
        )
        self.assertEqual('There is no access token: RuntimeError', str(error))
        self.assertIsNone(error.__context__)

    def test_failure_without_a_token(self):
        """The next call tries again."""
        server = Server()
        server.error = errors.AccessTokenError('gone')
        for _ in range(2):
            self.assertRaises(
                errors.AccessTokenError, self.kept.get, server.issue
            )
        self.assertEqual(2, server.requests)
        server.error = None
        self.assertEqual('3', self.kept.get(server.issue))

    def test_server_that_asks_to_wait(self):
        """All threads wait, and one of them tries again."""
        server = Server()
        server.error = errors.AccessTokenError('wait', 429, 1)
        threading.Timer(0.5, setattr, [server, 'error', None]).start()
        started = time.monotonic()
        self.assertEqual(['2'] * THREADS, self.get_at_once(server))
        self.assertGreaterEqual(time.monotonic() - started, 1)

    def test_server_that_asks_to_wait_again(self):
        server = Server()
        server.error = errors.AccessTokenError('wait', 429, 1)
        self.assertEqual(['wait'] * THREADS, self.get_at_once(server))
        self.assertEqual(2, server.requests)

    def test_server_that_asks_to_wait_long(self):
        """No call waits, and the server is not asked meanwhile."""
        server = Server()
        server.error = errors.AccessTokenError('wait', 503, 900)
        for _ in range(2):
            results = self.get_at_once(server)
            self.assertEqual(['wait'] * THREADS, results)
        self.assertEqual(1, server.requests)

    def test_new_token_of_a_server_that_asks_to_wait(self):
        """It is worth the same patience as the first token of a call."""
        server = Server()
        server.error = errors.AccessTokenError('wait', 503, 1)
        threading.Timer(0.5, setattr, [server, 'error', None]).start()
        self.assertEqual('2', self.kept.new(server.issue))
        server.error = errors.AccessTokenError('wait', 503, 1)
        self.assertRaises(errors.AccessTokenError, self.kept.new, server.issue)
        self.assertEqual(4, server.requests)

    def test_new_token_of_a_server_that_asks_to_wait_long(self):
        server = Server()
        server.error = errors.AccessTokenError('wait', 429, 900)
        for _ in range(2):
            self.assertRaises(
                errors.AccessTokenError, self.kept.new, server.issue
            )
        self.assertEqual(1, server.requests)

    def test_failure_is_shared_by_those_who_waited(self):
        """They do not ask one after the other."""
        server = Server()
        server.delay = 0.5
        server.error = errors.AccessTokenError('gone')
        self.assertEqual(['gone'] * THREADS, self.get_at_once(server))
        self.assertEqual(1, server.requests)

    def test_raised_errors_are_not_shared(self):
        server = Server()
        server.error = errors.AccessTokenError('wait', 429, 900)
        raised = [
            self.assertRaises(
                errors.AccessTokenError, self.kept.get, server.issue
            )
            for _ in range(2)
        ]
        self.assertIsNot(*raised)
        for error in raised:
            self.assertEqual(
                (429, 900), (error.http_status, error.retry_after)
            )

    def test_renewal_that_hangs(self):
        """Other threads use the token that is still good."""
        server = Server(lifetime=3)
        self.kept.get(server.issue)
        time.sleep(2.1)
        server.delay = 0.5
        threading.Thread(target=self.kept.get, args=[server.issue]).start()
        time.sleep(0.1)
        self.assertEqual(2, server.requests)
        started = time.monotonic()
        self.assertEqual('1', self.kept.get(server.issue))
        self.assertLess(time.monotonic() - started, 0.3)
        self.assertEqual('1', self.kept.value)

    def test_token_that_ends_on_its_way(self):
        """It is used all the same, once."""
        server = Server(lifetime=0.001)
        self.assertEqual('1', self.kept.get(server.issue))
        self.assertEqual('2', self.kept.get(server.issue))

    def test_refused_token_is_dropped_once(self):
        server = Server()
        self.assertFalse(self.kept.drop(None))
        self.kept.get(server.issue)
        self.assertTrue(self.kept.drop('1'))
        # Another thread was refused at the same time.
        self.assertTrue(self.kept.drop('1'))
        self.assertEqual('2', self.kept.get(server.issue))
        self.assertTrue(self.kept.drop('1'))
        self.assertEqual('2', self.kept.get(server.issue))
        self.assertTrue(self.kept.drop(None))
        self.assertEqual('3', self.kept.get(server.issue))

    def test_service_that_refuses_each_token(self):
        """It does not make each call request one."""
        server = Server()
        outcomes = []
        for _ in range(8):
            outcomes.append(self.kept.drop(self.kept.get(server.issue)))
        self.assertEqual([True] * 5 + [False] * 3, outcomes)
        self.assertEqual(6, server.requests)
        time.sleep(2)
        for expected in (True, False):
            outcome = self.kept.drop(self.kept.get(server.issue))
            self.assertEqual(expected, outcome)

    def test_token_of_an_earlier_process(self):
        server = Server()
        self.kept.keep('earlier', 3600)
        self.assertEqual('earlier', self.kept.get(server.issue))
        self.kept.keep('old', -1)
        self.assertEqual('1', self.kept.get(server.issue))

    def test_new_token(self):
        server = Server()
        self.assertEqual('1', self.kept.new(server.issue))
        self.assertEqual('1', self.kept.get(server.issue))
        self.assertEqual('2', self.kept.new(server.issue))
        self.assertEqual('2', self.kept.value)

    def test_no_token_in_a_representation(self):
        self.assertNotIn(
            'secret', repr(authorization_server.Token('secret', 1))
        )
