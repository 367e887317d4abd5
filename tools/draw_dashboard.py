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

"""Draw the panels of the dashboard, for the administrator guide.

Prometheus scrapes statsd_exporter while a Keystone and a service are under
load, and evaluates the expressions of the panels. Needs the programs
prometheus and statsd_exporter, the environment of the tests, and matplotlib::

    python -m tools.draw_dashboard doc/source/admin/monitoring-dashboard.png
"""

import io
import itertools
import json
import pathlib
import re
import sys
import time
import unittest

import fixtures
from matplotlib import pyplot
from PIL import Image
import requests

from functional import programs
from functional import test_load
from functional import test_statsd_exporter
from functional import traffic
from keystone_oauth2.fixture import _manage
from keystone_oauth2.tests.integration import filters
from keystone_oauth2.tests.integration import misbehaving

#: The load, and an outage between service and Keystone.
SECONDS, OUTAGE = 240, (120, 165)
CLIENTS, CALLERS = 4, 6
#: Calls with one token.
CALLS = 100
CONFIGURATION = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: keystone-oauth2
    static_configs: [{{targets: ['{target}']}}]
"""


class Run(misbehaving.GatewayTestCase):
    """The load, and what Prometheus knows of it."""

    @classmethod
    def setUpClass(cls):
        cls.udp = test_statsd_exporter.free_udp_port()
        cls.statsd = {'host': programs.HOST, 'port': cls.udp}
        cls.options = {
            **cls.options,
            'oauth2_statsd': cls.statsd,
            'oauth2_limits': {
                'address_failures': '',
                'client_failures': '2/minute',
            },
        }
        super().setUpClass()

    def runTest(self):
        url = self.start_programs()
        began = self.load()
        dashboard = test_statsd_exporter.FOLDER / 'dashboard.json'
        draw(json.loads(dashboard.read_text())['panels'], url, began)

    def start_programs(self):
        """Start statsd_exporter and Prometheus; return the latter's URL."""
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        target = f'{programs.HOST}:{programs.free_port()}'
        exporter = test_statsd_exporter.exporter(self.udp, target)
        self.useFixture(programs.Program('exporter', exporter, folder, None))
        config = folder / 'prometheus.yml'
        config.write_text(CONFIGURATION.format(target=target))
        port = programs.free_port()
        command = [
            'prometheus',
            f'--config.file={config}',
            f'--storage.tsdb.path={folder / "data"}',
            f'--web.listen-address={programs.HOST}:{port}',
        ]
        self.useFixture(programs.Program('prometheus', command, folder, port))
        return f'http://{programs.HOST}:{port}'

    def load(self):
        """Send requests, with an outage between service and Keystone.

        :returns: when it began.
        """
        self.register(self.user, self.client, 'secret', expires_at=soon())
        self.keystone.deployment.manage(
            'list_expiring', program=_manage.EXTENSION
        )
        gateway = self.useFixture(misbehaving.Gateway(self.keystone))
        service = self.behind_gateway(
            gateway,
            oauth2_statsd_host=programs.HOST,
            oauth2_statsd_port=self.udp,
        )
        senders = {
            f'{name} {number}': generate().__next__
            for name, times, generate in (
                ('client', CLIENTS, self.requests),
                ('call', CALLERS, lambda: self.calls(service)),
            )
            for number in range(times)
        }
        with traffic.Traffic(senders):
            began = time.time()
            start, end = OUTAGE
            time.sleep(start)
            gateway.stop()
            time.sleep(end - start)
            gateway.recover()
            time.sleep(SECONDS - end)
        return began

    def requests(self):
        """Send the requests of the load test to Keystone."""
        client = self.identity.create_application_credential(self.user)
        plain, bound = self.https().request, self.https(self.files).request
        while True:
            for kind, seen in test_load.LoadTest.round(
                self, plain, bound, client
            ):
                yield test_load.Seen((kind, seen))

    def calls(self, service):
        """Call the service, mostly with a valid token."""
        own = filters.Client(service.service, service.application)
        client = self.identity.create_application_credential(self.user)
        for count in itertools.count():
            if count % CALLS == 0:
                token = self.issue(client)
            forged = f'{token[:-8]}AAAAAAAA'
            seen = own.use(forged if count % 20 == 7 else token)
            yield test_load.Seen(('call', seen))
            if count % CALLS == 90:
                self.revoke(token, client)


def soon():
    """Return a time for which a secret counts as expiring soon."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + 9e5))


def draw(panels, url, began):
    """Draw all panels at their places."""
    pyplot.rcParams.update({'font.size': 7, 'axes.grid': True})
    height = max(p['gridPos']['y'] + p['gridPos']['h'] for p in panels)
    figure = pyplot.figure(figsize=(13, height * 0.3))
    for panel in panels:
        x, y, w, h = (panel['gridPos'][key] for key in 'xywh')
        top = 1 - y / height
        if panel['type'] == 'row':
            figure.text(0.01, top - 0.8 * h / height, panel['title'], size=10)
            continue
        axes = figure.add_axes(
            (
                (x + 0.9) / 24,
                top - (h - 1.2) / height,
                (w - 1.3) / 24,
                (h - 2.4) / height,
            )
        )
        axes.set_title(f'{panel["title"]} ({unit(panel)})', loc='left')
        plot(axes, panel, url, began)
    figure.text(0.01, 0.005, 'The time is in minutes.')
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=80)
    # With few colours, the file is small.
    Image.open(drawn).quantize(48).save(sys.argv[1], optimize=True)


def unit(panel):
    """Return the unit of a panel, as a reader expects it."""
    name = panel['fieldConfig']['defaults']['unit']
    known = {'reqps': 'per second', 's': 'seconds', 'none': 'number'}
    return known.get(name, 'share')


def plot(axes, panel, url, began):
    """Draw the values of a panel, with minutes since the beginning."""
    texts = []
    for target in panel['targets']:
        for series in query(url, target['expr'], began):
            label = re.sub(
                r'{{(\w+)}}',
                lambda match, labels=series['metric']: labels[match[1]],
                target['legendFormat'],
            )
            times, values = zip(*series['values'], strict=True)
            minutes = [(at - began) / 60 for at in times]
            numbers = [float(value) for value in values]
            if panel['type'] == 'stat':
                texts.append(f'{label}: {numbers[-1]:.0f}')
            else:
                axes.plot(minutes, numbers, label=label, linewidth=1)
    if panel['type'] == 'stat':
        axes.axis('off')
        axes.text(0.1, 0.3, '\n'.join(texts), size=13)
        return
    top = panel['fieldConfig']['defaults'].get('max')
    axes.set_ylim(bottom=0, top=top and 1.05 * top)
    axes.set_xlim(0, SECONDS / 60)
    axes.legend(loc='upper left', fontsize=6, ncols=2)


def query(url, expression, began):
    """Return the values of an expression during the run."""
    answer = requests.get(
        f'{url}/api/v1/query_range',
        params={
            'query': expression.replace('$__rate_interval', '10s'),
            'start': began,
            'end': began + SECONDS,
            'step': 2,
        },
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()['data']['result']


if __name__ == '__main__':
    result = unittest.TextTestRunner().run(
        unittest.defaultTestLoader.suiteClass([Run()])
    )
    sys.exit(not result.wasSuccessful())
