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

"""The files in contrib/monitoring, read by the programs they are for."""

import json
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

import fixtures
import requests
import yaml

from functional import programs
from keystone_oauth2.tests import base
from keystone_oauth2.tests.integration import monitored
from keystone_oauth2.tests.support import requirement
from keystone_oauth2.tests.support import statsd_exporter
from keystone_oauth2.tests.support import statsd_names

FOLDER = pathlib.Path(__file__).parents[1] / 'contrib/monitoring'
PROMTOOL, EXPORTER = 'promtool', 'statsd_exporter'
TIMEOUT = 120
PATIENCE = 10
VALUES = {'counter': b'1|c', 'gauge': b'1|g', 'observer': b'1|ms'}


class PromtoolTest(base.TestCase):
    def setUp(self):
        super().setUp()
        if not programs.is_installed(PROMTOOL):
            requirement.missing(self, f'Not installed: {PROMTOOL}.')

    def promtool(self, *arguments):
        """Run the program, and assert that it reports no fault."""
        process = subprocess.run(
            [shutil.which(PROMTOOL, path=programs.PATH), *arguments],
            cwd=FOLDER,
            capture_output=True,
            encoding='utf-8',
            timeout=TIMEOUT,
            check=False,
        )
        output = process.stdout + process.stderr
        self.assertEqual(0, process.returncode, output)
        self.assertIn('SUCCESS', output)

    def test_alerts_fire_as_their_examples_say(self):
        self.promtool('test', 'rules', 'alerts_test.yml')

    def test_expressions_of_panels_are_valid(self):
        dashboard = json.loads((FOLDER / 'dashboard.json').read_text())
        rules = [
            {
                'record': f'panel_{panel["id"]}_{target["refId"]}',
                'expr': target['expr'].replace('$__rate_interval', '1m'),
            }
            for panel in dashboard['panels']
            for target in panel.get('targets', ())
        ]
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path) / 'rules'
        groups = {'groups': [{'name': 'panels', 'rules': rules}]}
        path.write_text(yaml.safe_dump(groups))
        self.promtool('check', 'rules', str(path))


class ExporterTest(monitored.MonitoredTestCase):
    """The mapping does what other tests assume it to do."""

    @classmethod
    def setUpClass(cls):
        if not programs.is_installed(EXPORTER):
            # Debian 12 has no package of it, so that it is never required.
            raise unittest.SkipTest(f'Not installed: {EXPORTER}.')
        super().setUpClass()

    def setUp(self):
        super().setUp()
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
