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

"""Whose failures are counted behind proxies (RFC 9700, 4.13)."""

from keystone_oauth2.tests.functional import limited

LIMITS = {'client_failures': '3/hour', 'address_failures': '3/hour'}


def forwarded(*addresses):
    """Return header fields as proxies set them for these addresses."""
    return {'X-Forwarded-For': ', '.join(addresses)}


class TrustedProxyTest(limited.LimitedTestCase):
    options = {
        'oauth2_limits': LIMITS,
        'oauth2': {'trusted_proxies': '192.0.2.0/24'},
    }

    def test_client_behind_a_trusted_proxy_has_its_own_count(self):
        """B09, E05: by the address that the proxy reports."""
        attacker, owner = forwarded(self.attacker), forwarded(self.owner)
        self.fail(limited.PROXY, times=3, headers=attacker)
        self.assert_limited(limited.PROXY, headers=attacker)
        self.assert_passes(limited.PROXY, headers=owner)

    def test_client_is_the_same_through_each_proxy(self):
        """B08, E05: several proxies, side by side and in a row."""
        attacker = forwarded(self.attacker)
        self.fail(limited.PROXY, headers=attacker)
        self.fail('192.0.2.8', headers=attacker)
        self.fail(limited.PROXY, headers=forwarded(self.attacker, '192.0.2.9'))
        self.assert_limited('192.0.2.9', headers=attacker)
        self.assert_limited(self.attacker)

    def test_client_cannot_impersonate_another_with_a_header(self):
        """B08, B09, E05: neither to gain attempts nor to use up another's."""
        for number in range(3):
            self.fail(
                limited.PROXY,
                headers=forwarded(f'198.51.100.{number}', self.attacker),
            )
        self.assert_limited(
            limited.PROXY, headers=forwarded('198.51.100.9', self.attacker)
        )
        self.fail(
            limited.PROXY,
            headers=forwarded(self.owner, limited.address()),
        )
        self.assert_passes(limited.PROXY, headers=forwarded(self.owner))

    def test_untrusted_peer_cannot_impersonate_a_client(self):
        """B08, B09, E05: only a trusted proxy's header is read."""
        for number in range(3):
            self.fail(self.attacker, headers=forwarded(f'198.51.100.{number}'))
        self.assert_limited(self.attacker, headers=forwarded(self.owner))
        self.assert_limited(self.attacker)
        self.assert_passes(limited.PROXY, headers=forwarded(self.owner))

    def test_untrusted_peer_cannot_escape_the_limit_of_its_address(self):
        """B08: by claiming to be a proxy."""
        header = forwarded('198.51.100.1')
        for number in range(3):
            self.fail(self.attacker, f'unknown{number}', headers=header)
        self.assert_limited(self.attacker, headers=header)

    def test_one_client_is_blocked_if_the_proxy_hides_the_address(self):
        """B08, B09, K06: other clients use the same proxy."""
        other = self.identity.create_application_credential(self.user)
        for headers in ({}, forwarded('unknown'), forwarded('192.0.2.8')):
            with self.variant(headers):
                self.fail(limited.PROXY, headers=headers)
        for headers in ({}, forwarded('unknown'), forwarded('192.0.2.8')):
            with self.variant(headers):
                self.assert_limited(limited.PROXY, headers=headers)
                self.assert_passes(limited.PROXY, other, headers=headers)
        self.assert_passes(
            limited.PROXY, headers=forwarded(self.owner, limited.PROXY)
        )


class NoProxyTest(limited.LimitedTestCase):
    """No proxy is configured: there is none, or the operator forgot it."""

    options = {'oauth2_limits': LIMITS}
    #: Header values that a client or an unconfigured proxy may send.
    HEADERS = (
        {},
        forwarded('x'),
        forwarded('198.51.100.1'),
        forwarded('198.51.100.2', '198.51.100.3'),
    )

    def test_header_field_does_not_disable_the_limit(self):
        """B08, E05: neither before nor after the limit is reached."""
        for headers in self.HEADERS[1:]:
            self.fail(self.attacker, headers=headers)
        for headers in self.HEADERS:
            with self.variant(headers):
                self.assert_limited(self.attacker, headers=headers)

    def test_address_of_the_connection_counts(self):
        """B08, B09, E05: it distinguishes the client from the attacker."""
        for headers in self.HEADERS[:3]:
            self.fail(self.attacker, headers=headers)
        for headers in self.HEADERS:
            with self.variant(headers):
                self.assert_passes(self.owner, headers=headers)

    def test_forged_address_is_not_attributed_to_another_client(self):
        """B09, E05: it uses up no attempts of that client."""
        self.fail(self.attacker, times=3, headers=forwarded(self.owner))
        self.assert_passes(self.owner)
        self.fail(self.owner, times=1)

    def test_other_clients_behind_the_same_proxy_are_not_blocked(self):
        """B09: however often an attacker fails there, for any client."""
        other = self.identity.create_application_credential(self.user)
        for number in range(10):
            self.fail(limited.PROXY, f'unknown{number}')
        self.fail(limited.PROXY, times=3, headers=forwarded(self.attacker))
        self.assert_limited(limited.PROXY, headers=forwarded(self.owner))
        for headers in self.HEADERS:
            with self.variant(headers):
                self.assert_passes(limited.PROXY, other, headers=headers)

    def test_connection_without_an_address_is_limited_too(self):
        """B08, B09, K06: such as a Unix socket; only the client is blocked."""
        other = self.identity.create_application_credential(self.user)
        for where in ('', 'unix:', ''):
            self.fail(where)
        self.assert_limited('')
        self.assert_passes('', other)
        self.assert_passes(self.owner)
