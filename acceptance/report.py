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

"""What is printed at the end of a comparison."""

import collections
import importlib.metadata

import prettytable

from acceptance import results

_STATUSES = (results.PASSED, results.FAILED, results.SKIPPED)
_DISTRIBUTIONS = (
    *('keystone', 'keystone-oauth2'),
    *('tempest', 'keystone-tempest-plugin'),
)


def text(sides: results.Sides) -> str:
    """Return the totals, and what did not pass on both sides."""
    failed = results.common(sides, results.FAILED)
    skipped = results.common(sides, results.SKIPPED)
    return '\n'.join(
        [
            '',
            _versions(),
            _table(sides),
            f'\nFailed on both sides: {len(failed)}',
            *failed,
            f'\nTests and classes skipped on both sides: {len(skipped)}',
            *_reasons(next(iter(sides.values())), skipped),
        ]
    )


def _versions() -> str:
    return ', '.join(
        f'{name} {importlib.metadata.version(name)}' for name in _DISTRIBUTIONS
    )


def _table(sides: results.Sides) -> str:
    heads = [f'{status}, {name}' for name in sides for status in _STATUSES]
    table = prettytable.PrettyTable(['tests', *heads], align='r')
    table.align['tests'] = 'l'
    for part in (*results.MINIMUM, ''):
        table.add_row(
            [
                part or 'all',
                *(
                    results.count(found, status, part)
                    for found in sides.values()
                    for status in _STATUSES
                ),
            ]
        )
    return str(table)


def _reasons(outcomes: results.Outcomes, skipped: list[str]) -> list[str]:
    counted = collections.Counter(outcomes[test].reason for test in skipped)
    return [f'{number:5} {reason}' for reason, number in counted.most_common()]
