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

"""What statsd_exporter makes of StatsD metrics, by its documentation.

It is in few distributions; where it is installed, a functional test compares
it with this.
"""

import dataclasses
import pathlib
import re

import yaml

FOLDER = pathlib.Path(__file__).parents[3] / 'contrib/monitoring'
FILE = FOLDER / 'statsd_exporter.yml'
_PACKET = re.compile(r'([\w.]+):([0-9.]+)\|(c|g|ms)')
_TYPES = {'c': 'counter', 'g': 'gauge', 'ms': 'observer'}


@dataclasses.dataclass(frozen=True)
class Rule:
    """A rule of the mapping.

    :ivar match: the names that it applies to.
    :ivar is_histogram: whether timers become histograms.
    """

    match: str
    name: str
    labels: dict[str, str]
    is_histogram: bool

    def apply(self, statsd_name):
        """Return name and labels, or None if it does not apply."""
        pattern = re.escape(self.match).replace(r'\*', '([^.]*)')
        found = re.fullmatch(pattern, statsd_name)
        if found is None:
            return None
        return self.name, {
            label: re.sub(r'\$(\d)', lambda n: found[int(n[1])], value)
            for label, value in self.labels.items()
        }

    def series(self):
        """Return the names of the series that Prometheus stores."""
        if self.is_histogram:
            return {f'{self.name}_{it}' for it in ('bucket', 'sum', 'count')}
        return {self.name}


def rules():
    """Return the rules of the mapping."""
    return [
        Rule(
            rule['match'],
            rule['name'],
            rule.get('labels', {}),
            rule.get('observer_type') == 'histogram',
        )
        for rule in yaml.safe_load(FILE.read_text())['mappings']
    ]


def convert(statsd_name):
    """Return name and labels, or None if no rule applies."""
    for rule in rules():
        found = rule.apply(statsd_name)
        if found is not None:
            return found
    return None


def parse(packet):
    """Return name, value and type of a packet with one metric."""
    name, value, kind = _PACKET.fullmatch(packet.decode()).groups()
    return name, float(value), _TYPES[kind]
