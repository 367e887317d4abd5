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

"""The table, the JSON file and the chart."""

import collections.abc as abc
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import typing as ty

from bench import cases

Results = dict[str, dict[str, list[cases.Measured]]]

_LIBRARIES = ('keystone', 'SQLAlchemy', 'oslo.db', 'pyuwsgi', 'bcrypt')


@dataclasses.dataclass(frozen=True)
class Bar:
    """A ratio with a target.

    :ivar text: its description.
    :ivar aim: the target, or empty.
    :ivar measured: the measured value.
    """

    text: str
    aim: str
    measured: float


def median(measured: abc.Sequence[cases.Measured], name: str) -> float:
    """Return the median of a figure over all rounds."""
    return statistics.median(getattr(item, name) for item in measured)


def rows(results: Results) -> list[list[str]]:
    """Return the table: case, side, rate with its range, latencies, CPU."""
    table = [
        [
            'case',
            'Keystone',
            'per second',
            'range',
            'p50 ms',
            'p99 ms',
            'CPU ms',
        ]
    ]
    for case, sides in results.items():
        for side, measured in sides.items():
            rates = [item.rate for item in measured]
            table.append(
                [
                    case,
                    side,
                    f'{median(measured, "rate"):.1f}',
                    f'{min(rates):.1f} to {max(rates):.1f}',
                    f'{median(measured, "p50") * 1000:.2f}',
                    f'{median(measured, "p99") * 1000:.2f}',
                    f'{median(measured, "cpu") * 1000:.2f}',
                ]
            )
    return table


def bars(results: Results) -> list[Bar]:
    """Return the project's targets with this run's values."""

    def figure(case: str, side: str, name: str = 'rate') -> float:
        return median(results[case][side], name)

    busy = figure('busy client', 'ours')
    in_tree = figure('busy client', 'in-tree')
    return [
        Bar('busy client, times the in-tree rate', '>= 120', busy / in_tree),
        Bar(
            'busy client, times less CPU than in-tree',
            '',
            figure('busy client', 'in-tree', 'cpu')
            / figure('busy client', 'ours', 'cpu'),
        ),
        Bar(
            "CPU of a registered secret over that of Keystone's",
            '',
            figure('registered secret', 'ours', 'cpu')
            / figure('busy client', 'ours', 'cpu'),
        ),
        Bar(
            'CPU of private_key_jwt over that of a secret',
            '',
            figure('private_key_jwt', 'ours', 'cpu')
            / figure('busy client', 'ours', 'cpu'),
        ),
        Bar(
            'busy client, p99 over p50',
            '< 5',
            figure('busy client', 'ours', 'p99')
            / figure('busy client', 'ours', 'p50'),
        ),
        Bar(
            'many clients, second cycle, times the in-tree rate',
            '>= 90',
            figure('many clients, second cycle', 'ours')
            / figure('many clients, second cycle', 'in-tree'),
        ),
        Bar(
            'CPU of a token of many clients over that of a hundred',
            '<= 1.2',
            figure('many clients at random', 'ours', 'cpu')
            / figure('a hundred clients at random', 'ours', 'cpu'),
        ),
        Bar(
            'CPU of a wrong secret over that of a right one',
            '<= 1',
            figure('wrong secrets, no limit', 'ours', 'cpu')
            / figure('busy client', 'ours', 'cpu'),
        ),
        Bar(
            'rate of a good client under attack over that alone',
            '>= 0.9',
            figure('good client, attacked', 'ours')
            / figure('good client, alone', 'ours'),
        ),
        Bar(
            'introspection by secret, times GET /v3/auth/tokens',
            '>= 1',
            figure('introspection by secret', 'ours')
            / figure('GET /v3/auth/tokens', 'ours'),
        ),
    ]


def environment(settings: cases.Settings, database: str) -> dict[str, ty.Any]:
    """Return the conditions of the measurement."""
    return {
        'database': database,
        'processors': os.cpu_count(),
        'python': platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
        **dataclasses.asdict(settings),
    }


def text(table: abc.Sequence[abc.Sequence[str]]) -> str:
    """Return a table for a terminal, which is also a simple table in RST."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = '  '.join('=' * width for width in widths)
    lines = [
        '  '.join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in table
    ]
    return '\n'.join([rule, lines[0], rule, *lines[1:], rule])


def bar_rows(found: abc.Iterable[Bar]) -> list[list[str]]:
    """Return a table of bars."""
    return [
        ['ratio', 'aim', 'measured'],
        *([bar.text, bar.aim or '-', f'{bar.measured:.2f}'] for bar in found),
    ]


def write_json(
    path: pathlib.Path, results: Results, where: dict[str, ty.Any]
) -> None:
    """Write all figures of all rounds."""
    figures = {
        case: {
            side: [dataclasses.asdict(item) for item in measured]
            for side, measured in sides.items()
        }
        for case, sides in results.items()
    }
    path.write_text(
        json.dumps({'environment': where, 'results': figures}, indent=2)
    )


def write_chart(path: pathlib.Path, results: Results) -> None:
    """Draw the processor time per response, on a logarithmic scale."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    bars_drawn = [
        (f'{case}\n{side}', median(measured, 'cpu') * 1000, side)
        for case, sides in results.items()
        for side, measured in sides.items()
    ]
    labels, values, sides = zip(*reversed(bars_drawn), strict=True)
    colours = ['#b33' if side == 'in-tree' else '#37a' for side in sides]
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(labels) + 1))
    axes.barh(labels, values, color=colours)
    axes.set_xscale('log')
    axes.set_xlabel('processor time of the server, ms per response')
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
