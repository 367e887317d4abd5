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

"""Tokens of clients whose application credential is about to expire."""

import datetime

from oslo_utils import timeutils

from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers

TIMES = (
    # Seconds before the credential's expiry, and the token's expires_in.
    (2, 2),
    (1.5, 1),
    (1, 1),
)


class LastSecondTest(clients.ClientsTestCase):
    def setUp(self):
        super().setUp()
        now = timeutils.utcnow().replace(microsecond=0)
        self.end = now + datetime.timedelta(minutes=2)
        self.own = self.identity.create_application_credential(
            self.user, expires_at=f'{self.end.isoformat()}Z'
        )

    def get(self, before):
        """Ask for a token this many seconds before the expiry."""
        self.at(self.end, -before)
        return self.get_token(**clients.by_secret(self.own, self.own.secret))

    def test_expires_in_is_the_number_of_whole_seconds_left(self):
        """A07: rounded down, or it would exceed the token's life."""
        for before, left in TIMES:
            with self.variant(before):
                answer = self.get(before)
                expected = range(left, left + 1)
                self.assertThat(
                    answer, matchers.IsAccessToken(expires_in=expected)
                )

    def test_no_token_is_issued_in_the_last_second(self):
        """A07: expires_in is at least 1."""
        for before in (0.9, 0.5, 0.001, 0):
            with self.variant(before):
                self.assertThat(self.get(before), clients.REFUSED)
