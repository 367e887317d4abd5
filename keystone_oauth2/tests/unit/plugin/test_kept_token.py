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

from keystoneauth1 import exceptions

from keystone_oauth2.plugin import authorization_server
from keystone_oauth2.plugin import kept_token
from keystone_oauth2.tests import base

THREADS = 10


class Server:
    """Issues tokens.

    :param lifetime: of each token, in seconds.
    :ivar error: what it raises instead.
    """

    def __init__(self, lifetime=3600):
        self.lifetime = lifetime
        self.requests = 0
        self.error = None

    def issue(self):
        """Return the next token, which has a number."""
        self.requests += 1
        # Others come meanwhile.
        time.sleep(0.01)
        if self.error:
            raise self.error
        return authorization_server.Token(f'{self.requests}', self.lifetime)


def at_once(function):
    """Return the results of several threads."""
    results = []

    def run():
        try:
            results.append(function())
        except exceptions.ClientException as error:
            results.append(error)

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
        self.assertEqual(['2'] * THREADS, self.get_at_once(server))

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
        server.error = exceptions.ConnectFailure('gone')
        time.sleep(2.1)
        for _ in range(2):
            self.assertEqual(['1'] * THREADS, self.get_at_once(server))
        self.assertEqual(2, server.requests)

    def test_failure_without_a_token(self):
        """The next call tries again."""
        server = Server()
        server.error = exceptions.ConnectFailure('gone')
        for _ in range(2):
            self.assertRaises(
                exceptions.ConnectFailure, self.kept.get, server.issue
            )
        self.assertEqual(2, server.requests)
        server.error = None
        self.assertEqual('3', self.kept.get(server.issue))

    def test_server_that_asks_to_wait(self):
        """All threads wait, and one of them tries again."""
        server = Server()
        server.error = exceptions.TooManyRequests('slow down', retry_after=1)
        threading.Timer(0.5, setattr, [server, 'error', None]).start()
        started = time.monotonic()
        self.assertEqual(['2'] * THREADS, self.get_at_once(server))
        self.assertGreaterEqual(time.monotonic() - started, 1)

    def test_server_that_asks_to_wait_again(self):
        server = Server()
        server.error = exceptions.TooManyRequests('slow down', retry_after=1)
        self.assertEqual([server.error] * THREADS, self.get_at_once(server))
        self.assertEqual(2, server.requests)

    def test_server_that_asks_to_wait_long(self):
        """No call waits, and the server is not asked meanwhile."""
        server = Server()
        server.error = exceptions.ServiceUnavailable('later', retry_after=900)
        for _ in range(2):
            results = self.get_at_once(server)
            self.assertEqual([server.error] * THREADS, results)
        self.assertEqual(1, server.requests)

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
