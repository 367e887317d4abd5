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

"""The four steps with a certificate, over Mutual-TLS."""

from __future__ import annotations

from demo import clients
from demo import secret_walk
from demo import stage
from demo import walk

PATH = '/certificate'
TOKEN_FILE = 'robot.token'


class CertificateWalk(walk.Walk):
    """Gets a certificate-bound token and uses it."""

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._out.chapter('With a certificate')
        self._introduce()
        token = self._get_token()
        self._call()
        self._see_wrong_ones_refused(token)
        self._see_expired_one_refused()

    def _introduce(self) -> None:
        self._out.step('1. A user is the client')
        self._out.say(
            'No roles are delegated: the client is the user robot, identified '
            'by a certificate. A federation mapping compares the subject with '
            'the properties of the user, and checks the issuer.'
        )
        certificate = self._stage.robot_certificate.certificate
        names = {'1.2.840.113549.1.9.1': 'emailAddress'}
        for attribute in certificate.subject:
            name = attribute.rfc4514_attribute_name
            self._out.line(
                f'   {names.get(name, name)}={str(attribute.value)}'
            )
        self._out.line(f'   issued by {certificate.issuer.rfc4514_string()}')

    def _get_token(self) -> str:
        self._out.step('2. The client gets an access token')
        self._out.say(
            'The cloud robot in clouds.yaml has the auth_type v3oauth2client, '
            'with oauth2_certfile and oauth2_keyfile:'
        )
        token = self._shell.openstack_to_file(
            TOKEN_FILE,
            '--os-cloud robot oauth2 access token issue '
            '-f value -c access_token',
        )
        self._out.say(
            'The token is bound to the certificate: cnf has its thumbprint.'
        )
        self._shell.openstack(
            '--os-cloud admin oauth2 access token introspect '
            f'--token-file {TOKEN_FILE} -c active -c username -c cnf'
        )
        return token

    def _call(self) -> None:
        self._out.step('3. The client calls a service with it')
        self._out.say(
            'The plugin shows the certificate to Keystone and to the service. '
            "The service uses keystonemiddleware's filter oauth2_mtls_token, "
            'which compares the certificate with the token.'
        )
        client = self._client(self._stage.robot_files)
        client.show()
        client.call(PATH, secret_walk.CALLS)

    def _see_wrong_ones_refused(self, token: str) -> None:
        self._out.step('4. Invalid and expired credentials are refused')
        self._out.say(
            "The plugin, with alice's certificate and the id of robot:"
        )
        self._client(self._stage.alice_files).see_refused(PATH)
        self._out.say(
            'By hand, since no plugin does so: a stolen token, with another '
            'certificate:'
        )
        self._refuse(token, self._stage.alice_files)
        self._out.say('A stolen token, without a certificate:')
        self._refuse(token, None)
        self._out.say('An invalid token, with the right certificate:')
        self._refuse(secret_walk.altered(token), self._stage.robot_files)

    def _see_expired_one_refused(self) -> None:
        self._out.say(
            'The plugin, with tokens of a second Keystone on the same '
            f'database, which expire after {stage.SHORT_LIFE} seconds:'
        )
        client = self._client(
            self._stage.robot_files,
            oauth2_endpoint=self._stage.short_url + clients.TOKEN_PATH,
        )
        client.call(PATH)
        token = client.token
        self._out.wait(
            stage.SHORT_LIFE + secret_walk.GRACE,
            'Waiting until it has expired',
        )
        self._out.say('The token, by hand:')
        self._refuse(token, self._stage.robot_files)
        self._out.say('The plugin, which gets the next one by itself:')
        client.call(PATH)
        client.show_sent()

    def _client(
        self, certificate: stage.CertificateFiles, **options: str
    ) -> clients.Client:
        certfile, keyfile = certificate
        return clients.Client(
            self._stage,
            self._out,
            oauth2_client_id=self._stage.robot.id,
            oauth2_certfile=certfile.name,
            oauth2_keyfile=keyfile.name,
            **options,
        )

    def _refuse(
        self, token: str, certificate: stage.CertificateFiles | None
    ) -> None:
        self._ask(
            self._stage.client(self._stage.service_url, certificate),
            'GET',
            PATH,
            expect=401,
            headers=secret_walk.bearer(token),
        )
        self._out.verdict('refused, as expected')
