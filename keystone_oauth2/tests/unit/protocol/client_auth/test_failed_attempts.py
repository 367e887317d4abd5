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

"""Failed attempts to authenticate, and their limit (RFC 6749, 2.3.1)."""

import collections

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import messages
from keystone_oauth2.protocol import ports
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.client_auth import dummies


class Counter:
    """A guard that allows a number of failures of a client from a source.

    A failure beyond ``warned`` raises ``TooManyFailures``.
    """

    def __init__(self, allowed, warned=None):
        self.allowed = allowed
        self.warned = allowed if warned is None else warned
        self.failures = collections.Counter()
        self.slow = collections.Counter()

    def check(self, client_id, source):
        if self.failures[client_id, source] >= self.allowed:
            raise ports.TooManyFailures(seconds=30)

    def failed(self, client_id, source, *, was_slow):
        self.failures[client_id, source] += 1
        self.slow[client_id, source] += was_slow
        if self.failures[client_id, source] > self.warned:
            raise ports.TooManyFailures(seconds=20)


class GuardTest(base.TestCase):
    def set_up_guard(self, guard, **body):
        self.guard = guard
        self.clients = dummies.client_store()
        self.authentication = protocol_base.authentication(
            dummies.methods(**body), client_store=self.clients, guard=guard
        )

    def setUp(self):
        super().setUp()
        self.set_up_guard(Counter(allowed=2))

    def authenticate(self, authorization=None, **form):
        return self.authentication.authenticate(
            protocol_base.request(authorization=authorization),
            protocol_base.form(**form),
        )

    def test_attempt_after_too_many_failures_is_not_evaluated(self):
        """B08: this stops brute force."""
        for expected in (
            errors.InvalidClient,
            errors.InvalidClient,
            errors.TooManyRequests,
            errors.TooManyRequests,
        ):
            error = self.assert_raises(
                expected, lambda: self.authenticate(**dummies.posted())
            )
        self.assertEqual({'Retry-After': '30'}, error.headers)
        self.assertEqual(429, error.status)
        self.assertEqual(2, self.clients.finds)

    def test_failure_beyond_the_limit_gets_429(self):
        """B09: it was evaluated, and the log has the reason."""
        self.set_up_guard(Counter(allowed=3, warned=2))
        for detail, seconds in (('; body: wrong', '20'), ('', '30')):
            for _ in range(2 if seconds == '20' else 0):
                self.assert_raises(
                    errors.InvalidClient,
                    lambda: self.authenticate(**dummies.posted()),
                )
            error = self.assert_raises(
                errors.TooManyRequests,
                lambda: self.authenticate(**dummies.posted()),
            )
            self.assertEqual({'Retry-After': seconds}, error.headers)
            self.assertEqual(
                f'too many failures of client (4 characters, redacted)'
                f'{detail}',
                error.detail,
            )

    def test_each_refusal_is_one_failure(self):
        """B08: of an unknown client, and of one without the method, too."""
        for client_id in ('body', 'unknown', 'header'):
            with self.variant(client_id):
                self.set_up_guard(Counter(allowed=5))
                self.assert_raises(
                    errors.InvalidClient,
                    lambda client_id=client_id: self.authenticate(
                        **dummies.posted(client_id)
                    ),
                )
                self.assertEqual(
                    {(client_id, messages.UNKNOWN_SOURCE): 1},
                    self.guard.failures,
                )

    def test_unreadable_evidence_is_not_a_failure_of_a_client(self):
        """B09: it does not say of which client."""
        self.assert_raises(
            errors.InvalidClient, self.authenticate, 'Basic nonsense'
        )
        self.assertEqual({}, self.guard.failures)

    def test_guard_is_told_of_a_slow_hash(self):
        """B09: whether or not the client exists."""
        for is_slow in (False, True):
            for client_id in ('body', 'unknown', 'header'):
                with self.variant((is_slow, client_id)):
                    self.set_up_guard(Counter(allowed=1), is_slow=is_slow)
                    self.assert_raises(
                        errors.InvalidClient,
                        lambda client_id=client_id: self.authenticate(
                            **dummies.posted(client_id)
                        ),
                    )
                    self.assertIs(is_slow, bool(self.guard.slow.total()))

    def test_failures_of_one_client_do_not_block_another(self):
        """B09: no client can lock out another client."""
        for _ in range(3):
            self.assertRaises(
                errors.OAuthError,
                lambda: self.authenticate(**dummies.posted()),
            )
        self.assertEqual('header', self.authenticate(dummies.BASIC).id)

    def test_success_is_not_counted(self):
        """B09: no matter how often."""
        for _ in range(5):
            self.assertEqual('header', self.authenticate(dummies.BASIC).id)
        self.assertEqual({}, self.guard.failures)
