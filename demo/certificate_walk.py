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

from demo import exchange
from demo import secret_walk
from demo import shown
from demo import stage
from demo import terminal

TOKEN_PATH = secret_walk.TOKEN_PATH


class CertificateWalk:
    """Gets a certificate-bound token and uses it."""

    def __init__(self, set_up: stage.Stage, out: terminal.Terminal) -> None:
        self._stage = set_up
        self._out = out
        self._ask = exchange.Exchange(out).ask
        self._form = {
            'grant_type': 'client_credentials',
            'client_id': set_up.robot.id,
        }

    def run(self) -> None:
        """Run all steps.

        :raises exchange.Unexpected: a response has an unexpected status.
        """
        self._out.chapter('With a certificate')
        self._introduce()
        token = self._get_token()
        self._call(token)
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
        answer = self._ask(
            self._stage.client(self._stage.url, self._stage.robot_files),
            'POST',
            TOKEN_PATH,
            expect=200,
            form=self._form,
        )
        token = answer.json['access_token']
        validated = self._stage.admin.validate(token).json['token']
        thumbprint = validated['oauth2_credential']['x5t#S256']
        self._out.say(
            f'It is bound to the certificate with the thumbprint '
            f'{shown.shortened(thumbprint)}'
        )
        return token

    def _call(self, token: str) -> None:
        self._out.step('3. The client calls a service with it')
        self._out.say(
            "The service uses keystonemiddleware's filter oauth2_mtls_token, "
            'which compares the certificate with the token.'
        )
        self._present(token, self._stage.robot_files, expect=200)

    def _see_wrong_ones_refused(self, token: str) -> None:
        self._out.step('4. Invalid and expired credentials are refused')
        self._out.say("Another user's certificate, with the id of robot:")
        self._ask(
            self._stage.client(self._stage.url, self._stage.alice_files),
            'POST',
            TOKEN_PATH,
            expect=401,
            form=self._form,
        )
        self._out.verdict('refused, as expected')
        self._out.say('A stolen token, with another certificate:')
        self._refuse(token, self._stage.alice_files)
        self._out.say('A stolen token, without a certificate:')
        self._refuse(token, None)
        self._out.say('An invalid token, with the right certificate:')
        self._refuse(secret_walk.altered(token), self._stage.robot_files)

    def _see_expired_one_refused(self) -> None:
        self._out.say(
            'A token from a second Keystone on the same database, whose '
            f'tokens expire after {stage.SHORT_LIFE} seconds:'
        )
        answer = self._ask(
            self._stage.client(self._stage.short_url, self._stage.robot_files),
            'POST',
            TOKEN_PATH,
            expect=200,
            form=self._form,
        )
        token = answer.json['access_token']
        self._present(token, self._stage.robot_files, expect=200)
        self._out.wait(
            answer.json['expires_in'] + secret_walk.GRACE,
            'Waiting until it has expired',
        )
        self._refuse(token, self._stage.robot_files)

    def _refuse(
        self, token: str, certificate: stage.CertificateFiles | None
    ) -> None:
        self._present(token, certificate, expect=401)
        self._out.verdict('refused, as expected')

    def _present(
        self,
        token: str,
        certificate: stage.CertificateFiles | None,
        *,
        expect: int,
    ) -> None:
        self._ask(
            self._stage.client(self._stage.service_url, certificate),
            'GET',
            '/certificate',
            expect=expect,
            headers=secret_walk.bearer(token),
        )
