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

"""Upgrade from Keystone's own module and roll back, under traffic."""

from concurrent import futures
import functools
import itertools
import time

from functional import base
from functional import nodes
from functional import traffic
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _manage

#: Seconds that replacing all workers may take.
PATIENCE = 300
# What uWSGI logs when all workers are replaced.
_COMPLETE = 'chain reloading complete'
# Requests that reach all workers of a node.
_AT_ONCE, _TIMES = 8, 40
#: Enables the extension in Keystone.
LINE = _configuration.render(_configuration.enabled())
#: Expected statuses, from either module.
EXPECTED = {
    'secret': 200,
    'certificate': 200,
    'wrong secret': 401,
    'application credential': 201,
    'password': 201,
    'use': 200,
    'use of a revoked token': 401,
}


class ChangeTests:
    """Keystone's own module serves at first."""

    enable = False
    options = {
        'identity': {'password_hash_rounds': 4},
        # Wrong and right secrets are sent from the same address here.
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
    }

    def setUp(self):
        super().setUp()
        #: Each token with the files of its certificate.
        self.valid = []
        self.revoked = []

    def configure(self, config_file, enable):
        """Write keystone.conf, with or without the extension."""
        text = config_file.read_text().replace(LINE, '')
        config_file.write_text(f'{text}{LINE if enable else ""}')

    def forget(self, *urls):
        """Make workers read from the cache whether anything was revoked.

        Keystone validates a token with what the previous request to the same
        worker has read. Without the extension, a worker may therefore accept
        a token once after another one has revoked it.
        """
        with futures.ThreadPoolExecutor(_AT_ONCE) as pool:
            for url in urls or (None,):
                ask = self.https(url=url).request
                list(pool.map(ask, ['GET'] * _TIMES, ['/v3'] * _TIMES))

    def assert_module(self, is_ours, **to):
        """Assert which module serves the API."""
        unknown = self.client._replace(id='0' * 32)
        answer = self.post(base.TOKEN, base.GRANT, client=unknown, **to)
        self.assertEqual(401 if is_ours else 404, answer.status)

    def assert_no_failure(self, flow):
        """Assert that all responses are as expected throughout."""
        failed = [
            outcome
            for outcome in flow.outcomes
            if outcome.status != EXPECTED[outcome.kind]
        ]
        self.assertEqual('', traffic.summary(failed))

    def authenticate(self, password=False, **to):
        """Request a token from Keystone's own API."""
        identity = {
            'methods': ['application_credential'],
            'application_credential': self.client._asdict(),
        }
        if password:
            user = {'id': self.user.id, 'password': self.user.password}
            identity = {'methods': ['password'], 'password': {'user': user}}
        return self.https(**to).request(
            'POST', '/v3/auth/tokens', json={'auth': {'identity': identity}}
        )

    def senders(self):
        """Return the senders of the continuous traffic, by kind."""
        turns = itertools.count()
        wrong = self.client._replace(secret='wrong')
        return {
            'secret': lambda: self.post(
                base.TOKEN, base.GRANT, client=self.client
            ),
            'certificate': lambda: self.post(
                base.TOKEN, base.GRANT, files=self.files
            ),
            'wrong secret': lambda: self.post(
                base.TOKEN, base.GRANT, client=wrong
            ),
            'application credential': self.authenticate,
            'password': lambda: self.authenticate(password=True),
            'use': lambda: self.use_token(
                *self.valid[next(turns) % len(self.valid)]
            ),
            'use of a revoked token': lambda: self.use_token(self.revoked[-1]),
        }


class NodesTest(ChangeTests, nodes.NodesTestCase):
    """One node after another is removed, changed and added again."""

    database = 'postgresql'
    cache = 'memcached'
    processes = 1
    tables = False

    def test_there_and_back(self):
        """No request fails, and no token becomes invalid, or valid again."""
        self.issue_everywhere()
        with traffic.Traffic(self.senders()) as flow:
            flow.go_on()
            self.deployment.manage('db_sync', program=_manage.EXTENSION)
            self.look_around(flow)
            for enable in (True, False):
                for node in self.nodes:
                    self.exchange(
                        node, functools.partial(self.switch, node, enable)
                    )
                    self.look_around(flow)
        self.assert_no_failure(flow)

    def switch(self, node, enable):
        """Enable or disable the extension on a node."""
        self.configure(node.config_file, enable)
        node.enabled = enable

    def look_around(self, flow):
        """Keep the traffic going, and check each token on each node."""
        flow.go_on()
        self.issue_everywhere()
        for node in self.nodes:
            self.assert_module(node.enabled, url=node.url)
            for token, files in self.valid:
                answer = self.use_token(token, files, url=node.url)
                self.assertEqual(200, answer.status, answer.text)
                if files is not None:
                    self.assert_bound(token, node)
            for token in self.revoked:
                answer = self.use_token(token, url=node.url)
                self.assertEqual(401, answer.status)

    def assert_bound(self, token, node):
        """Assert that a token keeps its thumbprint, if not its method name."""
        seen = node.identity.validate(token).json['token']
        self.assertIn('x5t#S256', seen['oauth2_credential'])
        self.assertIn(seen['methods'], ([], ['oauth2_credential']))

    def issue_everywhere(self):
        """Issue a token of each kind on each node, and revoke one."""
        for node in self.nodes:
            by_credential = self.authenticate(url=node.url)
            for token, files in (
                (self.issue(url=node.url), None),
                (self.issue(files=self.files, url=node.url), self.files),
                (by_credential.headers['X-Subject-Token'], None),
                (node.identity.token_for(self.user), None),
            ):
                self.valid.append((token, files))
            token = self.issue(url=self.nodes[0].url)
            node.identity.revoke(token)
            self.forget(*(other.url for other in self.nodes))
            self.revoked.append(token)


class WorkersTest(ChangeTests, base.StackTestCase):
    """A single uWSGI replaces its workers in turn."""

    processes = 2
    changes = {'master = true': 'master = true\ntouch-chain-reload = reload'}

    @classmethod
    def before_start(cls):
        (cls.folder / 'reload').touch()

    def test_there_and_back(self):
        """No request fails, and no token becomes invalid, or valid again."""
        self.valid.append((self.issue(), None))
        self.valid.append((self.issue(files=self.files), self.files))
        token = self.issue()
        self.identity.revoke(token)
        self.forget()
        self.revoked.append(token)
        with traffic.Traffic(self.senders()) as flow:
            flow.go_on()
            for enable in (True, False):
                self.configure(self.deployment.config_file, enable)
                self.exchange_workers()
                flow.go_on()
                self.assert_module(enable)
        self.assert_no_failure(flow)

    def exchange_workers(self):
        """Make uWSGI restart its workers one after another.

        Until the last new worker is ready, uWSGI would ignore the next change.
        """
        uwsgi = self.stack.programs['uwsgi']
        old = set(uwsgi.children())
        times = uwsgi.log.count(_COMPLETE)
        (self.folder / 'reload').touch()
        end = time.monotonic() + PATIENCE
        while uwsgi.log.count(_COMPLETE) == times:
            self.assertLess(time.monotonic(), end, 'Workers are not replaced')
            time.sleep(0.1)
        self.assertEqual(set(), old & set(uwsgi.children()))
