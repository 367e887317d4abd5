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

"""Secrets registered for a client."""

import base64
import pathlib
import re

from oslo_utils import timeutils

from keystone_oauth2.tests.functional import client_secrets
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import tokens

#: Not a valid hash: Keystone fails when it checks a secret against it.
NO_HASH = 'nonsense'


class SecretTest(client_secrets.SecretsTestCase):
    def test_each_is_generated_from_256_random_bits(self):
        """A15: an attacker cannot guess it."""
        made = {self.register_secret()['secret'] for _ in range(5)}
        self.assertEqual(5, len(made))
        for secret in made:
            self.assertTrue(re.fullmatch('[A-Za-z0-9_-]{43}', secret), secret)

    def test_it_is_returned_once(self):
        """J02: in the answer to its registration only."""
        secret = self.register_secret()
        value = secret.pop('secret')
        self.assertEqual(secret, self.shown('secret', secret))
        for token in (self.owner_token, self.identity.admin_token()):
            for rest in ('', '/secrets', f'/secrets/{secret["id"]}'):
                with self.variant(rest):
                    answer = self.manage('GET', rest, token=token)
                    self.assertEqual(200, answer.status)
                    self.assertIn(secret['id'], answer.text)
                    self.assertNotIn(value, answer.text)

    def test_description_and_expiry_are_stored(self):
        for wanted, expected in (
            ({}, (None, None)),
            ({'description': None, 'expires_at': None}, (None, None)),
            ({'description': ''}, ('', None)),
            ({'description': '\u20ac' * 255}, None),
            (
                {'expires_at': '2099-01-01T00:00:00.999999Z'},
                (None, '2099-01-01T00:00:00Z'),
            ),
            (
                {'expires_at': '2099-01-01T00:00:00'},
                (None, '2099-01-01T00:00:00Z'),
            ),
        ):
            with self.variant(wanted):
                expected = expected or (wanted['description'], None)
                secret = self.register_secret(**wanted)
                for shown in (secret, self.shown('secret', secret)):
                    self.assertEqual(
                        expected, (shown['description'], shown['expires_at'])
                    )
                self.remove('secret', secret)

    def test_database_stores_only_a_digest_of_it(self):
        secret = self.register_secret()['secret']
        self.assert_issued(**self.basic(secret))
        files = list(pathlib.Path(self.keystone.folder).glob('keystone.db*'))
        stored = b''.join(path.read_bytes() for path in files)
        self.assertIn(self.own.id.encode(), stored)
        for form in (
            secret.encode(),
            base64.urlsafe_b64decode(f'{secret}='),
            base64.urlsafe_b64decode(f'{secret}=').hex().encode(),
        ):
            self.assertNotIn(form, stored)

    def test_log_contains_no_part_of_it(self):
        """Not even at DEBUG."""
        secret = self.register_secret()['secret']
        for how in (
            self.basic(secret),
            clients.by_secret_in_body(self.own, secret),
        ):
            self.assert_issued(**how)
        self.show()
        self.choose_methods('private_key_jwt', 'client_secret_post')
        self.assert_refused(**self.basic(secret))
        self.assertIn(' DEBUG ', self.log)
        credentials = base.basic(self.own.id, secret)[6:]
        for form in (secret, credentials):
            self.assertFalse(form in self.log, 'a secret was logged')

    def test_expired_secret_is_refused_and_listed_until_it_is_purged(self):
        now = timeutils.utcnow()
        end = (now.replace(microsecond=0)).isoformat() + 'Z'
        self.at(now, -60)
        secret = self.register_secret(expires_at=end)
        # K04: the token expires with the secret.
        self.assertThat(
            self.get_token(**self.basic(secret['secret'])),
            matchers.IsAccessToken(expires_in=range(59, 61)),
        )
        self.assertIs(True, secret['expires_soon'])
        self.at(now, 0)
        self.assert_refused(**self.basic(secret['secret']))
        self.assertEqual(end, self.shown('secret', secret)['expires_at'])
        self.assert_issued(**self.basic(self.own.secret))

    def test_secret_that_expires_soon_is_marked(self):
        """By default, within 14 days."""
        now = timeutils.utcnow()
        for days, expected in ((13, True), (15, False)):
            with self.variant(days):
                self.at(now, days * 86400)
                end = timeutils.utcnow().isoformat() + 'Z'
                timeutils.clear_time_override()
                secret = self.register_secret(expires_at=end)
                self.assertIs(expected, secret['expires_soon'])
        self.assertIs(False, self.register_secret()['expires_soon'])


class UseTest(client_secrets.SecretsTestCase):
    def test_each_method_and_each_endpoint_accepts_it(self):
        """B03: as the credential's own secret."""
        secret = self.register_secret()['secret']
        for how in (
            self.basic(secret),
            clients.by_secret_in_body(self.own, secret),
            {
                'headers': {
                    'Authorization': base.basic(
                        base.encoded(self.own.id), base.encoded(secret)
                    )
                }
            },
        ):
            with self.variant(how):
                token = self.assert_issued(**how)
                answer = self.ask(tokens.INTROSPECT, token, **how)
                self.assertIs(True, answer.json['active'])
                self.assertEqual(self.own.id, answer.json['client_id'])
                answer = self.ask(tokens.REVOKE, token, **how)
                self.assertThat(answer, tokens.REVOKED)
                answer = self.ask(tokens.INTROSPECT, token, **how)
                self.assertThat(answer, tokens.INACTIVE)

    def test_token_equals_the_one_issued_for_the_own_secret(self):
        """Its client id, roles and project are the same."""
        secret = self.register_secret()['secret']
        described = []
        for value in (self.own.secret, secret):
            token = self.validate(self.get_token(**self.basic(value)))
            self.assertEqual(['application_credential'], token['methods'])
            self.assertEqual(
                self.own.id, token['application_credential']['id']
            )
            roles = sorted(role['name'] for role in token['roles'])
            described.append((token['user'], token['project'], roles))
        self.assertEqual(*described)

    def test_secret_of_another_client_is_wrong(self):
        other = self.identity.create_application_credential(self.user)
        secrets = {
            client: self.register_secret(client)['secret']
            for client in (self.own, other)
        }
        self.assert_refused(**self.basic(secrets[other]))
        self.assert_refused(**self.basic(secrets[self.own], other))

    def test_all_refusals_have_the_same_bytes(self):
        """B07: whether the client or the secret exists, or has existed."""
        expired, removed = (
            self.register_secret(),
            self.register_secret(),
        )
        self.expire(expired)
        self.remove('secret', removed)
        live = self.register_secret()['secret']
        retired = self.identity.create_application_credential(self.user)
        self.register_secret(retired)
        self.remove('secret', retired.id, client=retired)
        other = self.identity.create_application_credential(self.user)
        answers = [
            self.get_token(**clients.by_secret(client, secret))
            for client, secret in (
                (other, 'wrong'),
                (self.own, 'wrong'),
                (self.own, ''),
                (self.own, live[:-1]),
                (self.own, live.swapcase()),
                (self.own, f'{live}='),
                (self.own, expired['secret']),
                (self.own, removed['secret']),
                (self.own, live[::-1]),
                (retired, retired.secret),
                (retired, 'wrong'),
                (retired._replace(id='f' * 32), retired.secret),
            )
        ]
        for answer in answers:
            self.assertThat(answer, clients.REFUSED)
            self.assertEqual(answers[0].body, answer.body)
            self.assertEqual(
                self.comparable(answers[0]), self.comparable(answer)
            )

    def comparable(self, answer):
        return [
            field
            for field in answer.headers
            if not field[1].startswith('req-')
        ]


class CostTest(client_secrets.SecretsTestCase):
    """Keystone's slow hash is not valid here, so checking it fails."""

    def setUp(self):
        super().setUp()
        self.secret = self.register_secret()
        self.spoil(self.own)

    def spoil(self, client):
        self.remove_digest(client)
        self.execute(
            'UPDATE application_credential SET secret_hash = :hash'
            ' WHERE id = :id',
            id=client.id,
            hash=NO_HASH,
        )

    def test_registered_secret_costs_no_slow_hash(self):
        """B08: not even for the first use."""
        self.assert_issued(**self.basic(self.secret['secret']))

    def test_own_secret_costs_a_slow_hash(self):
        """So the other tests of the class can fail."""
        answer = self.get_token(**self.basic(self.own.secret))
        self.assertThat(answer, matchers.IsOAuthError(500, 'server_error'))

    def test_wrong_secret_costs_no_slow_hash_after_retirement(self):
        """B08: there is no hash left to compare with."""
        self.retire_secret()
        for secret in ('wrong', self.own.secret):
            with self.variant(secret):
                self.assert_refused(**self.basic(secret))

    def test_registered_secret_does_not_need_the_key_repository(self):
        """Its digest is not keyed."""
        self.assert_issued(**self.basic(self.secret['secret']))
        self.assertEqual([], self.digests(self.own))


class DigestsSwitchedOffTest(CostTest):
    """The result is the same without keyed digests."""

    options = {**clients.OPTIONS, 'oauth2_secrets': {'digests': False}}
