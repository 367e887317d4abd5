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

"""The results of two runs of the same tests, and what they say together."""

import collections.abc as abc
import dataclasses
import typing as ty

import subunit
import testtools

PASSED = 'passed'
SKIPPED = 'skipped'
FAILED = 'failed'
MISSING = 'missing'

#: How many tests of each part pass at least on each side, of 138, 38 and 1936.
#: A run where fewer pass shows little.
MINIMUM = {
    'tempest.api.identity': 130,
    'keystone_tempest_plugin.tests.api': 35,
    'keystone_tempest_plugin.tests.rbac': 1900,
}
#: The same for a run of selected tests.
ANY = {'': 1}

_STATUSES = {'success': PASSED, 'skip': SKIPPED}
_SEVERITY = (PASSED, SKIPPED, FAILED)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a test ended.

    :ivar status: passed, skipped, failed or missing.
    :ivar reason: why it was skipped, or the traceback.
    """

    status: str
    reason: str = ''


Outcomes = abc.Mapping[str, Outcome]
#: The outcomes by the name of the side.
Sides = abc.Mapping[str, Outcomes]


def read(stream: ty.BinaryIO) -> Outcomes:
    """Read the outcome of each test from a subunit stream.

    The id of a class that is skipped or fails as a whole is that of its
    ``setUpClass`` or ``tearDownClass``. If an id occurs twice, the worse
    outcome counts; a test that did not end has failed.
    """
    found: dict[str, Outcome] = {}

    def add(test: ty.Any) -> None:
        outcome = _outcome(test)
        known = found.get(test['id'], outcome)
        found[test['id']] = max(known, outcome, key=_severity)

    collected = testtools.StreamToDict(add)
    collected.startTestRun()
    subunit.ByteStreamToStreamResult(stream).run(collected)
    collected.stopTestRun()
    return found


def problems(sides: Sides, minimum: abc.Mapping[str, int]) -> list[str]:
    """Return why the sides do not show that the extension changes nothing.

    :param minimum: how many tests have passed at least on each side, by a
        part of their names.
    """
    return [
        *(
            f'Only {passed} tests of {part or "those selected"} passed '
            f'{name} the extension: {least} or more are expected.'
            for name, outcomes in sides.items()
            for part, least in minimum.items()
            if (passed := count(outcomes, PASSED, part)) < least
        ),
        *(_difference(test, sides) for test in differing(sides)),
    ]


def differing(sides: Sides) -> list[str]:
    """Return the tests that did not end in the same way on all sides."""
    names = sorted({test for found in sides.values() for test in found})
    return [
        test
        for test in names
        if len({outcome(found, test).status for found in sides.values()}) > 1
    ]


def common(sides: Sides, status: str) -> list[str]:
    """Return the tests that ended in this way on all sides."""
    first, *others = sides.values()
    return sorted(
        test
        for test in first
        if all(
            outcome(found, test).status == status for found in (first, *others)
        )
    )


def count(outcomes: Outcomes, status: str, part: str = '') -> int:
    """Return how many tests ended in this way.

    :param part: of their names.
    """
    return sum(
        found.status == status and part in test
        for test, found in outcomes.items()
    )


def outcome(outcomes: Outcomes, test: str) -> Outcome:
    """Return how a test ended, or that it is missing."""
    return outcomes.get(test, Outcome(MISSING))


def _difference(test: str, sides: Sides) -> str:
    found = {name: outcome(sides[name], test) for name in sides}
    return '\n'.join(
        [
            f'Differs: {test}',
            *(
                f'{name} the extension: {ended.status}\n{ended.reason}'.strip()
                for name, ended in found.items()
            ),
        ]
    )


def _outcome(test: ty.Any) -> Outcome:
    status = _STATUSES.get(test['status'], FAILED)
    wanted = 'reason' if status == SKIPPED else 'traceback'
    details = test['details']
    reason = details[wanted].as_text() if wanted in details else ''
    return Outcome(status, reason.strip())


def _severity(ended: Outcome) -> int:
    return _SEVERITY.index(ended.status)
