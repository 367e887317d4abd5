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

"""Validity periods of certificates (RFC 5280, 4.1.2.5)."""

import datetime

from keystone_oauth2.fixture import certificates as made
from keystone_oauth2.protocol import certificates
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import raw_certificates


class PeriodTest(base.TestCase):
    START = datetime.datetime(2049, 12, 31, 23, 59, 59)
    END = datetime.datetime(2050, 1, 1)
    #: Encoded as in RFC 5280, 4.1.2.5.
    TIMES = ((23, b'491231235959Z'), (24, b'20500101000000Z'))

    def made(self, *times):
        return raw_certificates.with_subject(
            raw_certificates.der_name(),
            period=[raw_certificates.der(*time) for time in times],
        )

    def test_both_types_of_times_are_read(self):
        """D04: the year determines the type."""
        der = self.made(*self.TIMES)
        self.assertEqual(self.END, certificates.expires_at(der))
        for first, year in ((b'50', 1950), (b'99', 1999), (b'00', 2000)):
            der = self.made(self.TIMES[0], (23, first + b'0101000000Z'))
            self.assertEqual(year, certificates.expires_at(der).year)
        der = self.made(self.TIMES[0], (24, b'99991231235959Z'))
        self.assertEqual(
            datetime.datetime(9999, 12, 31, 23, 59, 59),
            certificates.expires_at(der),
        )

    def test_certificate_is_valid_from_its_start_to_its_end(self):
        """D04."""
        der = self.made(*self.TIMES)
        second = datetime.timedelta(seconds=1)
        for now, expected in (
            (self.START - second, 'is not valid before 2049-12-31T23:59:59Z'),
            (self.START, None),
            (self.END - second, None),
            (self.END, 'has expired'),
        ):
            with self.variant(now):
                self.assertEqual(
                    expected, certificates.problem_of_period(der, now)
                )

    def test_current_time_is_the_default(self):
        """D04: it is UTC, without a time zone."""
        now = datetime.datetime.now(datetime.timezone.utc)
        minute = datetime.timedelta(minutes=1)
        for start, end, expected in (
            (-minute, minute, None),
            (minute, 2 * minute, 'is not valid before'),
            (-2 * minute, -minute, 'has expired'),
        ):
            der = made.self_signed(
                [('CN', 'x')], not_before=now + start, not_after=now + end
            ).der
            with self.variant(expected):
                problem = certificates.problem_of_period(der)
                self.assertEqual(
                    expected, problem and problem[: len(expected)]
                )

    def test_invalid_time_is_refused(self):
        """D04, K06: as is an invalid certificate."""
        for time in (
            (23, b'4912312359Z'),
            (23, b'491231235959+0000'),
            (23, b'491331235959Z'),
            (23, b'49 231235959Z'),
            (23, b'\xb2\xb31231235959Z'),
            (24, b'491231235959Z'),
            (24, b'00001231235959Z'),
            (24, b'20500101000060Z'),
            (24, b'20500101000000.5Z'),
            (12, b'20500101000000Z'),
            (24, b''),
        ):
            der = self.made(self.TIMES[0], time)
            with self.variant(time):
                self.assertRaises(ValueError, certificates.expires_at, der)
                self.assertEqual(
                    'cannot be read', certificates.problem_of_period(der)
                )
        for der in (b'', b'x', self.made(), self.made(*self.TIMES * 2)):
            self.assertEqual(
                'cannot be read', certificates.problem_of_period(der)
            )
