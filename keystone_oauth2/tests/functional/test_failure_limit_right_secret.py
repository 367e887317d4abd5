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

"""A right secret passes the limit of the client (RFC 6749, 2.3.1)."""

from keystone_oauth2.tests.functional import limited
from keystone_oauth2.tests.functional import tokens

LIMITS = {'client_failures': '3/hour', 'address_failures': '6/hour'}


class RightSecretTests:
    """Behaviour that own and shared addresses have in common.

    The attacker fails from the client's own address: only there can the test
    show that the client is not locked out.
    """

    def test_right_secret_is_accepted_while_wrong_ones_are_limited(self):
        """B09: an attacker's guesses do not block the client."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=2)
        for _ in range(3):
            self.assert_passes(self.attacker)

    def test_guessing_ends_at_the_hard_limit(self):
        """B08: then the right secret is not checked either."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=3)
        self.assert_limited(self.attacker)
        self.assert_passes(self.owner)

    def test_each_further_address_has_the_limit_of_a_client(self):
        """B08: once there were too many failures overall."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=3)
        self.fail(self.owner)
        self.fail_again(self.owner)
        self.assert_passes(self.owner)
        self.fail_again(self.owner)
        self.assert_limited(self.owner)

    def test_first_failure_from_an_address_gets_401(self):
        """B09: failures from other addresses do not count against it."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=3)
        self.fail(self.owner)
        self.assert_passes(self.owner)

    def test_success_allows_no_further_guesses(self):
        """B08: a client's own requests do not help an attacker."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=2)
        self.assert_passes(self.attacker)
        self.fail_again(self.attacker)
        self.assert_limited(self.attacker)

    def test_each_endpoint_accepts_the_right_secret(self):
        """B09: introspection and revocation, too."""
        self.fail(self.attacker, times=3)
        for path in (tokens.INTROSPECT, tokens.REVOKE):
            wrong = (self.own.id, 'wrong')
            for client, expected in ((wrong, 429), (self.own, 200)):
                with self.variant((path, expected)):
                    answer = self.post_from(
                        self.attacker, client, 'token=x', path=path
                    )
                    self.assertEqual(expected, answer.status, answer.text)

    def test_unknown_client_gets_the_same_answers(self):
        """B07: or the number of guesses would reveal which clients exist."""
        self.fail(self.attacker, 'unknown', times=3)
        self.fail_again(self.attacker, 'unknown', times=3)
        answer = self.post_from(self.attacker, ('unknown', 'wrong'))
        self.assertThat(answer, limited.LIMITED)

    def test_log_gives_the_reason(self):
        """An operator sees that the secret was checked."""
        self.fail(self.attacker, times=3)
        self.new_log()
        self.fail_again(self.attacker)
        self.assertRegex(
            self.new_log(),
            f'too many failures of client {self.own.id}; '
            f'client {self.own.id}: wrong secret',
        )


class OwnAddressTest(RightSecretTests, limited.LimitedTestCase):
    options = {'oauth2_limits': LIMITS, 'oauth2': limited.NO_PROXY}

    def test_hard_limit_is_that_of_the_address(self):
        """B08: for all clients together."""
        for number in range(5):
            self.fail(self.attacker, f'unknown{number}')
        self.assert_passes(self.attacker)
        self.fail(self.attacker)
        self.assert_limited(self.attacker)


class SharedAddressTest(RightSecretTests, limited.LimitedTestCase):
    """No proxy is configured, so any address may be shared."""

    options = {'oauth2_limits': LIMITS}

    def test_address_is_not_blocked_as_a_whole(self):
        """B09: an attacker behind the same proxy locks out no other client."""
        for number in range(20):
            self.fail(self.attacker, f'unknown{number}')
        self.assert_passes(self.attacker)
