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

"""keystone-oauth2-manage list_expiring, its notifications and gauges."""

import datetime
import json
import socket
import time

from oslo_utils import timeutils

from keystone_oauth2.tests.functional.cmd import base

NOTIFICATION = 'oslo.messaging.notification.identity.oauth2_client_'
CLIENT = 'c' * 32
WARNING = 3600
OPTIONS = {
    'oauth2_clients': {'authenticator_expiry_warning': WARNING},
    'oslo_messaging_notifications': {'driver': 'log'},
}
JWTS = {
    'oauth2': {'issuer': 'https://keystone.example.com/v3'},
    'oauth2_tokens': {'format': 'jwt'},
    'token': {'provider': 'oauth2_fernet'},
}


class ListExpiringTestCase(base.CommandTestCase):
    def deploy(self, options=None, **arguments):
        """Return a deployment with a credential, which is not started."""
        deployment = super().deploy({**OPTIONS, **(options or {})})
        self.execute(
            deployment,
            'INSERT INTO application_credential (internal_id, id, name,'
            ' secret_hash, user_id, unrestricted)'
            f" VALUES (7, '{CLIENT}', 'backup', 'x', 'u', 0)",
        )
        return deployment

    def register(self, deployment, kind, identifier, seconds):
        """Register an authenticator that expires in the given seconds.

        :returns: the moment of expiry.
        """
        now = timeutils.utcnow().replace(microsecond=0)
        end = now + datetime.timedelta(seconds=seconds)
        self.execute(
            deployment,
            'INSERT INTO oauth2_client_authenticator (id,'
            ' credential_internal_id, client_id, kind, fingerprint,'
            ' created_at, expires_at, last_used_at)'
            f" VALUES ('{identifier}', 7, '{CLIENT}', '{kind}',"
            f" '{identifier}', '{now}', '{end}', NULL)",
        )
        return end

    def list_expiring(self, deployment):
        """Return the rows of the table, each as a list of cells."""
        process = self.run_command(
            'keystone-oauth2-manage', deployment, 'list_expiring'
        )
        log = (deployment.folder / 'keystone.log').read_text()
        self.assertEqual(0, process.returncode, process.stderr + log)
        lines = process.stdout.splitlines()
        rows = [
            [cell.strip() for cell in line.strip('|').split('|')]
            for line in lines
            if line.startswith('|')
        ]
        self.assertEqual(
            ['Expires at', 'Client', 'Kind', 'Id', 'Last used at'], rows[0]
        )
        return rows[1:]

    def notifications(self, deployment):
        """Return type and payload of each emitted notification."""
        log = (deployment.folder / 'keystone.log').read_text()
        sent = [
            line[line.index('{') :]
            for line in log.splitlines()
            if NOTIFICATION in line
        ]
        return [
            (message['event_type'], message['payload'])
            for message in map(json.loads, sent)
        ]


class ListExpiringTest(ListExpiringTestCase):
    def test_soonest_expiry_is_listed_first(self):
        deployment = self.deploy()
        self.register(deployment, 'secret', 'over', -60)
        later = self.register(deployment, 'certificate', 'later', 600)
        sooner = self.register(deployment, 'key', 'sooner', 300)
        self.register(deployment, 'secret', 'far', WARNING + 600)
        self.assertEqual(
            [
                [f'{sooner}', CLIENT, 'key', 'sooner', 'never'],
                [f'{later}', CLIENT, 'certificate', 'later', 'never'],
            ],
            self.list_expiring(deployment),
        )

    def test_each_is_announced_by_a_notification(self):
        deployment = self.deploy()
        self.register(deployment, 'secret', 'ending', 600)
        self.list_expiring(deployment)
        ((event_type, payload),) = self.notifications(deployment)
        self.assertEqual('identity.oauth2_client_secret.expiring', event_type)
        self.assertEqual('notify', payload['action'])
        self.assertEqual('pending', payload['outcome'])
        self.assertEqual(CLIENT, payload['initiator']['id'])
        self.assertEqual(
            {
                'id': 'ending',
                'typeURI': 'service/security/oauth2_client_secret',
            },
            payload['target'],
        )

    def test_no_notification_is_sent_after_an_opt_out(self):
        name = 'identity.oauth2_client_secret.expiring'
        deployment = self.deploy({'DEFAULT': {'notification_opt_out': name}})
        self.register(deployment, 'secret', 'ending', 600)
        self.assertEqual(1, len(self.list_expiring(deployment)))
        self.assertEqual([], self.notifications(deployment))

    def test_nothing_expires_soon(self):
        self.assertEqual([], self.list_expiring(self.deploy()))


class GaugesTest(ListExpiringTestCase):
    """What a StatsD daemon receives from the command."""

    def setUp(self):
        super().setUp()
        self.daemon = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.daemon.close)
        self.daemon.bind(('127.0.0.1', 0))
        self.daemon.settimeout(0.2)

    def deploy(self, options=None, host='127.0.0.1'):
        statsd = {'host': host, 'port': self.daemon.getsockname()[1]}
        return super().deploy({'oauth2_statsd': statsd, **(options or {})})

    def gauges(self):
        """Return the values of the received gauges."""
        packets = []
        try:
            while True:
                packets.append(self.daemon.recv(4096).decode())
        except TimeoutError:
            pass
        pairs = [packet.removesuffix('|g').split(':') for packet in packets]
        return {name: int(value) for name, value in pairs}

    def test_each_kind_has_a_gauge_even_if_none_expires(self):
        deployment = self.deploy()
        self.register(deployment, 'secret', 'one', 300)
        self.register(deployment, 'secret', 'two', 600)
        self.register(deployment, 'key', 'over', -60)
        self.register(deployment, 'certificate', 'ending', 600)
        self.register(deployment, 'federated_identity', 'other', 600)
        self.list_expiring(deployment)
        self.assertEqual(
            {
                'keystone_oauth2.expiring.secret': 2,
                'keystone_oauth2.expiring.key': 0,
                'keystone_oauth2.expiring.certificate': 1,
                'keystone_oauth2.expiring.federated_identity': 1,
            },
            self.gauges(),
        )

    def test_age_is_that_of_the_key_that_signs(self):
        deployment = self.deploy(JWTS)
        folder = deployment.folder / 'oauth2-signing-keys'
        for file, age in {'0': 90, '1': 5000}.items():
            key = json.loads((folder / file).read_text())
            key['created_at'] = int(time.time()) - 2 * age
            if key['active_since'] is not None:
                key['active_since'] = int(time.time()) - age
            (folder / file).write_text(json.dumps(key))
        self.list_expiring(deployment)
        age = self.gauges()['keystone_oauth2.signing_key.age']
        self.assertTrue(5000 <= age < 5000 + base.TIMEOUT, age)

    def test_list_is_printed_and_sent_before_unusable_keys_are_reported(self):
        deployment = self.deploy(JWTS)
        (deployment.folder / 'oauth2-signing-keys' / '1').chmod(0o644)
        process = self.run_command(
            'keystone-oauth2-manage', deployment, 'list_expiring'
        )
        self.assertEqual(1, process.returncode)
        self.assertIn('| Client |', process.stdout)
        self.assertIn('signing_key_repository', process.stderr)
        self.assertNotIn('Traceback', process.stderr)
        self.assertIn('keystone_oauth2.expiring.secret', self.gauges())

    def test_wrong_host_is_one_sentence(self):
        process = self.run_command(
            'keystone-oauth2-manage',
            self.deploy(host='statsd.invalid'),
            'list_expiring',
        )
        self.assertEqual(1, process.returncode)
        self.assertIn('[oauth2_statsd] host', process.stderr)
        self.assertNotIn('Traceback', process.stderr)
