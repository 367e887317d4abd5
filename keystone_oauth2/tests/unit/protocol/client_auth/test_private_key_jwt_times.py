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

"""The times in a client assertion (RFC 7523, 3)."""

import dataclasses
import json
import time

import fixtures

from keystone_oauth2.protocol import ports
from keystone_oauth2.tests.unit.protocol.client_auth import jwts


class TimesTest(jwts.PrivateKeyJWTTestCase):
    #: Invalid times, for each claim.
    NO_MOMENTS = (
        None,
        True,
        False,
        '',
        ' 1',
        '1 ',
        '1.5',
        '1e9',
        '+1',
        '-1',
        '0x1',
        '1_0',
        'NaN',
        '\u0661',
        '9' * 13,
        '9' * 5000,
        '2026-01-01T00:00:00Z',
        '\ud800',
        [],
        [1],
        {},
        -1,
        -0.5,
        10**30,
        10**4000,
        1e300,
    )

    def test_assertion_must_expire_soon(self):
        """C04: exp is required, in the future, and not too far away."""
        now = time.time()
        for end in (now + 30, now + 3600, int(now) + 60, now + 0.5 + 60):
            with self.variant(end - now):
                self.assert_holds(jwts.claims(exp=end))
        self.assert_refused('exp is missing', jwts.without('exp'))
        for end, reason in (
            (now, 'expired'),
            (now - 1, 'expired'),
            (now - 300, 'expired'),
            (0, 'expired'),
            (now + 3661, 'exp is too far away'),
            (now + 86400 * 365, 'exp is too far away'),
            (253_402_300_799, 'exp is too far away'),
        ):
            with self.variant(end - now):
                self.assert_refused(reason, jwts.claims(exp=end))

    def test_longest_lifetime_is_configurable(self):
        """C04: in seconds from now."""
        self.rules = dataclasses.replace(self.rules, max_lifetime=60)
        self.assert_holds(jwts.claims(exp=time.time() + 60))
        self.assert_refused('too far', jwts.claims(exp=time.time() + 121))

    def test_longest_lifetime_does_not_depend_on_the_issue_time(self):
        """C04: otherwise the client could choose it."""
        end = time.time() + 7200
        for issued in (end - 60, 0, end - 7260):
            with self.variant(issued):
                self.assertRaises(
                    ports.Refused,
                    self.verify_signed,
                    jwts.claims(exp=end, iat=issued),
                )

    def test_decimal_strings_of_keystonemiddleware_are_accepted(self):
        """C04: external_oauth2_token sends exp and iat in this form."""
        now = int(time.time())
        self.assert_holds(jwts.claims(exp=str(now + 3600), iat=str(now)))
        self.assert_refused('expired', jwts.claims(exp=str(now)))
        self.assert_refused('too far away', jwts.claims(exp=str(now + 3700)))
        self.assert_refused('iat is in the', jwts.claims(iat=str(now + 62)))

    def test_invalid_time_is_refused(self):
        """C04: in each claim."""
        for name in ('exp', 'nbf', 'iat'):
            for moment in self.NO_MOMENTS:
                with self.variant((name, moment)):
                    self.assert_refused(
                        f'{name} is not a valid time',
                        jwts.claims(**{name: moment}),
                    )

    def test_numbers_that_overflow_are_refused(self):
        """C04: a time that is too large is not valid."""
        for number in ('1e999', '1' + '0' * 4000, '-1e999'):
            with self.variant(number):
                text = json.dumps(jwts.claims(exp=None))
                claims = text.replace('null', number).encode()
                self.assert_refused('exp is not a valid time', claims)

    def test_clock_of_the_client_may_be_ten_seconds_fast(self):
        """C05: but not a minute."""
        for name in ('nbf', 'iat'):
            for ahead in (-86400, -1, 0, 1, 10):
                with self.variant((name, ahead)):
                    self.assert_holds(
                        jwts.claims(**{name: time.time() + ahead})
                    )
            for ahead in (61, 3600, 86400):
                with self.variant((name, ahead)):
                    self.assert_refused(
                        f'{name} is in the future',
                        jwts.claims(**{name: time.time() + ahead}),
                    )

    def test_skew_is_thirty_seconds(self):
        """C05: at both edges, with a stopped clock."""
        now = 2_000_000_000.0
        self.useFixture(fixtures.MonkeyPatch('time.time', lambda: now))
        for name in ('nbf', 'iat'):
            for ahead in (30, 29.999):
                with self.variant((name, ahead)):
                    self.assert_holds(jwts.claims(**{name: now + ahead}))
            for ahead in (30.001, 31):
                with self.variant((name, ahead)):
                    self.assert_refused(
                        f'{name} is in the future',
                        jwts.claims(**{name: now + ahead}),
                    )

    def test_expiry_must_be_within_its_bounds(self):
        """C04: at both edges; only the later one allows for skew."""
        now = 2_000_000_000.0
        self.useFixture(fixtures.MonkeyPatch('time.time', lambda: now))
        for end in (now + 0.001, now + 3600, now + 3630):
            with self.variant(end - now):
                self.assert_holds(jwts.claims(exp=end))
        for end, reason in (
            (now - 0.001, 'expired'),
            (now, 'expired'),
            (now + 3630.001, 'exp is too far away'),
        ):
            with self.variant(end - now):
                self.assert_refused(reason, jwts.claims(exp=end))

    def test_assertion_that_is_not_yet_valid_is_refused(self):
        """C04: even if it has already been issued."""
        now = time.time()
        self.assert_refused(
            'nbf is in the future', jwts.claims(iat=now, nbf=now + 120)
        )
