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

"""Tests of the commands for trusted issuers."""

import datetime
import json

from oslo_utils import timeutils

from keystone_oauth2 import fixture
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests.functional.cmd import base
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import issuers

TABLE = 'oauth2_trusted_issuer'
OWN = 'https://keystone.example.com/v3'
OPTIONS = {
    'oauth2': {
        'issuer': OWN,
        'oauth2_authn_methods': 'client_secret_basic,federated_jwt',
    },
    'oslo_messaging_notifications': {'driver': 'log'},
}
NOTIFICATION = 'oslo.messaging.notification.identity.oauth2_trusted_issuer'
LOOPBACK = ('--allow-network', '127.0.0.0/8')
KEY = assertions.new_key('ES256')
JWK = {**assertions.jwk(KEY, 'ES256'), 'kid': 'first'}
OTHER = {
    **assertions.jwk(assertions.new_key('RS256'), 'RS256'),
    'kid': 'second',
    'alg': 'RS256',
}
FOR_ENCRYPTION = {**JWK, 'use': 'enc'}


class TrustedIssuersTestCase(base.CommandTestCase):
    def setUp(self):
        super().setUp()
        self.deployment = self.deploy(OPTIONS)
        self.server = self.useFixture(issuers.IssuerServer(JWK))

    def run_issuer(self, command, *arguments, deployment=None):
        return self.run_command(
            'keystone-oauth2-manage',
            deployment or self.deployment,
            f'trusted_issuer_{command}',
            *arguments,
        )

    def succeed(self, command, *arguments, **named):
        """Run a command that succeeds, and return the process."""
        process = self.run_issuer(command, *arguments, **named)
        self.assertEqual(0, process.returncode, process.stderr)
        return process

    def assert_refused(self, expected, command, *arguments, **named):
        """Assert that a command fails with one line."""
        process = self.run_issuer(command, *arguments, **named)
        self.assertEqual(1, process.returncode, process.stderr)
        self.assertEqual(1, process.stderr.count('\n'), process.stderr)
        self.assertIn(expected, process.stderr)

    def trust(self, *arguments, name='own'):
        """Trust the test's own server."""
        return self.succeed(
            *('create', name, '--kind', 'oidc', '--issuer', self.server.url),
            *(*LOOPBACK, '--ca-file', self.server.ca_file),
            *arguments,
        )

    def stored(self, name='own'):
        """Return the row of an issuer, or None."""
        rows = self.execute(
            self.deployment, f"SELECT * FROM {TABLE} WHERE id = '{name}'"
        )
        return rows[0] if rows else None

    def stored_kids(self):
        return [key['kid'] for key in json.loads(self.stored().jwks)['keys']]

    def federate(self, name='own'):
        """Register a federated identity of an issuer."""
        value = json.dumps({'issuer_id': name, 'issuer': 'x'})
        self.execute(
            self.deployment,
            'INSERT INTO application_credential (internal_id, id, name,'
            " secret_hash, user_id, unrestricted) VALUES (7, 'c', 'n', 'x',"
            " 'u', 0)",
            'INSERT INTO oauth2_client_authenticator (id,'
            ' credential_internal_id, client_id, kind, fingerprint, value,'
            " created_at) VALUES ('i', 7, 'c', 'federated_identity', 'f',"
            f" '{value}', '2020-01-01')".replace(':', '\\:'),
        )


class CreateTest(TrustedIssuersTestCase):
    def test_issuer_is_stored_with_its_keys(self):
        """Other nodes need neither the file nor a fetch."""
        process = self.trust()
        self.assertEqual('', process.stderr)
        row = self.stored()
        self.assertEqual(
            (self.server.url, 'oidc', 'discovery', None, 600, 0, 1, None),
            (
                *(row.issuer, row.kind, row.key_source, row.jwks_uri),
                *(row.max_lifetime, row.is_once, row.is_enabled),
                row.failure,
            ),
        )
        self.assertEqual(['first'], self.stored_kids())
        self.assertIn('BEGIN CERTIFICATE', row.ca_certificates)
        self.assertIsNotNone(row.keys_fetched_at)
        self.assertEqual(
            [issuers.DISCOVERY, issuers.JWKS], self.server.requests
        )

    def test_all_options_are_stored(self):
        self.server.documents['/other'] = {'keys': [FOR_ENCRYPTION, {}, OTHER]}
        process = self.trust(
            *('--jwks-uri', f'{self.server.url}/other', '--audience', 'own'),
            *('--algorithm', 'RS256', '--algorithm', 'PS256', '--once'),
            *('--max-lifetime', '77', '--require-claim', '/a/b'),
            *('--require-claim', 'c', '--allow-network', 'fd00::/8'),
        )
        self.assertEqual(2, process.stderr.count('Ignored: The key at index'))
        row = self.stored()
        self.assertEqual(
            (
                *('jwks_uri', f'{self.server.url}/other', 'own'),
                *('RS256 PS256', 1, 77, '["/a/b", "c"]'),
                '127.0.0.0/8 fd00::/8',
            ),
            (
                *(row.key_source, row.jwks_uri, row.audience),
                *(row.algorithms, row.is_once, row.max_lifetime),
                *(row.required_claims, row.allowed_networks),
            ),
        )
        self.assertEqual(['second'], self.stored_kids())
        self.assertEqual(['/other'], self.server.requests)

    def test_kinds_have_presets(self):
        """An option overrides them, and "" stands for none."""
        path = self.server.write('keys', json.dumps({'keys': [OTHER]}))
        for kind, arguments, expected in (
            (
                'github',
                (),
                trusted_issuer.PRESETS['github'],
            ),
            (
                'gitlab',
                ('--reusable', '--require-claim', ''),
                trusted_issuer.Preset(
                    issuer='https://gitlab.com',
                    algorithms=('RS256',),
                    max_lifetime=3600,
                ),
            ),
        ):
            with self.variant(kind):
                self.succeed(
                    *('create', kind, '--kind', kind, '--jwks-file', path),
                    *arguments,
                )
                row = self.stored(kind)
                self.assertEqual(
                    (
                        expected.issuer,
                        list(expected.algorithms),
                        expected.max_lifetime,
                        expected.is_once,
                        list(expected.required_claims),
                    ),
                    (
                        row.issuer,
                        row.algorithms.split(),
                        row.max_lifetime,
                        row.is_once,
                        json.loads(row.required_claims),
                    ),
                )

    def test_spiffe_bundle(self):
        """It has keys for other uses, too."""
        self.server.documents['/bundle'] = {
            'keys': [{**JWK, 'use': 'jwt-svid'}, {**OTHER, 'use': 'x509-svid'}]
        }
        process = self.succeed(
            *('create', 'own', '--kind', 'spiffe', *LOOPBACK),
            *('--issuer', 'spiffe://example.org'),
            *('--ca-file', self.server.ca_file),
            *('--bundle-endpoint', f'{self.server.url}/bundle'),
        )
        self.assertEqual(['first'], self.stored_kids())
        self.assertIn('add spiffe_jwt to [oauth2]', process.stderr)
        self.assertIn('spiffe_draft to true', process.stderr)

    def test_method_that_is_not_enabled_is_named(self):
        self.deployment = self.deploy({'oauth2': {'issuer': OWN}})
        process = self.trust()
        self.assertIn(
            'add federated_jwt to [oauth2] oauth2_authn_methods',
            process.stderr,
        )

    def test_server_that_cannot_be_used_is_not_trusted(self):
        """The sentence says why, and what to do."""
        create = ('create', 'own', '--kind', 'oidc')
        url = ('--issuer', self.server.url)
        authority = ('--ca-file', self.server.ca_file)
        for expected, arguments in (
            ('with --allow-network', (*url, *authority)),
            ('give its CA with --ca-file', (*url, *LOOPBACK)),
            (
                'has another issuer',
                ('--issuer', f'{self.server.url}/', *authority, *LOOPBACK),
            ),
            (
                'status 404',
                (
                    *(*url, *authority, *LOOPBACK),
                    *('--jwks-uri', f'{self.server.url}/missing'),
                ),
            ),
            (
                'give one of ES256 with --algorithm',
                (*url, *authority, *LOOPBACK, '--algorithm', 'RS256'),
            ),
        ):
            with self.variant(expected):
                self.assert_refused(expected, *create, *arguments)
        self.server.documents[issuers.JWKS] = {'keys': [FOR_ENCRYPTION]}
        self.assert_refused(
            *('has no usable key', *create, *url, *authority, *LOOPBACK)
        )
        self.assertIsNone(self.stored())

    def test_mistakes_are_named(self):
        create = ('create', 'own', '--kind', 'oidc')
        url = ('--issuer', self.server.url)
        for expected, arguments in (
            ('--issuer is required', create),
            ('The issuer must be an https', (*create, '--issuer', 'http://x')),
            ('This server cannot', (*create, '--issuer', OWN)),
            ('Algorithms must', (*create, *url, '--algorithm', 'HS256')),
            (
                '10.0.0.1/8 is',
                (*create, *url, '--allow-network', '10.0.0.1/8'),
            ),
            (
                'A bundle endpoint is for SPIFFE',
                (*create, *url, '--bundle-endpoint', 'https://x'),
            ),
            (
                'URL of the keys must',
                (*create, *url, '--jwks-uri', 'http://x'),
            ),
        ):
            with self.variant(expected):
                self.assert_refused(expected, *arguments)
        self.assertEqual([], self.server.requests)

    def test_files_that_cannot_be_used_are_refused(self):
        """A private key is nothing for a database."""
        private = assertions.jwk(KEY, 'ES256', is_private=True)
        authority = fixture.CertificateAuthority()
        pem = authority.credential.pem
        for option, content, expected in (
            ('--jwks-file', None, 'cannot be read'),
            ('--jwks-file', '[]', 'is not a JWK set'),
            ('--jwks-file', '{"keys": [], "keys": []}', 'is not a JWK set'),
            ('--jwks-file', '{"keys": []}', 'has no usable key'),
            (
                '--jwks-file',
                json.dumps({'keys': [JWK, private]}),
                'has a private or secret key',
            ),
            ('--ca-file', None, 'cannot be read'),
            ('--ca-file', ' ', 'cannot be used'),
            ('--ca-file', '\u00e4', 'cannot be used'),
            (
                '--ca-file',
                pem + authority.credential.key_pem,
                'has a private key',
            ),
            ('--ca-file', pem + 'x' * 16384, 'more than 16384 bytes'),
        ):
            with self.variant((option, expected)):
                path = self.server.write('file', content or '')
                self.assert_refused(
                    expected,
                    *('create', 'own', '--kind', 'oidc'),
                    *('--issuer', self.server.url),
                    *(option, path if content is not None else '/missing'),
                )
        self.assertIsNone(self.stored())

    def test_id_is_used_once(self):
        self.trust()
        self.assert_refused(
            'choose another id',
            *('create', 'own', '--kind', 'oidc', '--issuer', 'https://x'),
        )

    def test_server_without_an_issuer_identifier(self):
        self.assert_refused(
            'set [oauth2] issuer',
            *('create', 'own', '--kind', 'oidc', '--issuer', 'https://x'),
            deployment=self.deploy(),
        )

    def test_missing_tables(self):
        deployment = self.deploy(tables=False)
        for command in ('list', 'check', 'set'):
            with self.variant(command):
                self.assert_refused(
                    'keystone-oauth2-manage db_sync',
                    command,
                    *([] if command == 'list' else ['own']),
                    deployment=deployment,
                )


class ChangeTest(TrustedIssuersTestCase):
    def setUp(self):
        super().setUp()
        self.trust()
        self.server.requests.clear()

    def test_change_of_a_rule_needs_no_keys(self):
        self.server.documents.clear()
        self.succeed(
            *('set', 'own', '--max-lifetime', '99', '--once'),
            *('--audience', 'other', '--require-claim', 'repository_id'),
        )
        row = self.stored()
        self.assertEqual(
            (99, 1, 'other', '["repository_id"]', self.server.url),
            (
                *(row.max_lifetime, row.is_once, row.audience),
                *(row.required_claims, row.issuer),
            ),
        )
        self.assertEqual(['first'], self.stored_kids())
        self.assertEqual([], self.server.requests)
        self.succeed(
            *('set', 'own', '--audience', '', '--require-claim', ''),
            '--reusable',
        )
        row = self.stored()
        self.assertEqual(
            (None, '[]', 0), (row.audience, row.required_claims, row.is_once)
        )

    def test_change_of_the_source_fetches_the_keys(self):
        self.server.documents['/other'] = {'keys': [JWK, OTHER]}
        url = f'{self.server.url}/other'
        self.succeed('set', 'own', '--jwks-uri', url)
        self.assertEqual(['/other'], self.server.requests)
        self.assertEqual(['first', 'second'], self.stored_kids())
        self.succeed('set', 'own', '--discovery')
        self.assertEqual(['first'], self.stored_kids())
        self.assertIsNone(self.stored().jwks_uri)
        path = self.server.write('keys', json.dumps({'keys': [OTHER]}))
        self.succeed('set', 'own', '--jwks-file', path)
        self.assertEqual(['second'], self.stored_kids())
        self.assertIsNone(self.stored().keys_fetched_at)

    def test_change_that_does_not_work_is_refused(self):
        before = self.stored()
        for expected, arguments in (
            ('--allow-network', ('--allow-network', '')),
            ('--ca-file', ('--ca-file', '')),
            ('404', ('--jwks-uri', f'{self.server.url}/missing')),
            ('one of ES256', ('--algorithm', 'RS256')),
            ('lifetime must', ('--max-lifetime', '1')),
            ('at least one option', ()),
        ):
            with self.variant(expected):
                self.assert_refused(expected, 'set', 'own', *arguments)
        self.assert_refused(
            'no trusted issuer other', 'set', 'other', '--enable'
        )
        self.assertEqual(before, self.stored())

    def test_disabled_issuer_need_not_be_reachable(self):
        """It may have been taken over; it is enabled with current keys."""
        documents = dict(self.server.documents)
        self.server.documents.clear()
        # Its keys have been replaced by unusable ones.
        self.execute(
            self.deployment, f"UPDATE {TABLE} SET algorithms = 'RS256'"
        )
        self.succeed('set', 'own', '--disable')
        self.assertEqual(0, self.stored().is_enabled)
        self.assert_refused('404', 'set', 'own', '--enable')
        self.server.documents.update(documents)
        self.succeed('set', 'own', '--enable', '--algorithm', 'ES256')
        self.assertEqual(1, self.stored().is_enabled)

    def test_check_fetches_and_lists_the_keys(self):
        self.server.documents[issuers.JWKS] = {
            'keys': [FOR_ENCRYPTION, JWK, OTHER]
        }
        process = self.succeed('check', 'own')
        for row in (r'first +\| +ES256', r'second +\| +RS256'):
            self.assertRegex(process.stdout, row)
        self.assertRegex(process.stdout, 'Fetched: .*, [01] seconds ago')
        self.assertIn('Ignored: The key at index 0', process.stderr)
        self.assertEqual(['first', 'second'], self.stored_kids())

    def test_failed_check_keeps_the_keys(self):
        self.server.documents.clear()
        self.assert_refused('status 404', 'check', 'own')
        self.assertEqual(['first'], self.stored_kids())
        self.assertIn('status 404', self.stored().failure)
        self.assertIn('status 404', self.succeed('list').stdout)

    def test_keys_of_a_file_are_only_listed(self):
        path = self.server.write('keys', json.dumps({'keys': [OTHER]}))
        self.succeed('set', 'own', '--jwks-file', path)
        process = self.succeed('check', 'own')
        self.assertIn('second', process.stdout)
        self.assertIn('Fetched: from a file', process.stdout)

    def test_enabled_again_with_the_keys_of_a_file(self):
        """The stored keys of a bundle have lost what they were for."""
        bundle = {'keys': [{**JWK, 'use': 'jwt-svid'}]}
        self.succeed(
            *('create', 'file', '--kind', 'spiffe'),
            *('--issuer', 'spiffe://example.org', '--jwks-file'),
            self.server.write('bundle', json.dumps(bundle)),
        )
        before = self.stored('file').jwks
        self.succeed('set', 'file', '--disable')
        self.succeed('set', 'file', '--enable')
        self.assertEqual(before, self.stored('file').jwks)

    def test_list_and_show(self):
        self.federate()
        self.assertIn(
            f'| own | oidc | {self.server.url} |   True  |',
            self.succeed('list').stdout,
        )
        shown = dict(
            [cell.strip() for cell in line.strip('|').split('|')]
            for line in self.succeed('show', 'own').stdout.splitlines()
            if line.startswith('|')
        )
        for name, value in (
            ('Id', 'own'),
            ('Audience', OWN),
            ('CA certificates', 'of its own'),
            ('Required claims', '-'),
            ('Key ids', 'first'),
            ('Federated identities', '1'),
        ):
            with self.variant(name):
                self.assertEqual(value, shown[name])

    def test_used_issuer_is_not_deleted(self):
        self.federate()
        self.assert_refused(
            'trusted_issuer_set own --disable', 'delete', 'own'
        )
        self.assertIsNotNone(self.stored())
        self.execute(
            self.deployment, 'DELETE FROM oauth2_client_authenticator'
        )
        self.succeed('delete', 'own')
        self.assertIsNone(self.stored())
        self.assert_refused('no trusted issuer own', 'delete', 'own')

    def test_changes_are_announced_by_notifications(self):
        self.succeed('set', 'own', '--disable')
        self.succeed('delete', 'own')
        log = (self.deployment.folder / 'keystone.log').read_text()
        sent = [
            json.loads(line[line.index('{') :])
            for line in log.splitlines()
            if NOTIFICATION in line
        ]
        self.assertEqual(
            [
                f'identity.oauth2_trusted_issuer.{operation}'
                for operation in ('created', 'updated', 'deleted')
            ],
            [message['event_type'] for message in sent],
        )
        for message in sent:
            self.assertEqual('own', message['payload']['target']['id'])
            self.assertEqual('success', message['payload']['outcome'])


class StatusTest(TrustedIssuersTestCase):
    def check(self):
        """Return the result of the check and its details."""
        process = self.run_command(
            'keystone-oauth2-status',
            *(self.deployment, 'upgrade', 'check', '--json'),
        )
        for item in json.loads(process.stdout.splitlines()[-1])['checks']:
            if item['check'] == 'Trusted issuers':
                return item['result'], item['details']
        self.fail(process.stdout)

    def change(self, **values):
        for name, value in values.items():
            self.execute(
                self.deployment,
                f"UPDATE {TABLE} SET {name} = '{value}'".replace(':', '\\:'),
            )

    def test_keys_that_are_missing_or_old_get_a_warning(self):
        self.assertEqual((0, None), self.check())
        self.trust()
        self.assertEqual((0, None), self.check())
        self.change(failure='It failed.')
        result, details = self.check()
        self.assertEqual(1, result)
        self.assertIn('used until they are a day old. It failed.', details)
        now = timeutils.utcnow()
        self.change(keys_fetched_at=now - datetime.timedelta(days=1))
        result, details = self.check()
        self.assertEqual(1, result)
        self.assertIn('trusted_issuer_check own', details)
        self.change(is_enabled=0)
        self.assertEqual((0, None), self.check())

    def test_method_that_is_not_enabled_gets_a_warning(self):
        self.deployment = self.deploy({'oauth2': {'issuer': OWN}})
        self.trust()
        result, details = self.check()
        self.assertEqual(1, result)
        self.assertIn('add federated_jwt', details)
