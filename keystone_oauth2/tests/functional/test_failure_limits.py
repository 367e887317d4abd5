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

"""Too many failures block a client or address only (RFC 6749, 2.3.1)."""

import statistics
import time
import uuid

from keystone_oauth2.tests.functional import base
from keystone_oauth2.tests.functional import limited
from keystone_oauth2.tests.functional import mutual_tls
from keystone_oauth2.tests.functional import tokens

CLIENT_LIMIT = {'client_failures': '3/hour', 'address_failures': ''}


class ClientLimitTest(limited.LimitedTestCase):
    """Without an address limit, that of the client is the hard limit."""

    options = {'oauth2_limits': CLIENT_LIMIT}

    def test_too_many_failures_of_a_client_get_429(self):
        """B08, B09: the right secret is not checked either."""
        self.fail(self.attacker, times=3)
        self.assert_limited(self.attacker)

    def test_retry_after_counts_down_and_is_not_prolonged(self):
        """B09: each 429 gives the end of the same hour."""
        self.fail(self.attacker, times=3)
        seconds = [
            int(self.post_from(self.attacker, self.own).headers['Retry-After'])
            for _ in range(3)
        ]
        self.assertEqual(sorted(seconds, reverse=True), seconds)

    def test_owner_keeps_its_rate_while_an_attacker_fails(self):
        """B09: no other address is locked out."""
        for _ in range(5):
            self.post_from(self.attacker, (self.own.id, 'wrong'))
            self.assert_passes(self.owner)
        self.assert_limited(self.attacker)

    def test_invented_id_does_not_lock_the_owner_out(self):
        """B09: not even one that contains the owner's address."""
        self.fail(self.attacker, f'{self.own.id}/{self.owner}')
        self.fail(self.attacker, times=3)
        self.assert_passes(self.owner)

    def test_other_clients_at_the_address_are_not_blocked(self):
        """B09: the limit is the client's if no other is set."""
        self.fail(self.attacker, times=3)
        other = self.identity.create_application_credential(self.user)
        self.assert_passes(self.attacker, other)
        self.assert_limited(self.attacker)

    def test_attempts_from_many_addresses_count_together(self):
        """B08: each address has one attempt left after too many failures."""
        for _ in range(3):
            self.fail(limited.address())
        self.fail(self.attacker)
        self.assert_limited(self.attacker)

    def test_unknown_client_is_blocked_like_one_that_exists(self):
        """B07, B08: or a 429 would reveal which clients exist."""
        unknown = uuid.uuid4().hex
        self.fail(self.attacker, unknown, times=3)
        answer = self.post_from(self.attacker, (unknown, 'wrong'))
        self.assertThat(answer, limited.LIMITED)

    def test_success_does_not_count(self):
        for _ in range(5):
            self.assert_passes(self.owner)
        self.fail(self.owner, times=3)
        self.assert_limited(self.owner)

    def test_success_allows_no_further_attempts(self):
        """B08: the limit also holds after a right secret."""
        self.fail(self.owner, times=2)
        self.assert_passes(self.owner)
        self.fail(self.owner)
        self.assert_limited(self.owner)

    def test_malformed_requests_do_not_count(self):
        """They cost no hash and test no secret."""
        for _ in range(5):
            for arguments in (
                {'body': ''},
                {'body': 'grant_type='},
                {'body': f'{base.GRANT}&{base.GRANT}'},
                {'body': f'{base.GRANT}&client_id=other'},
            ):
                answer = self.post_from(self.owner, self.own, **arguments)
                self.assertEqual(400, answer.status)
            for authorization in ('Basic x', 'Bearer x', None):
                answer = self.post(
                    authorization=authorization,
                    environ={'REMOTE_ADDR': self.owner},
                )
                self.assertThat(answer, limited.REFUSED)
        self.assert_passes(self.owner)

    def test_log_names_the_client_and_not_the_secret(self):
        self.fail(self.attacker, times=3)
        self.new_log()
        self.assert_limited(self.attacker)
        logged = self.new_log()
        self.assertRegex(
            logged,
            'temporarily_unavailable: too many failures of client '
            f"'?{self.own.id}",
        )
        self.assertNotIn(self.own.secret, logged)


class OtherEndpointsTest(limited.LimitedTestCase):
    """Failures count wherever a secret is checked."""

    options = {'oauth2_limits': CLIENT_LIMIT}
    PATHS = (base.TOKEN, tokens.INTROSPECT, tokens.REVOKE)

    def ask(self, where, client, path):
        body = base.GRANT if path == base.TOKEN else 'token=x'
        return self.post_from(where, client, body, path=path)

    def test_each_endpoint_counts_and_blocks(self):
        """B08: introspection and revocation, too."""
        for path in self.PATHS:
            with self.variant(path):
                own = self.identity.create_application_credential(self.user)
                wrong = (own.id, 'wrong')
                for _ in range(3):
                    answer = self.ask(self.attacker, wrong, path)
                    self.assertThat(answer, limited.REFUSED)
                for other in self.PATHS:
                    answer = self.ask(self.attacker, own, other)
                    self.assertThat(answer, limited.LIMITED)
                answer = self.ask(self.owner, own, path)
                self.assertEqual(200, answer.status)

    def test_keystone_token_is_no_attempt(self):
        """Keystone authenticates its holder."""
        self.fail(self.attacker, times=3)
        for path in self.PATHS[1:]:
            with self.variant(path):
                answer = self.post(
                    'token=x',
                    path=path,
                    token=self.identity.token_for(self.user),
                    environ={'REMOTE_ADDR': self.attacker},
                )
                self.assertEqual(200, answer.status, answer.text)


class MutualTLSLimitTest(mutual_tls.MutualTLSTestCase):
    options = {'oauth2_limits': CLIENT_LIMIT}

    def post_from(self, where, certificate, user):
        environ = {**mutual_tls.verified(certificate), 'REMOTE_ADDR': where}
        return self.post_for(user, environ)

    def test_invalid_certificates_count(self):
        """B08, B09: as secrets do, and the owner keeps its rate."""
        attacker, owner = limited.address(), limited.address()
        _, user, certificate = self.new_user()
        for _ in range(3):
            answer = self.post_from(attacker, self.certificate, user)
            self.assertThat(answer, limited.REFUSED)
            answer = self.post_from(owner, certificate, user)
            self.assertEqual(200, answer.status)
        for some in (self.certificate, certificate):
            answer = self.post_from(attacker, some, user)
            self.assertThat(answer, limited.LIMITED)
        answer = self.post_from(owner, certificate, user)
        self.assertEqual(200, answer.status)


class AddressLimitTest(limited.LimitedTestCase):
    options = {
        'oauth2': limited.NO_PROXY,
        'oauth2_limits': {'client_failures': '', 'address_failures': '3/hour'},
    }

    def test_address_is_blocked_for_all_clients(self):
        """B08: an attacker tries one secret with many ids."""
        for _ in range(3):
            self.fail(self.attacker, uuid.uuid4().hex)
        self.assert_limited(self.attacker)
        self.assert_passes(self.owner)

    def test_ipv6_network_counts_as_one_address(self):
        """B08: a host with one of its addresses has them all."""
        self.fail('2001:db8:0:7::1', times=2)
        self.fail('2001:db8:0:7:ffff::1')
        self.assert_limited('2001:db8:0:7:8000::2')
        self.assert_passes('2001:db8:0:8::1')

    def test_client_is_not_blocked_at_another_address(self):
        self.fail(self.attacker, times=3)
        self.assert_limited(self.attacker)
        self.fail(self.owner, times=2)
        self.assert_passes(self.owner)


class DefaultsTest(limited.LimitedTestCase):
    """The limits that the guide documents for a default configuration."""

    IN_A_MINUTE = limited.IsLimited(range(1, 62))

    def test_300_guesses_in_a_minute_are_checked(self):
        """B08, B09: a header field does not change that."""
        self.fail(self.attacker, times=30)
        wrong = (self.own.id, 'wrong')
        for number in range(270):
            headers = {'X-Forwarded-For': f'198.51.100.{number % 256}'}
            answer = self.post_from(self.attacker, wrong, headers=headers)
            self.assertThat(answer, self.IN_A_MINUTE)
        for headers in ({}, {'X-Forwarded-For': 'x'}):
            answer = self.post_from(self.attacker, self.own, headers=headers)
            self.assertThat(answer, self.IN_A_MINUTE)
        self.assert_passes(self.owner)
        self.assert_passes(self.attacker, self.client)


class OffTest(limited.LimitedTestCase):
    options = {
        'oauth2_limits': {'client_failures': '', 'address_failures': ''}
    }

    def test_no_client_is_blocked(self):
        self.fail(self.attacker, times=40)
        self.assert_passes(self.attacker)


class CostTest(limited.LimitedTestCase):
    """With a hash that costs about thirty times the rest of a request."""

    options = {
        'DEFAULT': {'debug': False},
        'identity': {'password_hash_rounds': 11},
        'oauth2_limits': {'client_failures': '3/hour'},
        'oauth2_secrets': {'digests': False},
    }

    def seconds(self, expected):
        """Return the processor time of a wrong secret."""
        spent = []
        for _ in range(3):
            start = time.process_time()
            answer = self.post_from(self.attacker, (self.own.id, 'wrong'))
            spent.append(time.process_time() - start)
            self.assertThat(answer, expected)
        return statistics.median(spent)

    def test_limit_is_checked_before_the_slow_hash(self):
        """B09: a blocked request is cheap for the server."""
        refused = self.seconds(limited.REFUSED)
        self.assertGreater(refused, 5 * self.seconds(limited.LIMITED))
