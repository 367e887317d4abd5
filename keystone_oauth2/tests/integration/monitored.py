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

"""A Keystone and a filter that send metrics, and a StatsD daemon."""

import socket

from keystone_oauth2.tests.integration import filters
from keystone_oauth2.tests.support import statsd_exporter

#: What the traffic causes, and what Keystone's endpoints time.
CAUSED = {
    'keystone_oauth2.token',
    'keystone_oauth2.introspect',
    'keystone_oauth2.revoke',
    'keystone_oauth2.token.issued',
    'keystone_oauth2.token.refused',
    'keystone_oauth2.token.limited',
    'keystone_oauth2.introspect.introspected',
    'keystone_oauth2.revoke.revoked',
    'keystone_oauth2.filter.verified',
    'keystone_oauth2.filter.remembered',
    'keystone_oauth2.filter.other',
    'keystone_oauth2.filter.refused.invalid',
    'keystone_oauth2.filter.asked.event',
    'keystone_oauth2.filter.refused.keystone',
    'keystone_oauth2.filter.keys_age',
    'keystone_oauth2.filter.events_age',
}


class MonitoredTestCase(filters.FilterTestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cls.addClassCleanup(cls.daemon.close)
        cls.daemon.bind(('127.0.0.1', 0))
        cls.daemon.settimeout(0.1)
        host, port = cls.daemon.getsockname()
        cls.options = {
            **cls.options,
            'oauth2_statsd': {'host': host, 'port': port},
            'oauth2_limits': {'client_failures': '1/hour'},
        }
        cls.filter_options = {
            'oauth2_statsd_host': host,
            'oauth2_statsd_port': port,
        }
        super().setUpClass()

    def packets(self):
        """Return what the daemon receives of traffic of each kind."""
        options = {'include_service_catalog': False, **self.filter_options}
        service = self.ours(**options)
        self.traffic(service)
        packets = []

        def is_complete():
            try:
                packets.append(self.daemon.recv(4096))
            except TimeoutError:
                # The filter sends what it has counted once a second.
                pass
            names = {statsd_exporter.parse(packet)[0] for packet in packets}
            return names >= CAUSED

        self.wait_until(is_complete, 'all metrics have come')
        return packets

    def traffic(self, service):
        """Cause each event of Keystone, and the usual ones of the filter."""
        token = self.issue()
        for _ in range(2):
            self.assertEqual(200, service.use(token))
        self.assertEqual(401, service.use(f'{token[:-8]}AAAAAAAA'))
        self.assertEqual(401, service.use('unknown'))
        self.post('introspect', self.client.secret, token=token)
        self.revoke(token)
        self.wait_until(
            lambda: service.use(token) == 401, 'the filter knows of it'
        )
        grant = {'grant_type': 'client_credentials'}
        for status in (401, 429):
            answer = self.post('token', 'wrong', **grant)
            self.assertEqual(status, answer.status)

    def post(self, endpoint, secret, **form):
        """Post a form to an endpoint, as the client."""
        form.update(client_id=self.client.id, client_secret=secret)
        return self.https().request(
            'POST', f'/v3/OS-OAUTH2/{endpoint}', form=form
        )
