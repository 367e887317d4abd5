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

"""The mapping for statsd_exporter, read by the real program.

Debian 12 has no package of it, so that these tests are run by name only.
"""

import pathlib
import socket
import time

import fixtures
import requests

from functional import programs
from functional import test_monitoring
from keystone_oauth2.tests.integration import monitored
from keystone_oauth2.tests.support import requirement
from keystone_oauth2.tests.support import statsd_exporter
from keystone_oauth2.tests.support import statsd_names

FOLDER = test_monitoring.FOLDER
EXPORTER = 'statsd_exporter'
PATIENCE = 10
VALUES = {'counter': b'1|c', 'gauge': b'1|g', 'observer': b'1|ms'}


class ExporterTest(monitored.MonitoredTestCase):
    """The mapping does what other tests assume it to do."""

    def setUp(self):
        super().setUp()
        if not programs.is_installed(EXPORTER):
            requirement.missing(self, f'Not installed: {EXPORTER}.')
        self.udp, self.web = free_udp_port(), programs.free_port()
        self.useFixture(
            programs.Program(
                EXPORTER,
                exporter(self.udp, f'{programs.HOST}:{self.web}'),
                pathlib.Path(self.useFixture(fixtures.TempDir()).path),
                self.web,
            )
        )

    def test_packets_of_keystone_and_filter(self):
        self.assert_exported(self.packets())

    def test_all_metrics(self):
        self.assert_exported(
            [
                name.encode() + b':' + VALUES[kind]
                for name, kind in statsd_names.names().items()
            ]
        )

    def assert_exported(self, packets):
        """Send packets, and assert that what they mean is exported."""
        expected = {}
        for packet in packets:
            name, value, kind = statsd_exporter.parse(packet)
            series, labels = statsd_exporter.convert(name)
            key = series, *sorted(labels.items())
            if kind == 'gauge':
                expected[key] = value
            elif kind == 'counter':
                expected[key] = expected.get(key, 0) + value
            else:
                key = f'{series}_count', *key[1:]
                expected[key] = expected.get(key, 0) + 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for packet in packets:
                client.sendto(packet, (programs.HOST, self.udp))
        end = time.monotonic() + PATIENCE
        while self.exported() != expected and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(expected, self.exported())

    def exported(self):
        """Return each exported value by its name and labels."""
        page = requests.get(
            f'http://{programs.HOST}:{self.web}/metrics', timeout=PATIENCE
        )
        found = {}
        for line in page.text.splitlines():
            if line.startswith('keystone_oauth2'):
                series, value = line.rsplit(' ', 1)
                name, _, text = series.rstrip('}').partition('{')
                pairs = [pair.split('=') for pair in text.split(',') if pair]
                labels = {key: value.strip('"') for key, value in pairs}
                if not name.endswith(('_bucket', '_sum')):
                    found[(name, *sorted(labels.items()))] = float(value)
        return found


def exporter(port, address):
    """Return the command that starts statsd_exporter.

    :param port: for StatsD metrics.
    :param address: for Prometheus.
    """
    return [
        EXPORTER,
        f'--statsd.listen-udp={programs.HOST}:{port}',
        '--statsd.listen-tcp=',
        f'--web.listen-address={address}',
        f'--statsd.mapping-config={FOLDER}/statsd_exporter.yml',
    ]


def free_udp_port():
    """Return an unused UDP port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((programs.HOST, 0))
        return listener.getsockname()[1]
