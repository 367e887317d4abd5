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

"""A workload of Kubernetes that has no secret."""

from __future__ import annotations

import pathlib
import time

import jwt

from demo import clients
from demo import clouds
from demo import secret_walk
from demo import shown
from demo import walk
from keystone_oauth2.fixture import _cluster
from keystone_oauth2.fixture import _manage

ISSUER_ID = 'demo-cluster'
NAMESPACE, ACCOUNT = 'shop', 'backup'
WORKLOAD = f'{NAMESPACE}:{ACCOUNT}'
OTHER_NAMESPACE = 'playground'
FILE, OLD_FILE, OTHER_FILE = 'token', 'old-token', 'other-token'
PATH = '/local'
SHOWN_CLAIMS = ('iss', 'sub', 'aud')
#: Seconds that the first token of the cluster lives.
LIFETIME = 3


class FederationWalk(walk.Walk):
    """Gets access tokens for tokens of a service account."""

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._out.chapter('From Kubernetes, without a secret')
        self._out.say(
            'A cluster writes a token of its service account into a file of '
            'each pod, and renews it. Keystone accepts this token from the '
            'client. Here, the demo plays the cluster: it serves its keys '
            f'over TLS, and its first token expires after {LIFETIME} seconds; '
            'by default, after an hour.'
        )
        self._credential = self._create_client('in-cluster')
        cluster = _cluster.Cluster(self._stage.authority, self._stage.issuer)
        with cluster:
            self._trust(cluster)
            self._register()
            end = self._get_token(cluster)
            self._renew(cluster)
            self._see_other_one_refused(cluster)
            self._see_expired_one_refused(end)

    def _trust(self, cluster: _cluster.Cluster) -> None:
        self._out.step('1. The operator trusts the cluster')
        arguments = [
            *('trusted_issuer_create', ISSUER_ID),
            *('--kind', 'kubernetes'),
            *('--issuer', cluster.issuer),
            *('--allow-network', '127.0.0.0/8'),
            *('--ca-file', str(self._stage.ca_file)),
        ]
        self._out.shell(f'keystone-oauth2-manage {" ".join(arguments)}')
        _manage.run(
            self._stage.deployment.config_file,
            arguments,
            program=_manage.EXTENSION,
        )

    def _register(self) -> None:
        self._out.step('2. The owner lets a service account use the client')
        self._shell.set('CLIENT_ID', self._credential.id)
        self._shell.openstack(
            'oauth2 client federated identity create $CLIENT_ID '
            f'--kubernetes {WORKLOAD} -c id -c issuer_id -c subject'
        )

    def _get_token(self, cluster: _cluster.Cluster) -> float:
        """Return when the token of the cluster expires."""
        self._out.step('3. The workload calls a service')
        self._out.say('The pod has this token in a file:')
        end = time.time() + LIFETIME
        token = cluster.token(NAMESPACE, ACCOUNT, LIFETIME)
        self._write(FILE, token)
        self._write(OLD_FILE, token)
        self._show(token)
        self._workload = self._client(FILE)
        self._workload.show()
        self._workload.call(PATH, secret_walk.CALLS)
        return end

    def _renew(self, cluster: _cluster.Cluster) -> None:
        self._out.step('4. The cluster renews the token')
        self._write(FILE, cluster.token(NAMESPACE, ACCOUNT))
        self._out.say('The plugin, when it needs another access token:')
        self._workload.renew()
        self._workload.call(PATH)
        self._workload.show_sent()

    def _see_other_one_refused(self, cluster: _cluster.Cluster) -> None:
        self._out.step('5. Other workloads and expired tokens are refused')
        self._out.say(
            f'A service account {ACCOUNT} in the namespace {OTHER_NAMESPACE}:'
        )
        self._write(OTHER_FILE, cluster.token(OTHER_NAMESPACE, ACCOUNT))
        self._client(OTHER_FILE).see_refused(PATH)
        self._out.say('The error says no more; the owner can see the reason:')
        self._shell.openstack(
            f'oauth2 client federated identity test $CLIENT_ID {OTHER_FILE}',
            status=1,
        )

    def _see_expired_one_refused(self, end: float) -> None:
        self._out.wait(
            end - time.time(), 'Waiting until the first token has expired'
        )
        self._out.say('The plugin with a copy of the first token:')
        self._client(OLD_FILE).see_refused(PATH)

    def _client(self, name: str) -> clients.Client:
        return clients.Client(
            self._stage,
            self._out,
            oauth2_client_id=self._credential.id,
            oauth2_assertion_file=name,
        )

    def _show(self, token: str) -> None:
        claims = jwt.decode(token, options={'verify_signature': False})
        for name in SHOWN_CLAIMS:
            self._out.line(f'   {name}: {shown.json(claims[name])}')

    def _write(self, name: str, token: str) -> None:
        clouds.write_privately(pathlib.Path(name), token)
