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
import math
import os
import pathlib
import platform
import statistics
import typing as ty

from bench import cases
from bench import peers
from bench import stage

Results = dict[str, dict[str, list[cases.Measured]]]

_LIBRARIES = (
    'keystone',
    'keystoneauth1',
    'keystonemiddleware',
    'SQLAlchemy',
    'oslo.db',
    'pyuwsgi',
    'bcrypt',
)
_PEER = 'Authlib, plain secrets'

#: A case and a side.
Key = tuple[str, str]

BUSY: Key = ('busy client', cases.OURS)
ALONE: Key = ('good client, alone', cases.OURS)
ATTACKED: Key = ('good client, attacked', cases.OURS)
KEPT: Key = ('whole call, token kept by our plugin', cases.JWT)


@dataclasses.dataclass(frozen=True)
class Ratio:
    """A ratio of the costs of a response, of all servers together.

    :ivar text: its description.
    :ivar aim: the target, or empty.
    :ivar part: a figure of the cost, or ``rate`` for a ratio of rates.
    """

    text: str
    aim: str
    upper: Key
    lower: Key
    part: str = 'total'


@dataclasses.dataclass(frozen=True)
class Bar:
    """A ratio, or another figure, with a target.

    :ivar text: its description.
    :ivar aim: the target, or empty.
    :ivar measured: the measured value, or None if not available.
    :ivar error: the standard error of a ratio, or None if measured once.
    """

    text: str
    aim: str
    measured: float | None
    error: float | None = None


def median(measured: abc.Sequence[cases.Measured], name: str) -> float:
    """Return the median of a figure over all rounds."""
    return statistics.median(getattr(item, name) for item in measured)


def average(measured: abc.Sequence[cases.Measured], name: str) -> float | None:
    """Return a field of the cost per response, over all rounds.

    :returns: None if it is not available.
    """
    total = 0.0
    for item in measured:
        value = getattr(item.cost, name)
        if value is None:
            return None
        total += value * item.responses
    return total / sum(item.responses for item in measured)


def milliseconds(seconds: float | None) -> str:
    """Return a time for the table."""
    if seconds is None:
        return 'n/a'
    # A filter takes microseconds.
    digits = 4 if 0 < seconds < 0.0001 else 2
    return f'{seconds * 1000:.{digits}f}'


def rows(results: Results) -> list[list[str]]:
    """Return the table: rate with its range, latencies, cost."""
    table = [
        [
            'case',
            'server',
            'per second',
            'range',
            'p50 ms',
            'p99 ms',
            'client ms',
            'service ms',
            'workers ms',
            'database ms',
            'cache ms',
            'total ms',
            'trips db',
            'cache',
            'requests',
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
                    milliseconds(median(measured, 'p50')),
                    milliseconds(median(measured, 'p99')),
                    *(
                        milliseconds(average(measured, name))
                        for name in (
                            'client',
                            'service',
                            'worker',
                            'database',
                            'cache',
                            'total',
                        )
                    ),
                    _number(average(measured, 'database_trips'), 1),
                    _number(average(measured, 'cache_trips'), 1),
                    _number(average(measured, 'requests'), 2),
                ]
            )
    return table


def ratios(cache: str) -> list[Ratio]:
    """Return the ratios of costs that a run gives.

    :param cache: of Keystone, memory or memcached.
    """
    return [
        Ratio(
            'busy client over Authlib with plain secrets',
            '<= 1' if cache == 'memory' else '<= 1.4',
            BUSY,
            ('busy client', _PEER),
        ),
        Ratio(
            'busy client, in-tree over ours',
            '',
            ('busy client', cases.IN_TREE),
            BUSY,
        ),
        _ours('many clients, second cycle', '<= 1.5', 'busy client'),
        _ours(
            'many clients at random', '<= 1.2', 'a hundred clients at random'
        ),
        _ours('wrong secrets, no limit', '<= 1', 'busy client'),
        _ours('registered secret', '', 'busy client'),
        _ours('private_key_jwt', '', 'busy client'),
        _ours('federated_jwt, ES256', '<= 1.3', 'private_key_jwt, ES256'),
        _ours('federated_jwt, RS256', '<= 1.3', 'private_key_jwt, ES256'),
        _ours('introspection by secret', '<= 1', 'GET /v3/auth/tokens'),
        Ratio(
            'JWT access token, over an opaque one',
            '<= 1.1',
            ('either format', cases.JWT),
            ('either format', cases.OURS),
        ),
        _both('Mutual-TLS', '<= 1.3'),
        _both('POST /v3/auth/tokens', '<= 1.05'),
        _both('GET /v3/auth/tokens', '<= 1.02'),
        _both('GET /v3/users/{id}', '<= 1.02'),
        _both('GET /v3', '<= 1.02'),
        *_filter_ratios(),
        *_call_ratios(),
        *_session_ratios(),
    ]


def _filter_ratios() -> abc.Iterator[Ratio]:
    for catalog in ('', ' with catalog'):
        ours = (f'filter{catalog}, remembered token', cases.JWT)
        theirs = (f'auth_token{catalog}, token in memcached', cases.JWT)
        yield Ratio(
            f'rate of the filter{catalog}, remembered token, over auth_token, '
            'token in memcached',
            '' if catalog else '>= 50',
            ours,
            theirs,
            'rate',
        )
        yield Ratio(
            'processor time of the same, auth_token over the filter',
            '',
            theirs,
            ours,
        )
    yield Ratio(
        'rate of the filter, token seen first, over auth_token, Keystone '
        'validates',
        '>= 2',
        ('filter, token seen first', cases.JWT),
        ('auth_token, Keystone validates', cases.JWT),
        'rate',
    )


def _call_ratios() -> abc.Iterator[Ratio]:
    case = 'whole call, a token for each'
    ours = (case, cases.JWT)
    for other in (cases.IN_TREE, cases.OURS):
        yield Ratio(
            f"Keystone's part of a whole call, {cases.JWT}, over {other}",
            '<= 0.5',
            ours,
            (case, other),
            'issuer',
        )
        yield Ratio(
            f'processor time of the same call, client and service included, '
            f'{cases.JWT}, over {other}',
            '',
            ours,
            (case, other),
        )


def _session_ratios() -> abc.Iterator[Ratio]:
    """Return those of a client with one session, or with one for each call."""
    for case, side, aim in (
        ('whole call, no authentication', cases.JWT, '<= 1.3'),
        ('whole call, application credential', cases.JWT, ''),
        ('whole call, a token for each', cases.OURS, ''),
    ):
        yield Ratio(f'{KEPT[0]}, over {case}, {side}', aim, KEPT, (case, side))
    case = 'new session, our plugin'
    for side, other, aim in (
        (cases.JWT, cases.OURS, '<= 0.333'),
        (cases.JWT, cases.JWT, ''),
        (cases.OURS, cases.OURS, ''),
    ):
        yield Ratio(
            f'{case}, {side}, over a token for each, {other}',
            aim,
            (case, side),
            ('new session, a token for each', other),
        )


def _ours(upper: str, aim: str, lower: str) -> Ratio:
    return Ratio(
        f'{upper}, over {lower}',
        aim,
        (upper, cases.OURS),
        (lower, cases.OURS),
    )


def _both(case: str, aim: str) -> Ratio:
    return Ratio(
        f'{case}, ours over in-tree',
        aim,
        (case, cases.OURS),
        (case, cases.IN_TREE),
    )


def bars(results: Results, cache: str) -> list[Bar]:
    """Return the project's targets with this run's values.

    What the run has not measured is left out.

    :param cache: of Keystone, memory or memcached.
    """
    found = [
        _bar(results, ratio)
        for ratio in ratios(cache)
        if _has(results, ratio.upper, ratio.lower)
    ]
    return [*found, *_other_bars(results, cache)]


def _other_bars(results: Results, cache: str) -> abc.Iterator[Bar]:
    """Return the bars that are not ratios of two costs."""
    if _has(results, ALONE, ATTACKED):
        yield Bar(
            'rate of a good client, attacked over alone',
            '>= 0.95',
            median(_get(results, ATTACKED), 'rate')
            / median(_get(results, ALONE), 'rate'),
        )
    if _has(results, KEPT):
        yield from _steady_bars(KEPT[0], _get(results, KEPT))
    if _has(results, BUSY):
        busy = _get(results, BUSY)
        yield Bar(
            'latency of the busy client, p99 over p50',
            '< 3',
            median(busy, 'p99') / median(busy, 'p50'),
        )
        if cache == 'memcached':
            yield Bar(
                'round trips of the busy client to memcached',
                '<= 3',
                average(busy, 'cache_trips'),
            )


def _steady_bars(
    case: str, called: abc.Sequence[cases.Measured]
) -> abc.Iterator[Bar]:
    part = average(called, 'issuer')
    yield Bar(
        f"Keystone's part of a {case}, in ms",
        '0.0',
        None if part is None else part * 1000,
    )
    yield Bar(
        f'requests to Keystone for a {case}',
        '0.0',
        average(called, 'requests'),
    )


def _has(results: Results, *keys: Key) -> bool:
    return all(side in results.get(case, {}) for case, side in keys)


def _get(results: Results, key: Key) -> list[cases.Measured]:
    return results[key[0]][key[1]]


def _bar(results: Results, ratio: Ratio) -> Bar:
    upper, lower = _get(results, ratio.upper), _get(results, ratio.lower)
    each = [
        _divide([above], [below], ratio.part)
        for above, below in zip(upper, lower, strict=False)
    ]
    known = [value for value in each if value is not None]
    error = None
    if len(known) > 1:
        error = statistics.stdev(known) / math.sqrt(len(known))
    return Bar(ratio.text, ratio.aim, _divide(upper, lower, ratio.part), error)


def _divide(
    upper: abc.Sequence[cases.Measured],
    lower: abc.Sequence[cases.Measured],
    part: str,
) -> float | None:
    if part == 'rate':
        return median(upper, part) / median(lower, part)
    above, below = average(upper, part), average(lower, part)
    return None if above is None or not below else above / below


def _number(value: float | None, digits: int) -> str:
    return 'n/a' if value is None else f'{value:.{digits}f}'


def environment(
    settings: stage.Settings, sides: abc.Sequence[stage.Side]
) -> dict[str, ty.Any]:
    """Return the conditions of the measurement."""
    names: tuple[str, ...] = _LIBRARIES
    if any(side.name in peers.PEERS for side in sides):
        names += peers.LIBRARIES
    return {
        'server': sides[0].database.version(),
        'processors': os.cpu_count(),
        'python': platform.python_version(),
        **{name: importlib.metadata.version(name) for name in names},
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
        ['ratio', 'aim', 'measured', 'standard error'],
        *(
            [
                bar.text,
                bar.aim or '-',
                _number(bar.measured, 3),
                '-' if bar.error is None else _number(bar.error, 3),
            ]
            for bar in found
        ),
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


_PARTS = {
    'client': '#888',
    'service': '#a59',
    'worker': '#37a',
    'database': '#e90',
    'cache': '#9b4',
}


def write_chart(path: pathlib.Path, results: Results) -> None:
    """Draw the processor time per response, by server.

    A slow hash takes a hundred times what the rest takes. Its bars are cut
    off, and have their figure at the end as all others do.
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    drawn = [
        (f'{case}\n{side}', measured)
        for case, sides in results.items()
        for side, measured in sides.items()
    ]
    labels = [label for label, _ in drawn]
    limit = _limit(results)
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(labels) + 1))
    ends = [0.0] * len(drawn)
    for name, colour in _PARTS.items():
        starts = ends
        ends = [
            start + (average(measured, name) or 0) * 1000
            for start, (_, measured) in zip(starts, drawn, strict=True)
        ]
        widths = [
            min(end, limit) - min(start, limit)
            for start, end in zip(starts, ends, strict=True)
        ]
        axes.barh(labels, widths, left=starts, color=colour, label=name)
    for place, end in enumerate(ends):
        axes.text(min(end, limit) * 1.01, place, f'{end:.2f}', va='center')
    axes.invert_yaxis()
    axes.set_xlim(0, limit * 1.15)
    axes.set_xlabel('processor time, ms per response')
    axes.legend(loc='lower right')
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _limit(results: Results) -> float:
    """Return where the longest bars end: beyond our longest, in ms."""
    names = (cases.OURS, cases.JWT, _PEER)
    totals = [
        (average(measured, 'total') or 0) * 1000
        for sides in results.values()
        for name, measured in sides.items()
        if name in names
    ]
    return 1.2 * max(totals)
