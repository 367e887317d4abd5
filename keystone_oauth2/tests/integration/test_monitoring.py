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

"""What Keystone and the filter send to a StatsD daemon is mapped."""

from keystone_oauth2.tests.integration import monitored
from keystone_oauth2.tests.support import statsd_exporter
from keystone_oauth2.tests.support import statsd_names


class MonitoringTest(monitored.MonitoredTestCase):
    def test_each_metric_is_known_and_mapped(self):
        known = statsd_names.names()
        for packet in self.packets():
            name, _, kind = statsd_exporter.parse(packet)
            with self.variant(packet):
                self.assertEqual(kind, known.get(name))
                self.assertIsNotNone(statsd_exporter.convert(name))
