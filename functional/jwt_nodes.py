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


"""Two nodes that issue JWT access tokens, and have keys of their own."""

import collections
import itertools
import subprocess

import jwt

from functional import base
from functional import nodes
from functional import programs
from functional import traffic

ISSUER = 'https://keystone.example.com/v3'
#: As the administrator guide copies the keys.
RSYNC = ('rsync', '-ac', '--delete-after', '--delay-updates')
SEEN = '/v3/auth/tokens'
#: The status of each kind of request, whatever the format of tokens.
EXPECTED = {
    'secret': 200,
    'certificate': 200,
    'use': 200,
    'validation': 200,
    'introspection': 200,
    'revocation': 200,
    'use of a revoked token': 401,
    'introspection of a revoked token': 200,
}
# How many tokens are in use at the same time.
_RECENT = 8


class JWTNodesTestCase(nodes.NodesTestCase):
    """Clients ask for tokens and use them, at any node, all the time."""

    database = 'postgresql'
    cache = 'memcached'
    needs = ('rsync',)
    processes = 1
    second_changes = {'oauth2-signing-keys': 'second-oauth2-signing-keys'}

    def setUp(self):
        super().setUp()
        #: Each recent token with the files of its certificate.
        self.recent = collections.deque(maxlen=_RECENT)
        self.revoked = []
        self._turns = itertools.count()

    @classmethod
    def key_folders(cls):
        """Return the folder with the signing keys of each node."""
        name = 'oauth2-signing-keys'
        return [cls.folder / name, cls.folder / f'second-{name}']

    @classmethod
    def copy_keys(cls):
        """Copy the signing keys of the first node to the second."""
        first, second = cls.key_folders()
        subprocess.run(
            [*RSYNC, f'{first}/', f'{second}/'],
            check=True,
            env={'PATH': programs.PATH},
        )

    def senders(self):
        """Return the senders of the continuous traffic, by kind."""
        return {
            'secret': self.ask_for_token,
            'certificate': lambda: self.ask_for_token(self.files),
            'use': lambda: self.use_token(*self.next_token()),
            'validation': lambda: self.see_token(*self.next_token()),
            'introspection': lambda: self.introspect_token(*self.next_token()),
            'revocation': self.revoke_token,
            'use of a revoked token': lambda: self.use_token(
                *self.revoked[-1]
            ),
            'introspection of a revoked token': lambda: self.introspect_token(
                *self.revoked[-1]
            ),
        }

    def start_with_tokens(self):
        """Issue the first tokens, which the senders use."""
        self.ask_for_token()
        self.ask_for_token(self.files)
        self.revoke_token()

    def next_token(self):
        """Return each recent token in turn."""
        recent = list(self.recent)
        return recent[next(self._turns) % len(recent)]

    def ask_for_token(self, files=None, **to):
        """Request a token, and keep it to be used."""
        answer = self.post_as_client(base.TOKEN, base.GRANT, files=files, **to)
        if answer.status == 200:
            self.recent.append((answer.json['access_token'], files))
        return answer

    def see_token(self, token, files=None, **to):
        """Ask Keystone about a token with the token itself."""
        return self.https(files, **to).request(
            'GET', SEEN, token=token, headers={'X-Subject-Token': token}
        )

    def introspect_token(self, token, files=None, **to):
        """Introspect a token as its client."""
        return self.post_as_client(
            base.INTROSPECT, {'token': token}, files=files, **to
        )

    def revoke_token(self):
        """Request a token and revoke it."""
        token = self.issue()
        answer = self.post_as_client(base.REVOKE, {'token': token})
        self.revoked.append((token, None))
        return answer

    def assert_no_failure(self, flow):
        """Assert that all responses are as expected throughout."""
        failed = [
            outcome
            for outcome in flow.outcomes
            if outcome.status != EXPECTED[outcome.kind] or not is_true(outcome)
        ]
        self.assertEqual('', traffic.summary(failed))

    def assert_lives(self, is_jwt):
        """Assert the whole lives of tokens of each node at all nodes.

        :param is_jwt: whether tokens of a node are JWTs.
        """
        for issuer in self.nodes:
            for files in (None, self.files):
                token = self.issue(files=files, url=issuer.url)
                self.assertEqual(is_jwt(issuer), has_type(token))
                self.assert_life(token, files, issuer)

    def assert_life(self, token, files, issuer):
        """Assert that all nodes accept a token until it is revoked."""
        others = [node for node in self.nodes if node is not issuer]
        # The issuer last: its result may be in the cache of all.
        for node in (*others, issuer):
            self.assert_accepted(token, files, node)
        self.revoke(token, files=files, url=others[0].url)
        for node in self.nodes:
            self.assert_refused(token, files, node)

    def assert_accepted(self, token, files, node):
        """Assert that a node accepts a token in every place."""
        statuses = [
            self.use_token(token, files, url=node.url).status,
            self.see_token(token, files, url=node.url).status,
            node.identity.validate(token).status,
        ]
        self.assertEqual([200] * 3, statuses, node.url)
        seen = self.introspect(token, files=files, url=node.url)
        self.assertIs(True, seen['active'])

    def assert_refused(self, token, files, node):
        """Assert that a node refuses a token in every place."""
        statuses = [
            self.use_token(token, files, url=node.url).status,
            node.identity.validate(token).status,
        ]
        self.assertEqual([401, 404], statuses, node.url)
        seen = self.introspect(token, files=files, url=node.url)
        self.assertEqual({'active': False}, seen)


def is_true(outcome):
    """Whether introspection says what it must; other responses say nothing."""
    if not outcome.kind.startswith('introspection'):
        return True
    return outcome.answer.json['active'] is (outcome.kind == 'introspection')


def has_type(token):
    """Whether a token is a JWT access token."""
    try:
        return jwt.get_unverified_header(token)['typ'] == 'at+jwt'
    except jwt.DecodeError:
        return False
