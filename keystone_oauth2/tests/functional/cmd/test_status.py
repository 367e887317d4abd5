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

"""keystone-oauth2-status upgrade check, in its own process."""

import base64
import json
import os
import shutil
import time

import fixtures
from keystone.conf import constants

from keystone_oauth2 import fixture
from keystone_oauth2.db import migration
from keystone_oauth2.tests.functional.cmd import base

METHOD = 'oauth2_credential'
DEFAULT_METHODS = list(constants._DEFAULT_AUTH_METHODS)
SUCCESS, WARNING, FAILURE = range(3)
OPTIONS, METHODS, TABLES = 'Options', '[auth] methods', 'Tables'
SIGNING = 'Keys for JWT access tokens'
KEYS, BODIES, CERTIFICATES, TLS, LIMITS, ISSUERS = (
    'Keys for digests of secrets',
    'Secrets in the body',
    'Client certificates',
    'TLS',
    'Failure limits',
    'Trusted issuers',
)


class StatusTestCase(base.CommandTestCase):
    """Runs the command on deployments."""

    def check(self, deployment):
        """Return the exit status, and the result and details by check."""
        process = self.run_command(
            'keystone-oauth2-status', deployment, 'upgrade', 'check', '--json'
        )
        try:
            found = json.loads(process.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            self.fail(f'{process.returncode} {process.stdout}{process.stderr}')
        return process.returncode, {
            item['check']: (item['result'], item['details'])
            for item in found['checks']
        }

    def assert_found(self, expected, found):
        """Assert the results and that the details mention what they must."""
        results = {check: result for check, (result, _) in found.items()}
        self.assertEqual(
            {check: result for check, (result, _) in expected.items()},
            {check: results.get(check) for check in expected},
        )
        for check, (_, details) in expected.items():
            with self.variant(check):
                self.assertIn(details, f'{found[check][1]}')

    def good_options(self):
        """Return options with which no check complains."""
        authority = fixture.CertificateAuthority()
        folder = self.useFixture(fixtures.TempDir()).path
        return {
            'DEFAULT': {'public_endpoint': 'https://keystone.example.com'},
            'oauth2_certificates': {'ca_file': f'{authority.write(folder)}'},
            'oauth2': {'trusted_proxies': '192.0.2.7'},
        }


class StatusTest(StatusTestCase):
    def test_all_checks_pass(self):
        status, found = self.check(self.deploy(self.good_options()))
        self.assertLessEqual(
            {
                OPTIONS,
                METHODS,
                TABLES,
                KEYS,
                SIGNING,
                BODIES,
                CERTIFICATES,
                TLS,
                LIMITS,
                ISSUERS,
            },
            set(found),
        )
        self.assertEqual(
            {SUCCESS}, {result for result, _ in found.values()}, found
        )
        self.assertEqual(0, status)

    def test_first_steps_of_an_operator_are_listed(self):
        """Before anything has been configured."""
        deployment = self.deploy(enable=False, tables=False)
        shutil.rmtree(deployment.folder / 'credential-keys')
        status, found = self.check(deployment)
        self.assert_found(
            {
                METHODS: (WARNING, 'append oauth2_credential'),
                TABLES: (FAILURE, 'keystone-oauth2-manage db_sync'),
                KEYS: (FAILURE, 'keystone-manage credential_setup'),
                BODIES: (SUCCESS, ''),
                CERTIFICATES: (WARNING, '[oauth2_certificates] ca_file'),
                TLS: (WARNING, '[oauth2] issuer'),
                LIMITS: (WARNING, 'trusted_proxies is empty'),
                ISSUERS: (SUCCESS, ''),
            },
            found,
        )
        self.assertEqual(2, status)

    def test_problems_of_an_upgrade_are_listed(self):
        """Fernet tokens store methods by their position in the list."""
        options = self.good_options()
        options['auth'] = {'methods': [METHOD, *DEFAULT_METHODS]}
        deployment = self.deploy(options)
        self.execute(
            deployment,
            f"UPDATE {migration.VERSION_TABLE} SET version_num = '0001'",
        )
        for path in (deployment.folder / 'credential-keys').iterdir():
            path.write_bytes(base64.urlsafe_b64encode(bytes(32)))
        status, found = self.check(deployment)
        self.assert_found(
            {
                METHODS: (FAILURE, 'Move it to the end'),
                TABLES: (
                    FAILURE,
                    f'0001 instead of {migration.newest_version()}',
                ),
                KEYS: (FAILURE, 'no usable keys'),
                CERTIFICATES: (SUCCESS, ''),
                TLS: (SUCCESS, ''),
            },
            found,
        )
        self.assertEqual(2, status)

    def test_options_that_stop_keystone_are_a_failure(self):
        """With the sentence of start-up; then no other option is read."""
        for group, name, value in (
            ('oauth2', 'trusted_proxies', '0.0.0.0/0'),
            ('oauth2', 'issuer', 'http://keystone.example.com'),
            ('oauth2', 'oauth2_authn_methods', 'nonsense'),
            ('oauth2_limits', 'client_failures', '30'),
            ('oauth2_limits', 'storage', 'memcached://host'),
            ('oauth2_certificates', 'ca_file', '/missing'),
            ('oauth2_certificates', 'sources', 'rfc9440'),
            ('oauth2_assertions', 'max_lifetime', '1'),
        ):
            options = {group: {name: value}}
            status, found = self.check(self.deploy(options))
            with self.variant(name):
                self.assert_found(
                    {
                        OPTIONS: (FAILURE, f'[{group}] {name}'),
                        METHODS: (SUCCESS, ''),
                        TABLES: (SUCCESS, ''),
                    },
                    found,
                )
                self.assertEqual(2, status)

    def test_tables_of_a_newer_release_are_no_failure(self):
        """During a rolling upgrade."""
        deployment = self.deploy(self.good_options())
        self.execute(
            deployment,
            f"UPDATE {migration.VERSION_TABLE} SET version_num = '9999'",
        )
        status, found = self.check(deployment)
        self.assertEqual(0, status, found)

    def test_warnings_alone_are_not_a_failure(self):
        options = self.good_options()
        options |= {
            'oauth2_certificates': {},
            'oauth2_limits': {'client_failures': ''},
            'oauth2_secrets': {'digests': False},
        }
        options['oauth2'] |= {
            'oauth2_authn_methods': 'client_secret_basic',
            'issuer': 'https://keystone.example.com/v3',
        }
        options['DEFAULT'] = {'public_endpoint': 'http://keystone.example.com'}
        status, found = self.check(self.deploy(options))
        self.assert_found(
            {
                METHODS: (SUCCESS, ''),
                TABLES: (SUCCESS, ''),
                KEYS: (WARNING, '[oauth2_secrets] digests is disabled'),
                BODIES: (WARNING, 'Add client_secret_post'),
                CERTIFICATES: (SUCCESS, ''),
                TLS: (SUCCESS, ''),
                LIMITS: (WARNING, '[oauth2_limits] client_failures is empty'),
            },
            found,
        )
        self.assertEqual(1, status)

    def test_list_without_secrets_in_bodies_gets_a_warning(self):
        """B03: the in-tree API accepts them there if it accepts Basic."""
        basic, post = 'client_secret_basic', 'client_secret_post'
        for methods, result in (
            (None, SUCCESS),
            (f'{basic},tls_client_auth', WARNING),
            (f'{basic},{post}', SUCCESS),
            (post, SUCCESS),
            ('tls_client_auth', SUCCESS),
        ):
            options = self.good_options()
            options['oauth2']['oauth2_authn_methods'] = methods
            status, found = self.check(self.deploy(options))
            with self.variant(methods):
                self.assertEqual(result, found[BODIES][0], found)
                self.assertEqual(result, status, found)

    def test_configured_key_repository_is_checked(self):
        options = self.good_options()
        options['oauth2_secrets'] = {'digest_key_repository': '/nonexistent'}
        status, found = self.check(self.deploy(options))
        self.assert_found({KEYS: (FAILURE, '/nonexistent')}, found)
        self.assertEqual(2, status)

    def test_table_is_readable(self):
        process = self.run_command(
            'keystone-oauth2-status', self.deploy(), 'upgrade', 'check'
        )
        self.assertEqual(1, process.returncode, process.stderr)
        for text in ('Upgrade Check Results', METHODS, 'Result: Success'):
            self.assertIn(text, process.stdout)

    def test_unreachable_database_is_an_error(self):
        """The exit status says that the result is unknown."""
        deployment = self.deploy(self.good_options())
        database = deployment.folder / 'keystone.db'
        database.unlink()
        database.mkdir()
        process = self.run_command(
            'keystone-oauth2-status', deployment, 'upgrade', 'check'
        )
        self.assertEqual(255, process.returncode, process.stderr)


class TokenFormatTest(StatusTestCase):
    """The steps in which JWT access tokens are introduced."""

    def deploy_with(self, provider, **tokens):
        """Return a deployment with a provider, whose keys are not new."""
        options = self.good_options()
        options['token'] = {'provider': provider}
        options['oauth2_tokens'] = tokens
        deployment = self.deploy(options)
        self.folder = deployment.folder / 'oauth2-signing-keys'
        self.change_key('0', created_at=1)
        return deployment

    def change_key(self, name, **members):
        """Change members of a key."""
        path = self.folder / name
        key = {**json.loads(path.read_text()), **members}
        path.write_text(json.dumps(key))

    def assert_signing(self, result, details, deployment):
        """Assert the result for signing keys, which is that of the command."""
        status, found = self.check(deployment)
        self.assert_found({SIGNING: (result, details)}, found)
        self.assertEqual(result, status, found)

    def test_each_step_says_what_was_done(self):
        for provider, tokens, details in (
            ('fernet', {}, 'neither issued nor accepted'),
            ('oauth2_fernet', {}, 'accepted here, but not issued'),
            ('oauth2_jws', {}, 'accepted here, but not issued'),
            ('oauth2_fernet', {'format': 'jwt'}, 'issued here'),
        ):
            with self.variant((provider, tokens)):
                deployment = self.deploy_with(provider, **tokens)
                self.assert_signing(SUCCESS, details, deployment)

    def test_format_before_provider(self):
        status, found = self.check(self.deploy_with('fernet', format='jwt'))
        self.assert_found(
            {OPTIONS: (FAILURE, 'set [token] provider to oauth2_fernet')},
            found,
        )
        self.assertEqual(FAILURE, status)

    def test_format_before_keys(self):
        deployment = self.deploy_with('oauth2_fernet', format='jwt')
        shutil.rmtree(self.folder)
        status, found = self.check(deployment)
        self.assert_found({OPTIONS: (FAILURE, 'signing_key_setup')}, found)
        self.assertEqual(FAILURE, status)

    def test_provider_before_keys(self):
        """Another node may have them, and sign."""
        deployment = self.deploy_with('oauth2_fernet')
        shutil.rmtree(self.folder)
        self.assert_signing(FAILURE, 'signing_key_setup', deployment)

    def test_provider_before_issuer(self):
        deployment = self.deploy_with('oauth2_fernet')
        text = deployment.config_file.read_text()
        deployment.config_file.write_text(
            text.replace('https://keystone.example.com', 'http://localhost')
        )
        self.assert_signing(FAILURE, 'set [oauth2] issuer', deployment)

    def test_keys_that_keystone_refuses(self):
        deployment = self.deploy_with('oauth2_fernet')
        (self.folder / '1').chmod(0o640)
        self.assert_signing(FAILURE, 'chmod 600', deployment)
        (self.folder / '1').chmod(0o600)
        (self.folder / '1').write_text('{}')
        self.assert_signing(FAILURE, 'is not a private JWK', deployment)

    def test_one_key(self):
        deployment = self.deploy_with('oauth2_fernet')
        (self.folder / '0').unlink()
        self.assert_signing(WARNING, 'no staged key', deployment)

    def test_interrupted_rotation(self):
        """The staged key signs already."""
        deployment = self.deploy_with('oauth2_fernet')
        shutil.copy2(self.folder / '0', self.folder / '2')
        self.assert_signing(WARNING, 'was interrupted', deployment)

    def test_young_staged_key(self):
        """Others do not know it yet."""
        deployment = self.deploy_with('oauth2_fernet')
        self.change_key('0', created_at=int(time.time()))
        self.assert_signing(SUCCESS, 'can be rotated in 3', deployment)

    def test_keys_of_another_user(self):
        """As root has copied them."""
        deployment = self.deploy_with('oauth2_fernet')
        if os.geteuid() != 0:
            self.skipTest('Only root can give files away.')
        os.chown(self.folder, 65534, 65534)
        self.assert_signing(WARNING, 'belongs to another user', deployment)
