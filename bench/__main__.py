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

"""``make bench``: see doc/source/contributor/benchmark.rst."""

import argparse
import dataclasses
import os
import pathlib
import signal
import sys
import typing as ty

import fixtures

from bench import cases
from bench import data
from bench import peers
from bench import report
from bench import stage


def main() -> int:
    """Measure, and print and write the results."""
    arguments = _arguments()
    settings = stage.Settings(
        **{
            field.name: getattr(arguments, field.name)
            for field in dataclasses.fields(stage.Settings)
        }
    )
    chosen = [
        case
        for case in cases.CASES
        if not arguments.only or case.slug in arguments.only
    ]
    with fixtures.TempDir() as folder, _Sides() as fixture:
        sides = fixture.start(pathlib.Path(folder.path), chosen, settings)
        results: report.Results = {}
        for case in chosen:
            if case.is_once:
                _run(results, case, sides, settings)
        _say('Warming up')
        brief = dataclasses.replace(settings, seconds=settings.slice, slices=1)
        for case in chosen:
            if not case.is_once:
                _run({}, case, sides, brief)
        for number in range(arguments.rounds):
            _say(f'Round {number + 1} of {arguments.rounds}')
            for case in chosen:
                if not case.is_once:
                    _run(results, case, sides, settings)
        where = report.environment(settings, sides)
    _report(pathlib.Path(arguments.output), results, where)
    return 0


class _Sides(fixtures.Fixture):
    def start(
        self,
        folder: pathlib.Path,
        chosen: list[cases.Case],
        settings: stage.Settings,
    ) -> list[stage.Side]:
        """Start the servers that the cases measure."""
        needed = {name for case in chosen for name in case.sides}
        sides = []
        for number, name in enumerate(cases.SIDES):
            if name in needed:
                _say(f'Starting on {settings.database}: {name}')
                side = _side(name, folder / str(number), settings)
                sides.append(self.useFixture(side))
        return sides


def _side(
    name: str, folder: pathlib.Path, settings: stage.Settings
) -> stage.Side:
    if name in peers.PEERS:
        return peers.Peer(name, folder, settings)
    return stage.Keystone(
        name,
        folder,
        settings,
        enable=name != cases.IN_TREE,
        options=data.JWT_OPTIONS if name == cases.JWT else {},
    )


def _run(
    results: report.Results,
    case: cases.Case,
    sides: list[stage.Side],
    settings: stage.Settings,
) -> None:
    turns = [
        (name, measure, side)
        for name, measure in case.measures.items()
        for side in sides
        if side.name in case.sides
    ]
    if not case.is_sliced:
        for name, measure, side in turns:
            _measure(results, name, measure, side, settings)
        return
    short = dataclasses.replace(settings, seconds=settings.slice)
    for number in range(settings.slices):
        # In both orders: each turn affects the next one.
        for name, measure, side in turns[:: (-1) ** number]:
            _measure(results, name, measure, side, short)


def _measure(
    results: report.Results,
    name: str,
    measure: cases.Measure,
    side: stage.Side,
    settings: stage.Settings,
) -> None:
    measured = measure(side, settings)
    results.setdefault(name, {}).setdefault(side.name, []).append(measured)
    _say(
        f'  {name}, {side.name}: {measured.rate:.1f} per second, '
        f'{report.milliseconds(measured.cost.total)} ms'
        + (f', {measured.unexpected} unexpected' * bool(measured.unexpected))
    )


def _report(
    output: pathlib.Path, results: report.Results, where: dict[str, ty.Any]
) -> None:
    output.mkdir(parents=True, exist_ok=True)
    report.write_json(output / 'bench.json', results, where)
    report.write_chart(output / 'bench.png', results)
    table = report.text(report.rows(results))
    bars = report.text(report.bar_rows(report.bars(results, where['cache'])))
    facts = ', '.join(f'{name} {value}' for name, value in where.items())
    (output / 'bench.rst').write_text(f'{table}\n\n{bars}\n\n{facts}\n')
    print(f'\n{table}\n\n{bars}\n\n{facts}')
    print(f'\nWritten: {output}/bench.json, bench.png, bench.rst')


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='bench', description=__doc__)
    parser.add_argument(
        '--database',
        choices=('sqlite', 'postgresql', 'mariadb'),
        default=os.environ.get('BENCH_DATABASE', 'sqlite'),
    )
    parser.add_argument(
        '--cache', choices=('memory', 'memcached'), default='memory'
    )
    parser.add_argument(
        '--only',
        action='append',
        choices=[case.slug for case in cases.CASES],
        metavar='CASE',
        help='measure only this case; may be repeated: %(choices)s',
    )
    parser.add_argument('--seconds', type=float, default=4)
    parser.add_argument('--slice', type=float, default=0.5)
    parser.add_argument('--slices', type=int, default=10)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--clients', type=int, default=10_000)
    parser.add_argument('--sample', type=int, default=40)
    parser.add_argument('--attack', type=float, default=50)
    parser.add_argument('--output', default='bench-results')
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == '__main__':
    # The same as Ctrl-C, so that servers and folders are cleaned up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
