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

LIMITS = {'client_failure_limit': '3/hour', 'address_failure_limit': '6/hour'}


class RightSecretTests:
    """What holds whether an address is the client's own or shared.

    The attacker fails from the very address of the client: no other shows
    that the client is not locked out there.
    """

    def test_right_secret_is_taken_where_wrong_ones_are_limited(self):
        """B09: guesses of others in the client's name do not stop it."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=2)
        for _ in range(3):
            self.assert_passes(self.attacker)

    def test_guesses_end_at_the_hard_limit(self):
        """B08: a right one is not looked at either."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=3)
        self.assert_limited(self.attacker)
        self.assert_passes(self.owner)

    def test_each_further_address_has_as_many_as_a_client(self):
        """B08: once there were too many in all."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=3)
        self.fail(self.owner)
        self.fail_again(self.owner)
        self.assert_passes(self.owner)
        self.fail_again(self.owner)
        self.assert_limited(self.owner)

    def test_first_mistake_from_an_address_is_answered_as_one(self):
        """B09: how often others have failed elsewhere is not its fault."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=3)
        self.fail(self.owner)
        self.assert_passes(self.owner)

    def test_success_gives_no_more_guesses(self):
        """B08: a client cannot be tried out beside its own requests."""
        self.fail(self.attacker, times=3)
        self.fail_again(self.attacker, times=2)
        self.assert_passes(self.attacker)
        self.fail_again(self.attacker)
        self.assert_limited(self.attacker)

    def test_each_endpoint_takes_the_right_secret(self):
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

    def test_client_that_does_not_exist_is_answered_alike(self):
        """B07: or the number of guesses would tell who exists."""
        self.fail(self.attacker, 'unknown', times=3)
        self.fail_again(self.attacker, 'unknown', times=3)
        answer = self.post_from(self.attacker, ('unknown', 'wrong'))
        self.assertThat(answer, limited.LIMITED)

    def test_log_tells_what_was_wrong(self):
        """An operator sees that the secret was looked at."""
        self.fail(self.attacker, times=3)
        self.new_log()
        self.fail_again(self.attacker)
        self.assertRegex(
            self.new_log(),
            f'too many failures of client {self.own.id}; '
            f'client {self.own.id}: wrong secret',
        )


class OwnAddressTest(RightSecretTests, limited.LimitedTestCase):
    options = {'oauth2': {**LIMITS, **limited.NO_PROXY}}

    def test_hard_limit_is_that_of_the_address(self):
        """B08: whatever the client, and not before."""
        for number in range(5):
            self.fail(self.attacker, f'unknown{number}')
        self.assert_passes(self.attacker)
        self.fail(self.attacker)
        self.assert_limited(self.attacker)


class SharedAddressTest(RightSecretTests, limited.LimitedTestCase):
    """No proxy is named, so that any address may be one."""

    options = {'oauth2': LIMITS}

    def test_address_is_not_stopped_as_a_whole(self):
        """B09: an attacker behind the same proxy locks no others out."""
        for number in range(20):
            self.fail(self.attacker, f'unknown{number}')
        self.assert_passes(self.attacker)
