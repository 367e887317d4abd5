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


"""Signing keys are rotated while tokens are used and verified everywhere."""

import itertools
import json
import os
import time
import typing as ty

import jwt

from functional import base
from functional import jwt_nodes
from functional import traffic
from keystone_oauth2.fixture import _manage
from keystone_oauth2.tests.support import jwts

#: Seconds for which tokens are used, and verifiers keep the keys.
LIFETIME, MAX_AGE = 900, 300
#: Seconds between two rotations at least, after all nodes have the keys.
INTERVAL = 360
# Seconds that pass at once.
_STEP = 60
#: Seconds after which the keys are copied, rotation by rotation.
DELAYS = (0, 60, 300)
# Verifiers have fetched the keys at different times before.
_PHASES = (0, 75, 150, 225)


class Verdict(ty.NamedTuple):
    """What a verifier says: 200 or 401, and why."""

    status: int
    reason: str = ''


class Verifier:
    """A service that verifies tokens itself, and never fetches early.

    :param fetch: returns the key set.
    :param now: returns seconds.
    :param fetched_at: of the first key set.
    """

    def __init__(self, fetch, now, fetched_at):
        self._fetch = fetch
        self._now = now
        self._fetched_at = fetched_at
        self._keys = fetch()

    def verify(self, token):
        """Return the verdict on a token."""
        if self._now() >= self._fetched_at + MAX_AGE:
            self._fetched_at = self._now()
            self._keys = self._fetch()
        kid = jwt.get_unverified_header(token)['kid']
        try:
            key = jwt.PyJWKSet.from_dict(self._keys)[kid]
            jwt.decode(
                token,
                key,
                algorithms=['ES256'],
                audience=jwt_nodes.ISSUER,
                issuer=jwt_nodes.ISSUER,
            )
        except (KeyError, jwt.PyJWTError) as error:
            return Verdict(401, repr(error))
        return Verdict(200)


class RotationTestCase(jwt_nodes.JWTNodesTestCase):
    """Time passes in steps: all keys become older, and verifiers notice."""

    processes = 2
    provider = 'oauth2_fernet'
    options = {
        'identity': {'password_hash_rounds': 4},
        'token': {'expiration': LIFETIME, 'allow_expired_window': 0},
        'oauth2': {'issuer': jwt_nodes.ISSUER},
        'oauth2_tokens': {'format': 'jwt', 'lifetime': LIFETIME},
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
    }

    @classmethod
    def before_start(cls):
        cls.copy_keys()

    def setUp(self):
        super().setUp()
        self.passed = 0
        #: Each token with the time when it was issued.
        self.tokens = []
        self.turns = itertools.count()
        urls = itertools.cycle([node.url for node in self.nodes])
        self.verifiers = [
            self.verifier(url, phase)
            for url, phase in zip(urls, _PHASES, strict=False)
        ]

    def verifier(self, url, phase):
        """Return a verifier that asks one of the nodes for keys."""
        return Verifier(
            lambda: self.https(url=url).request('GET', jwts.JWKS).json,
            lambda: self.passed,
            -phase,
        )

    def rotate(self, *arguments):
        """Rotate the keys of the first node."""
        self.deployment.manage(
            'signing_key_rotate', *arguments, program=_manage.EXTENSION
        )

    def kid(self):
        """Return the id of the key that the first node signs with."""
        token = self.issue(url=self.nodes[0].url)
        return jwt.get_unverified_header(token)['kid']

    def issue_token(self):
        """Request a token from any node, and keep it to be used."""
        now = self.passed
        answer = self.post_as_client(base.TOKEN, base.GRANT)
        if answer.status == 200:
            self.tokens.append((answer.json['access_token'], now))
        return answer

    def valid_token(self):
        """Return one of the tokens that have not expired, old and new."""
        start = self.passed - LIFETIME + _STEP
        valid = [token for token, since in self.tokens if since > start]
        turn = next(self.turns)
        return valid[turn % len(valid)] if turn % 2 else valid[-1]


class RotationTest(RotationTestCase):
    """Every month."""

    def test_no_token_is_refused(self):
        """H09: by no node and no verifier, whenever the keys are copied."""
        self.issue_token()
        kids = [self.kid()]
        senders = {
            'secret': self.issue_token,
            'use': lambda: self.use_token(self.valid_token()),
            'validation': lambda: self.see_token(self.valid_token()),
            'introspection': lambda: self.introspect_token(self.valid_token()),
        }
        for number, verifier in enumerate(self.verifiers):
            senders[f'verifier {number}'] = lambda verifier=verifier: (
                verifier.verify(self.valid_token())
            )
        with traffic.Traffic(senders) as flow:
            self.let_pass(INTERVAL, flow)
            for delay in DELAYS:
                self.rotate()
                kids.append(self.kid())
                self.let_pass(delay, flow)
                self.copy_keys()
                self.let_pass(INTERVAL, flow)
        self.assertEqual(len(DELAYS) + 1, len(set(kids)))
        failed = [outcome for outcome in flow.outcomes if is_bad(outcome)]
        self.assertEqual('', traffic.summary(failed))

    def let_pass(self, seconds, flow):
        """Make keys older, while tokens are used."""
        flow.go_on()
        for _ in range(seconds // _STEP):
            for folder in self.key_folders():
                make_older(folder, _STEP)
            self.passed += _STEP
            flow.go_on()


class EmergencyTest(RotationTestCase):
    """A key was stolen, while it signs."""

    def test_old_tokens_are_refused_at_once(self):
        """H09: and clients get new ones, without a restart."""
        old = self.issue()
        self.client_token = old
        senders = {
            'secret': self.issue_token,
            'old token': lambda: self.use_token(old),
            'old subject': lambda: self.nodes[1].identity.validate(old),
            'client': self.be_client,
        }
        with traffic.Traffic(senders) as flow:
            before = flow.go_on()
            self.rotate('--emergency')
            flow.go_on()
            self.copy_keys()
            moment = time.monotonic()
            for node in self.nodes:
                self.assert_refused(old, None, node)
            after = flow.go_on()
            self.assert_lives(is_jwt=lambda node: True)
            new = self.issue()
            self.assert_verifiers(old, new)
            after += flow.go_on()
        self.assertEqual({200}, {outcome.status for outcome in before})
        self.assert_statuses(
            {'old token': {401}, 'old subject': {404}, 'client': {200}},
            flow.since(moment),
        )
        self.assert_statuses({'secret': {200}}, flow.outcomes)

    def be_client(self):
        """Use a token, and another one if it is refused."""
        answer = self.use_token(self.client_token)
        if answer.status == 401:
            self.client_token = self.issue()
            answer = self.use_token(self.client_token)
        return answer

    def assert_verifiers(self, old, new):
        """Assert that verifiers notice when they fetch the keys again."""
        verdicts = [
            [verifier.verify(token).status for token in (old, new)]
            for verifier in self.verifiers
        ]
        self.assertEqual([[200, 401]] * len(_PHASES), verdicts)
        self.passed += MAX_AGE
        for verifier in self.verifiers:
            self.assertEqual(200, verifier.verify(new).status)
            self.assertEqual(401, verifier.verify(old).status)

    def assert_statuses(self, expected, outcomes):
        """Assert the statuses by kind."""
        found = {
            kind: {one.status for one in outcomes if one.kind == kind}
            for kind in expected
        }
        self.assertEqual(expected, found)


def is_bad(outcome):
    """Whether a request failed, or introspection did not know the token."""
    if outcome.status != 200:
        return True
    return (
        outcome.kind == 'introspection'
        and outcome.answer.json['active'] is not True
    )


def make_older(folder, seconds):
    """Make the keys in a folder older, while they are read."""
    for path in list(folder.iterdir()):
        key = json.loads(path.read_text())
        for name in ('created_at', 'active_since'):
            key[name] = key[name] and key[name] - seconds
        new = path.with_name('older')
        new.write_text(json.dumps(key))
        new.chmod(0o600)
        owner = path.stat()
        os.chown(new, owner.st_uid, owner.st_gid)
        new.rename(path)
