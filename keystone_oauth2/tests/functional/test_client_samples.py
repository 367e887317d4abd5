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

"""The samples of client authenticators in the API reference."""

import datetime
import sqlite3

from keystone_oauth2 import fixture
from keystone_oauth2.protocol import certificates
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import trusted_issuers

NOBODY = 'e0c4e5a1d6f84f0b9b1f6a1c7d2e3f40'
LIMIT = 10
ELSEWHERE = {'client-error-unavailable.json'}
ISSUERS = (
    trusted_issuers.Kubernetes('k8s-prod', 'https://oidc.k8s.example.com'),
    trusted_issuers.GitHub(
        'github',
        'https://token.actions.githubusercontent.com',
        trusted_issuers.Key(),
    ),
)


class ClientSamplesTest(base.KeystoneTestCase):
    """Each request of the reference, in sequence."""

    options = {
        'DEFAULT': {'public_endpoint': 'https://keystone.example.com:5000'},
        'oauth2_clients': {'authenticator_limit': LIMIT},
        'oauth2': {
            'oauth2_authn_methods': [
                'tls_client_auth',
                'self_signed_tls_client_auth',
                'private_key_jwt',
                'federated_jwt',
                'client_secret_basic',
            ]
        },
    }

    @classmethod
    def create(cls):
        """Create alice's client, and collect all answers to her."""
        cls.project = cls.identity.create_project('demo')
        cls.user = cls.identity.create_user(
            cls.project, ['member', 'reader'], name='alice'
        )
        cls.client = cls.identity.create_application_credential(
            cls.user,
            ['reader'],
            name='backup',
            description='every night',
            expires_at=cls.later(),
        )
        cls.token = cls.identity.token_for(cls.user)
        trusted_issuers.create(cls.keystone, *ISSUERS)
        cls.asked = set()
        cls.answers = dict(cls.walk())

    @classmethod
    def walk(cls):
        """Return the name of each sample with a real answer."""
        secret = cls.register('secrets', 'secret-create')
        yield 'secret-create-response', secret
        cls.use(cls.client.secret)
        cls.use(secret.json['secret']['secret'])
        key = cls.register('keys', 'key-create')
        yield 'key-create-response', key
        certificate = cls.register('certificates', 'certificate-create')
        yield 'certificate-create-response', certificate
        identity = cls.register(
            'federated_identities', 'federated-identity-create'
        )
        yield 'federated-identity-create-response', identity
        yield from cls.show(secret, key, certificate, identity)
        yield 'update-response', cls.change()
        yield from cls.refuse(key)
        subject = cls.register('certificates', 'subject-create')
        yield 'subject-create-response', subject
        yield 'keys-create-response', cls.register('keys', 'keys-create')
        yield 'error-too-many', cls.register_too_many()

    @classmethod
    def show(cls, secret, key, certificate, identity):
        """Return the answers of all successful reads."""
        yield 'show-response', cls.ask()
        yield 'secrets-list-response', cls.ask('/secrets?limit=1')
        yield 'keys-list-response', cls.ask('/keys')
        yield 'certificates-list-response', cls.ask('/certificates')
        for kind, answer in (
            ('secret', secret),
            ('key', key),
            ('certificate', certificate),
        ):
            path = f'/{kind}s/{answer.json[kind]["id"]}'
            yield f'{kind}-show-response', cls.ask(path)
        path = '/federated_identities'
        one = f'{path}/{identity.json["federated_identity"]["id"]}'
        yield 'federated-identities-list-response', cls.ask(path)
        yield 'federated-identity-show-response', cls.ask(one)
        cls.request('federated-identity-test')
        assertion = ISSUERS[0].assertion(
            aud='https://keystone.example.com:5000/v3'
        )
        tested = cls.ask(f'{path}/test', 'POST', json={'assertion': assertion})
        yield 'federated-identity-test-response', tested

    @classmethod
    def refuse(cls, key):
        """Return the answers of all errors; the client has only the key."""
        key_id = key.json['key']['id']
        body = {'key': {'jwk': key.json['key']['jwk']}}
        other = cls.identity.create_user(cls.project, ['member'])
        token = cls.identity.token_for(other)
        malformed = {'key': {}}
        yield 'error-malformed', cls.ask('/keys', 'POST', json=malformed)
        yield 'error-unauthorized', cls.ask(token=None)
        yield 'error-forbidden', cls.ask(token=token)
        yield 'error-not-found', cls.ask(f'/keys/{NOBODY}')
        yield 'error-method-not-allowed', cls.ask(method='PUT')
        yield 'error-duplicate', cls.ask('/keys', 'POST', json=body)
        yield 'error-last', cls.ask(f'/keys/{key_id}', 'DELETE')

    @classmethod
    def ask(cls, path='', method='GET', **arguments):
        """Send a request about the client, as its owner."""
        return cls.keystone.request(
            method,
            f'/v3/OS-OAUTH2/clients/{cls.client.id}{path}',
            **{'token': cls.token, **arguments},
        )

    @classmethod
    def register(cls, collection, name):
        """Register the authenticator of a sample with a later expiry."""
        body = cls.request(name)
        (wanted,) = body.values()
        if 'expires_at' in wanted:
            wanted['expires_at'] = f'{cls.later():%Y-%m-%dT%H:%M:%SZ}'
        if 'certificate' in wanted:
            wanted['certificate'] = fixture.self_signed([('CN', 'backup')]).pem
        return cls.ask(f'/{collection}', 'POST', json=body)

    @classmethod
    def later(cls):
        """Return a moment in the distant future."""
        now = datetime.datetime.now(datetime.timezone.utc)
        return now + datetime.timedelta(days=200)

    @classmethod
    def register_too_many(cls):
        """Register secrets until one exceeds the limit."""
        for _ in range(LIMIT):
            answer = cls.ask('/secrets', 'POST', json={'secret': {}})
        return answer

    @classmethod
    def change(cls):
        """Choose the methods of the sample."""
        return cls.ask('', 'PATCH', json=cls.request('update'))

    @classmethod
    def request(cls, name):
        """Return the body of a sample request."""
        file = f'client-{name}-request.json'
        cls.asked.add(file)
        return samples.read(file)

    @classmethod
    def use(cls, secret):
        """Authenticate, to set the last use."""
        answer = cls.keystone.request(
            'POST',
            base.TOKEN,
            form={'grant_type': 'client_credentials'},
            headers={'Authorization': base.basic(cls.client.id, secret)},
        )
        assert answer.status == 200, answer.text

    def test_answers_equal_the_samples(self):
        """J02: only the answer to the registration contains the secret."""
        for name, answer in self.answers.items():
            with self.variant(name):
                self.assertEqual(
                    samples.comparable(samples.read(f'client-{name}.json')),
                    samples.comparable(answer.json),
                )

    def test_trusted_issuers_equal_the_sample(self):
        """J02."""
        answer = self.keystone.request(
            'GET', '/v3/OS-OAUTH2/trusted_issuers', token=self.token
        )
        self.assertEqual(
            samples.read('trusted-issuers-response.json'), answer.json
        )

    def test_statuses_equal_those_of_the_reference(self):
        statuses = {
            'error-malformed': 400,
            'error-unauthorized': 401,
            'error-forbidden': 403,
            'error-too-many': 403,
            'error-not-found': 404,
            'error-method-not-allowed': 405,
            'error-duplicate': 409,
            'error-last': 409,
        }
        for name, answer in self.answers.items():
            usual = 201 if 'create' in name else 200
            with self.variant(name):
                self.assertEqual(statuses.get(name, usual), answer.status)

    def test_samples_are_consistent(self):
        for name in ('key', 'keys'):
            keys = samples.read(f'client-{name}-create-response.json')[name]
            for key in keys if isinstance(keys, list) else [keys]:
                self.assertEqual(jwk.thumbprint(key['jwk']), key['thumbprint'])
        sent, answered = (
            samples.read(f'client-certificate-create-{end}.json')
            for end in ('request', 'response')
        )
        pem = sent['certificate']['certificate']
        der = certificates.der_from_pem(pem)
        moment = f'{certificates.expires_at(der).isoformat()}Z'
        expected = {
            'certificate': pem,
            'expires_at': moment,
            'x5t#S256': certificates.thumbprint(der),
        }
        found = answered['certificate']
        self.assertEqual(expected, {name: found[name] for name in expected})

    def test_database_failure_is_reported_as_unavailable(self):
        """As at the other endpoints, in Keystone's format."""
        database = sqlite3.connect(self.keystone.folder / 'keystone.db')
        self.addCleanup(database.close)
        rename = 'ALTER TABLE {} RENAME TO {}'.format
        names = 'application_credential', 'elsewhere'
        database.execute(rename(*names))
        self.addCleanup(database.execute, rename(*reversed(names)))
        answer = self.ask()
        self.assertEqual(503, answer.status)
        self.assertEqual('5', answer.headers['Retry-After'])
        (name,) = ELSEWHERE
        self.assertEqual(samples.read(name), answer.json)

    def test_every_sample_of_a_client_is_compared(self):
        looked_at = {f'client-{name}.json' for name in self.answers}
        self.assertEqual(
            {path.name for path in samples.FOLDER.glob('client-*')},
            looked_at | self.asked | ELSEWHERE,
        )
