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

"""What users type."""

import argparse
import datetime

import hypothesis
from hypothesis import strategies

from keystone_oauth2.osc import arguments
from keystone_oauth2.tests import base

SECONDS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}


class PeriodTest(base.TestCase):
    @hypothesis.given(
        strategies.integers(1, 10000), strategies.sampled_from('smhdw')
    )
    def test_number_and_unit_are_a_period(self, number, unit):
        self.assertEqual(
            datetime.timedelta(seconds=number * SECONDS[unit]),
            arguments.period(f'{number}{unit}'),
        )

    @hypothesis.given(strategies.text())
    @hypothesis.example('')
    @hypothesis.example('90')
    @hypothesis.example('d')
    @hypothesis.example('-1d')
    @hypothesis.example('1.5d')
    @hypothesis.example('1d12h')
    @hypothesis.example('90D')
    @hypothesis.example('0d')
    @hypothesis.example('90d\n')
    @hypothesis.example('٩d')
    @hypothesis.example('9' * 5000 + 's')
    @hypothesis.example('99999999999w')
    @hypothesis.example('9000000d')
    def test_other_text_is_refused(self, text):
        number, unit = text[:-1], text[-1:]
        hypothesis.assume(
            unit not in SECONDS
            or not (number.isascii() and number.isdigit())
            or not 0 < int(number[-4000:]) * SECONDS[unit] < 10**9
            or len(number) > 20
        )
        error = self.assert_raises(
            argparse.ArgumentTypeError, arguments.period, text
        )
        self.assertIn(repr(text), str(error))

    def test_time_is_written_in_utc(self):
        """The tests run in another time zone."""
        start = datetime.datetime.now(datetime.timezone.utc)
        written = arguments.after(datetime.timedelta(days=1))
        moment = datetime.datetime.strptime(written, '%Y-%m-%dT%H:%M:%S%z')
        self.assertLess(
            abs(moment - start - datetime.timedelta(days=1)),
            datetime.timedelta(seconds=5),
        )


class IdentifierTest(base.TestCase):
    @hypothesis.given(strategies.uuids())
    def test_ids_are_accepted(self, value):
        for text in (value.hex, str(value)):
            self.assertEqual(text, arguments.identifier(text))

    def test_parts_of_urls_are_refused(self):
        for text in ('', '.', '..', 'a/b', 'a?b', 'a#b', 'a%2fb', 'a b', 'ä'):
            with self.variant(text):
                self.assert_raises(
                    argparse.ArgumentTypeError, arguments.identifier, text
                )
