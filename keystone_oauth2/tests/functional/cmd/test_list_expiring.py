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

"""keystone-oauth2-manage list_expiring, and its notifications."""

import datetime
import json

from oslo_utils import timeutils

from keystone_oauth2.tests.functional.cmd import base

NOTIFICATION = 'oslo.messaging.notification.identity.oauth2_client_'
CLIENT = 'c' * 32
WARNING = 3600
OPTIONS = {
    'oauth2_clients': {'authenticator_expiry_warning': WARNING},
    'oslo_messaging_notifications': {'driver': 'log'},
}


class ListExpiringTest(base.CommandTestCase):
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
