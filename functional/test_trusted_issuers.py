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

"""An OpenID provider that others have written, as a trusted issuer."""

import contextlib
import json
import secrets
import sqlite3
import time

from functional import base
from functional import identity_provider
from functional import programs
from functional import workers
from keystone_oauth2.fixture import _manage
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import base as wire
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import federation
from keystone_oauth2.tests.support import requirement


class OpenIDProviderTest(base.StackTestCase):
    """Four workers of Keystone and node-oidc-provider, all over TLS."""

    options = {
        'oauth2': {
            'issuer': clients.ISSUER,
            'oauth2_authn_methods': ['client_secret_basic', 'federated_jwt'],
        }
    }

    def setUp(self):
        super().setUp()
        if not identity_provider.is_installed():
            requirement.missing(self, 'Not installed: oidc-provider.')
        self.keys = self.folder / 'issuer.json'
        self.secret = secrets.token_hex(16)
        self.write_keys(self.new_key('first'))
        self.provider = self.start_provider()
        self.manage(
            *('trusted_issuer_create', 'idp', '--kind', 'oidc'),
            *('--issuer', self.issuer, '--allow-network', '127.0.0.0/8'),
            *('--ca-file', f'{self.ca_file}'),
        )
        clients.register(
            self.https().request,
            self.identity.token_for(self.user),
            self.client,
            'federated_identity',
            issuer_id='idp',
            subject='workload',
            claims={'scope': ['plain', 'api']},
        )

    def new_key(self, kid):
        """Return a new private key as a JWK."""
        key = assertions.rsa_key(number=kid)
        return {**assertions.jwk(key, 'RS256', is_private=True), 'kid': kid}

    def write_keys(self, *keys):
        """Replace the keys of the provider, which a restart then reads."""
        self.keys.write_text(json.dumps({'keys': keys}))

    def start_provider(self):
        port = programs.free_port()
        self.issuer = f'https://localhost:{port}'
        files = self.authority.server().write(self.folder, 'issuer')
        script = identity_provider.FOLDER / 'issuer.mjs'
        command = ['node', f'{script}', f'{port}', *map(str, files)]
        command += [f'{self.keys}', clients.ISSUER, self.secret]
        return self.useFixture(
            programs.Program('issuer', command, self.folder, port)
        )

    def manage(self, *arguments):
        self.deployment.manage(*arguments, program=_manage.EXTENSION)

    def issued(self, scope='plain'):
        """Return a JWT of the provider for its workload."""
        answer = self.https(url=self.issuer).request(
            'POST',
            '/token',
            form={'grant_type': 'client_credentials', 'scope': scope},
            headers={'Authorization': wire.basic('workload', self.secret)},
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def get_token(self, assertion):
        """Ask Keystone for a token."""
        form = federation.by_jwt(self.client, assertion)['form']
        return self.post(base.TOKEN, base.GRANT | form)

    def assert_issued_everywhere(self, assertion):
        """Assert that each worker knows the key of a JWT."""
        answers = workers.ask_all(
            self.stack.programs['uwsgi'], lambda: self.get_token(assertion)
        )
        self.assertEqual({200}, {answer.status for answer in answers})

    def assert_status(self, status, assertion):
        answer = self.get_token(assertion)
        self.assertEqual(status, answer.status, answer.text)
        return answer

    def forget_last_fetch(self):
        """Let a minute pass for the key set of the issuer."""
        path = self.folder / 'keystone.db'
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(
                'UPDATE oauth2_trusted_issuer SET attempted_at = NULL'
            )

    def assert_issued_soon(self, assertion):
        """Repeat a request as its Retry-After says, until it succeeds."""
        for _ in range(10):
            answer = self.get_token(assertion)
            if answer.status == 200:
                return
            self.assertEqual(503, answer.status, answer.text)
            time.sleep(int(answer.headers['Retry-After']))
        self.fail('The keys are not known after ten attempts.')

    def test_workload_gets_tokens_while_keys_change(self):
        """C10: C12, from the discovery document on."""
        before = self.issued()
        token = self.assert_status(200, before).json['access_token']
        answer = self.https().request('GET', '/v3/auth/projects', token=token)
        self.assertEqual(200, answer.status, answer.text)
        # An access token for Keystone is no statement about the workload.
        self.assert_status(401, self.issued('api'))
        self.provider.stop()
        self.write_keys(self.new_key('second'), self.new_key('first'))
        self.provider.start()
        after = self.issued()
        self.assert_status(401, after)
        self.forget_last_fetch()
        self.assert_issued_soon(after)
        self.assert_issued_everywhere(before)
        self.provider.stop()
        self.assert_issued_everywhere(after)
        self.manage('trusted_issuer_set', 'idp', '--disable')
        self.assert_status(401, after)
