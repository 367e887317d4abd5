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
import os
import pathlib
import signal
import sys

import fixtures
import requests

from bench import cases
from bench import data
from bench import report
from bench import stage

_INTERLEAVED: list[tuple[str, cases.Case, bool]] = [
    # name, case, whether the in-tree API supports it
    ('busy client', cases.busy_client, True),
    ('registered secret', cases.registered_secret, False),
    ('private_key_jwt', cases.private_key_jwt, False),
    ('a hundred clients at random', cases.few_clients, False),
    ('many clients at random', cases.all_clients, False),
    ('Mutual-TLS', cases.mutual_tls, True),
    ('wrong secrets, no limit', cases.unlimited_wrong_secrets, True),
    ('good client, alone', cases.alone, True),
    ('good client, attacked', cases.under_attack, True),
    ('GET /v3/auth/tokens', cases.validation, True),
    ('introspection by secret', cases.introspection, False),
    ('introspection by token', cases.introspection_by_token, False),
    ('GET /v3', cases.floor, True),
    # Last: it leaves the client limited.
    ('wrong secrets of one client', cases.wrong_secret, True),
]
_CYCLES = ('many clients, first cycle', 'many clients, second cycle')


def main() -> int:
    """Measure, and print and write the results."""
    arguments = _arguments()
    settings = cases.Settings(
        seconds=arguments.seconds,
        clients=arguments.workers,
        many=arguments.clients,
        sample=arguments.sample,
        attack=arguments.attack,
    )
    with fixtures.TempDir() as folder, _Sides() as sides:
        both = sides.start(pathlib.Path(folder.path), arguments, settings)
        results: report.Results = {}
        for name in _CYCLES:
            for side in both:
                _measure(results, name, cases.many_clients, side, settings)
        for number in range(arguments.rounds):
            _say(f'Round {number + 1} of {arguments.rounds}')
            for name, case, is_in_tree in _INTERLEAVED:
                for side in both:
                    if side.enable or is_in_tree:
                        _measure(results, name, case, side, settings)
    _report(arguments, results, settings)
    return 0


class _Sides(fixtures.Fixture):
    def start(
        self,
        folder: pathlib.Path,
        arguments: argparse.Namespace,
        settings: cases.Settings,
    ) -> list[stage.Side]:
        sides = []
        for name, enable in (('in-tree', False), ('ours', True)):
            _say(f'Building Keystone on {arguments.database}: {name}')
            side = self.useFixture(
                stage.Side(
                    name,
                    folder / name,
                    arguments.database,
                    arguments.workers,
                    enable=enable,
                )
            )
            side.many = data.multiply(
                side.deployment, side.client, settings.many, prime=enable
            )
            side.client_token = _token(side)
            sides.append(side)
        return sides


def _token(side: stage.Side) -> str:
    host, port = side.server.address
    answer = requests.post(
        f'http://{host}:{port}{stage.TOKEN}',
        data=stage.GRANT,
        auth=(side.client.id, side.client.secret),
        timeout=60,
    )
    return answer.json()['access_token']


def _measure(
    results: report.Results,
    name: str,
    case: cases.Case,
    side: stage.Side,
    settings: cases.Settings,
) -> None:
    measured = case(side, settings)
    results.setdefault(name, {}).setdefault(side.name, []).append(measured)
    _say(
        f'  {name}, {side.name}: {measured.rate:.1f} per second, '
        f'{measured.cpu * 1000:.2f} ms of CPU'
        + (f', {measured.unexpected} unexpected' * bool(measured.unexpected))
    )


def _report(
    arguments: argparse.Namespace,
    results: report.Results,
    settings: cases.Settings,
) -> None:
    where = report.environment(settings, arguments.database)
    output = pathlib.Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    report.write_json(output / 'bench.json', results, where)
    report.write_chart(output / 'bench.png', results)
    table = report.text(report.rows(results))
    bars = report.text(report.bar_rows(report.bars(results)))
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
    parser.add_argument('--seconds', type=float, default=4)
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
