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

"""Types of arguments: each reads the text that a user has typed."""

import argparse
import datetime
import re

# What the API accepts in its URLs. A dot alone would be another URL.
_ID = re.compile(r'(?!\.+\Z)[A-Za-z0-9._~-]+')
_PERIOD = re.compile('([0-9]+)([smhdw])', re.ASCII)
_UNITS = {
    's': 'seconds',
    'm': 'minutes',
    'h': 'hours',
    'd': 'days',
    'w': 'weeks',
}


def identifier(text: str) -> str:
    """Return the id of a client or of an authenticator.

    :raises argparse.ArgumentTypeError: it cannot be one.
    """
    if not _ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f'{text!r} is not an ID')
    return text


def period(text: str) -> datetime.timedelta:
    """Return a period such as ``90d``.

    :raises argparse.ArgumentTypeError: it has another form, or is zero or
        longer than the calendar.
    """
    found = _PERIOD.fullmatch(text)
    # Python refuses to convert thousands of digits.
    if found is None or not found[1].lstrip('0') or len(found[1]) > 20:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a period: give a positive number and one of '
            f's, m, h, d and w for seconds, minutes, hours, days and weeks, '
            f'such as 90d'
        )
    try:
        length = datetime.timedelta(**{_UNITS[found[2]]: int(found[1])})
        after(length)
    except OverflowError:
        raise argparse.ArgumentTypeError(f'{text!r} is too long') from None
    return length


def after(length: datetime.timedelta) -> str:
    """Return the time after a period from now, in the form of the API."""
    moment = datetime.datetime.now(datetime.timezone.utc) + length
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')
