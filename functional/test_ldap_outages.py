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

"""A directory that is away, or accepts connections and does not respond."""

from concurrent import futures
import time

from functional import base
from functional import directory_users
from functional import programs
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

ISSUER = clients.ISSUER
TIMEOUT = 1
RETRIES = 1
RETRY_DELAY = 0.1
#: Seconds after which Keystone gives up, as the guide says.
BOUND = RETRIES * (RETRIES + 1) * (TIMEOUT + RETRY_DELAY)
#: Seconds that all else may take on a busy machine.
SLACK = 4
#: Failed attempts that block a client.
FAILURES = 3
GRANTS = ('secret', 'key', 'certificate')
UNCACHED = {'caching': False}


class OutageTest(directory_users.DirectoryTestCase):
    """Requests for a user of the directory, and for another user.

    Failures are counted in memcached; nothing else is cached.
    """

    cache = 'memcached'
    options = {
        'identity': UNCACHED,
        'role': UNCACHED,
        'token': UNCACHED,
        'oauth2': {
            'issuer': ISSUER,
            'oauth2_authn_methods': ','.join(clients.METHODS),
        },
    }
    domain_options = {
        'pool_connection_timeout': TIMEOUT,
        'pool_retry_max': RETRIES,
        'pool_retry_delay': str(RETRY_DELAY),
    }

    @classmethod
    def before_start(cls):
        super().before_start()
        cls.deployment.options['oauth2_limits'] = {
            'client_failures': f'{FAILURES}/hour',
            'address_failures': '',
            'storage': f'memcached://{programs.HOST}:{cls.memcached.port}',
        }
        cls.deployment.write_configuration()

    @classmethod
    def create(cls):
        super().create()
        cls.other = cls.identity.create_user(cls.project, ['member'])
        cls.other_client = cls.identity.create_application_credential(
            cls.other
        )

    def setUp(self):
        super().setUp()
        self.user = self.create_person()
        certificate = self.authority.client([('CN', self.user.name)])
        self.files = certificate.write(self.folder, self.user.name)
        self.client = self.identity.create_application_credential(self.user)
        self.signer = assertions.Signer(self.client.id, ISSUER)
        clients.register(
            self.https().request,
            self.identity.token_for(self.user),
            self.client,
            'key',
            jwk=self.signer.jwk,
        )
        self.token = self.issue()

    def requests(self):
        """Return requests that need the directory, by name."""
        form = {'token': self.token}
        found = {
            'secret': lambda: self.grant(client=self.client),
            'key': self.grant_by_key,
            'certificate': lambda: self.grant(files=self.files),
        }
        for path in (base.INTROSPECT, base.REVOKE):
            found[path, 'client'] = lambda path=path: self.post_as_client(
                path, form
            )
            # The token alone is that of a user of the directory.
            found[path, 'admin'] = lambda path=path: self.identity.as_admin(
                'POST', path, form=form
            )
        return found

    def grant(self, **credentials):
        """Request a token."""
        return self.post(base.TOKEN, base.GRANT, **credentials)

    def grant_by_key(self):
        """Request a token with an assertion."""
        form = {
            **base.GRANT,
            'client_assertion_type': assertions.TYPE,
            'client_assertion': self.signer.assertion(),
        }
        return self.https().request('POST', base.TOKEN, form=form)

    def assert_unavailable(self, name):
        """Assert that a request ends in time, and asks to try again."""
        started = time.monotonic()
        answer = self.requests()[name]()
        elapsed = time.monotonic() - started
        with self.variant(name):
            self.assertEqual(503, answer.status, answer.text)
            self.assertEqual('temporarily_unavailable', answer.json['error'])
            self.assertRegex(answer.headers['Retry-After'], r'^[1-9]\d*$')
            self.assertLess(elapsed, BOUND + SLACK)

    def assert_all_unavailable(self):
        """Assert that no request is served, and others are."""
        for name in self.requests():
            self.assert_unavailable(name)
            answer = self.grant(client=self.other_client)
            self.assertEqual(200, answer.status, answer.text)

    def assert_recovered(self):
        """Assert that each request is served the first time."""
        for name, ask in self.requests().items():
            with self.variant(name):
                answer = ask()
                self.assertEqual(200, answer.status, answer.text)

    def test_away(self):
        """Keystone cannot connect."""
        with self.directory.stopped():
            self.assert_all_unavailable()
        self.assert_recovered()

    def test_hanging(self):
        """Keystone is connected, or can connect, but gets no response."""
        with self.directory.hanging():
            self.assert_all_unavailable()
        self.assert_recovered()

    def test_hanging_after_a_restart(self):
        """Connections that Keystone keeps are closed, new ones hang."""
        with self.directory.stopped():
            pass
        with self.directory.hanging():
            self.assert_all_unavailable()
        self.assert_recovered()

    def test_hanging_when_keystone_starts(self):
        """No worker has a connection yet."""
        with self.directory.hanging():
            self.restart()
            self.assert_all_unavailable()
        self.assert_recovered()

    def test_failures_are_not_counted(self):
        """The right secret is refused often, but the client is not blocked."""
        with self.directory.stopped():
            for name in GRANTS * (FAILURES + 1):
                self.assert_unavailable(name)
        self.assert_recovered()
        wrong = self.client._replace(secret='wrong')
        statuses = [
            self.grant(client=wrong).status for _ in range(FAILURES + 1)
        ]
        self.assertEqual([401] * FAILURES + [429], statuses)

    def test_other_users_do_not_wait(self):
        """One worker waits for the directory, another one serves them."""
        with self.directory.hanging(), futures.ThreadPoolExecutor() as pool:
            waiting = pool.submit(self.grant, client=self.client)
            answer = self.grant(client=self.other_client)
            self.assertIs(False, waiting.done())
            self.assertEqual(200, answer.status, answer.text)
            self.assertEqual(503, waiting.result().status)
