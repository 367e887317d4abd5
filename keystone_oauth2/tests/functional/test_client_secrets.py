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

from keystone_oauth2.tests import matchers
from keystone_oauth2.tests.functional import base
from keystone_oauth2.tests.functional import clients
from keystone_oauth2.tests.functional import digests
from keystone_oauth2.tests.functional import tokens

CONFLICT = clients.IsKeystoneError(409, 'could no longer authenticate')
#: Not a valid hash: Keystone fails when it checks a secret against it.
NO_HASH = 'nonsense'


class SecretsTestCase(clients.ClientsTestCase):
    def basic(self, secret, client=None):
        return clients.by_secret(client or self.own, secret)


class RotationTest(SecretsTestCase):
    def test_two_secrets_are_valid_at_once_without_a_gap(self):
        """J02: from the credential's own to the next, and to the one after."""
        old = {'id': self.own.id, 'secret': self.own.secret}
        for _ in range(3):
            new = self.register_secret()
            for secret in (old, new):
                self.assert_issued(**self.basic(secret['secret']))
            self.remove('secret', old)
            self.assert_issued(**self.basic(new['secret']))
            self.assert_refused(**self.basic(old['secret']))
            old = new

    def test_tokens_stay_valid_when_their_secret_is_removed(self):
        secret = self.register_secret()
        token = self.assert_issued(**self.basic(secret['secret']))
        own_token = self.assert_issued(**self.basic(self.own.secret))
        self.remove('secret', secret)
        self.register_secret()
        self.retire_secret()
        for kept in (token, own_token):
            self.assert_valid(kept)

    def test_last_secret_cannot_be_removed(self):
        """J02: whichever it is; the refusal changes nothing."""
        self.assert_cannot_be_removed(self.own.id, self.own.secret)
        last = self.register_secret()
        self.retire_secret()
        self.assert_cannot_be_removed(last['id'], last['secret'])

    def assert_cannot_be_removed(self, secret_id, secret):
        before = self.show()
        answer = self.manage('DELETE', f'/secrets/{secret_id}')
        self.assertThat(answer, CONFLICT)
        self.assertEqual(before, self.show())
        self.assert_issued(**self.basic(secret))

    def test_expired_secret_does_not_count_as_another_one(self):
        """J02: nor does one that no chosen method uses."""
        expired = self.register_secret()
        self.expire(expired)
        answer = self.manage('DELETE', f'/secrets/{self.own.id}')
        self.assertThat(answer, CONFLICT)
        self.register_key()
        self.choose_methods('client_secret_basic', 'client_secret_post')
        answer = self.manage('DELETE', f'/secrets/{self.own.id}')
        self.assertThat(answer, CONFLICT)
        self.choose_methods('client_secret_basic', 'private_key_jwt')
        self.retire_secret()

    def test_last_secret_can_be_removed_once_it_is_useless(self):
        """The client loses no access by that."""
        secret, signer = self.register_secret(), self.register_key()
        self.retire_secret()
        self.expire(secret)
        self.expire(signer.id)
        self.remove('secret', secret)
        self.remove('key', signer.id)
        secret = self.register_secret()
        self.assert_issued(**self.basic(secret['secret']))
        answer = self.manage('DELETE', f'/secrets/{secret["id"]}')
        self.assertThat(answer, CONFLICT)

    def test_own_secret_can_be_retired_once(self):
        secret = self.register_secret()
        self.assertEqual([self.own.id, secret['id']], self.listed())
        self.retire_secret()
        self.assertEqual([secret['id']], self.listed())
        for method in ('GET', 'DELETE'):
            answer = self.manage(method, f'/secrets/{self.own.id}')
            self.assertThat(answer, clients.IsKeystoneError(404))

    def listed(self):
        return [one['id'] for one in self.show('/secrets')['secrets']]

    def test_retired_secret_gets_no_keystone_token_either(self):
        """B11: by the id of the credential, and by its name."""
        own = self.identity.create_application_credential(
            self.user, name='named'
        )
        ways = (
            {'id': own.id, 'secret': own.secret},
            {
                'name': 'named',
                'user': {'id': self.user.id},
                'secret': own.secret,
            },
        )
        for way in ways:
            self.assertEqual(201, self.token_of_keystone(**way).status)
        self.register_secret(own)
        self.remove('secret', own.id, client=own)
        for way in ways:
            with self.variant(way):
                answer = self.token_of_keystone(**way)
                self.assertThat(answer, clients.IsKeystoneError(401))
                self.assertNotIn('X-Subject-Token', answer.headers)
                wrong = self.token_of_keystone(**{**way, 'secret': 'wrong'})
                self.assertEqual(wrong.body, answer.body)

    def test_retired_secret_beside_another_method_is_refused(self):
        """B11: Keystone accepts several methods at once."""
        body = {
            'auth': {
                'identity': {
                    'methods': ['password', 'application_credential'],
                    'password': {
                        'user': {
                            'id': self.user.id,
                            'password': self.user.password,
                        }
                    },
                    'application_credential': self.own._asdict(),
                }
            }
        }
        for status in (201, 401):
            answer = self.keystone.request(
                'POST', '/v3/auth/tokens', json=body
            )
            self.assertEqual(status, answer.status, answer.text)
            if status == 201:
                self.register_secret()
                self.retire_secret()

    def test_keystone_itself_does_not_accept_registered_secrets(self):
        secret = self.register_secret()['secret']
        answer = self.token_of_keystone(id=self.own.id, secret=secret)
        self.assertEqual(401, answer.status)

    def test_they_are_deleted_with_the_application_credential(self):
        secret = self.register_secret()['secret']
        self.assert_issued(**self.basic(secret))
        self.identity.delete_application_credential(self.user, self.own.id)
        self.assert_refused(**self.basic(secret))
        answer = self.manage('GET', token=self.identity.admin_token())
        self.assertThat(answer, clients.IsKeystoneError(404))


class SecretTest(SecretsTestCase):
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


class UseTest(SecretsTestCase):
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


class CostTest(SecretsTestCase):
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


class LastUseTest(SecretsTestCase):
    def last_use(self, one):
        text = self.shown('secret', one)['last_used_at']
        if text is None:
            return None
        return timeutils.normalize_time(timeutils.parse_isotime(text))

    def test_last_use_is_recorded_once_a_minute(self):
        """So that owners can see which secrets are in use."""
        secret = self.register_secret()
        own = {'id': self.own.id, 'secret': self.own.secret}
        now = timeutils.utcnow().replace(microsecond=0)
        for one in (secret, own):
            self.assertIsNone(self.last_use(one))
            for seconds, expected in ((0, 0), (59, 0), (60, 60), (600, 600)):
                with self.variant((one, seconds)):
                    self.at(now, seconds)
                    self.assert_issued(**self.basic(one['secret']))
                    noted = (self.last_use(one) - now).total_seconds()
                    self.assertEqual(expected, noted)
            self.at(now)

    def test_each_secret_has_its_own_last_use(self):
        used, unused = self.register_secret(), self.register_secret()
        self.assert_issued(**self.basic(used['secret']))
        self.assertIsNotNone(self.last_use(used))
        self.assertIsNone(self.last_use(unused))
        self.assertIsNone(self.last_use(self.own.id))

    def test_refused_request_is_no_use(self):
        """Neither a wrong secret, nor the right one of a disabled user."""
        secret = self.register_secret()
        self.assert_refused(**self.basic('wrong'))
        self.choose_methods('client_secret_post')
        self.assert_refused(**self.basic(secret['secret']))
        self.choose_methods('client_secret_basic')
        self.addCleanup(self.switch, 'user', self.user.id, enabled=True)
        self.switch('user', self.user.id, enabled=False)
        self.assert_refused(**self.basic(secret['secret']))
        self.switch('user', self.user.id, enabled=True)
        self.assertIsNone(self.last_use(secret))
        self.assertIsNone(self.last_use(self.own.id))

    def test_last_use_of_the_own_secret_needs_a_registration(self):
        """Before the first registration nothing is written."""
        self.assert_issued(**self.basic(self.own.secret))
        self.assertIsNone(self.last_use(self.own.id))
        self.register_key()
        self.assert_issued(**self.basic(self.own.secret))
        self.assertIsNotNone(self.last_use(self.own.id))

    def test_use_at_another_endpoint_is_recorded_too(self):
        secret = self.register_secret()
        how = self.basic(secret['secret'])
        answer = self.ask(tokens.INTROSPECT, 'unknown', **how)
        self.assertThat(answer, tokens.INACTIVE)
        self.assertIsNotNone(self.last_use(secret))

    def test_failure_to_record_the_use_does_not_refuse_the_client(self):
        """The client is authenticated all the same."""
        secret = self.register_secret()
        self.addCleanup(self.execute, 'DROP TRIGGER no_space')
        self.execute(
            f'CREATE TRIGGER no_space BEFORE UPDATE ON '
            f'{clients.AUTHENTICATORS} '
            "BEGIN SELECT RAISE(ABORT, 'no space'); END"
        )
        self.assert_issued(**self.basic(secret['secret']))
        self.assertIsNone(self.last_use(secret))
        self.assertIn(
            'The last use of an authenticator could not be recorded', self.log
        )


class LimitTest(SecretsTestCase):
    options = {**clients.OPTIONS, 'oauth2_clients': {'authenticator_limit': 2}}

    def test_secret_beyond_the_limit_is_403(self):
        """The credential's own secret does not count."""
        first, second = self.register_secret(), self.register_secret()
        self.assert_too_many()
        self.assertEqual(3, len(self.show('/secrets')['secrets']))
        self.remove('secret', first)
        self.register_secret()
        self.assert_too_many()
        self.assert_issued(**self.basic(second['secret']))

    def assert_too_many(self):
        answer = self.manage('POST', '/secrets', {'secret': {}})
        self.assertThat(
            answer, clients.IsKeystoneError(403, 'delete one first')
        )

    def test_expired_secrets_do_not_count(self):
        """Owners need not remove secrets that expire."""
        for _ in range(3):
            expired, live = self.register_secret(), self.register_secret()
            self.expire(expired)
            self.expire(self.register_secret())
            shown = [one['id'] for one in self.show('/secrets')['secrets']]
            self.assertNotIn(expired['id'], shown)
            self.assert_issued(**self.basic(live['secret']))
            self.remove('secret', live)

    def test_each_kind_and_each_client_has_its_own_limit(self):
        for _ in range(2):
            self.register_secret()
            self.register_key()
        for name in ('a', 'b'):
            self.register_certificate(tls_client_auth_san_dns=name)
        other = self.identity.create_application_credential(self.user)
        self.register_secret(other)
        for kind, wanted in (
            ('key', {'jwk': self.register_key(client=other).jwk}),
            ('certificate', {'tls_client_auth_san_dns': 'c'}),
        ):
            rest = f'/{clients.COLLECTIONS[kind]}'
            answer = self.manage('POST', rest, {kind: wanted})
            self.assertThat(answer, clients.IsKeystoneError(403))


class DigestTableTest(SecretsTestCase):
    def test_retired_secret_stays_retired_whatever_its_digest(self):
        self.assert_issued(**self.basic(self.own.secret))
        self.assertEqual(1, len(self.digests(self.own)))
        self.register_secret()
        self.retire_secret()
        self.assert_refused(**self.basic(self.own.secret))
        self.remove_digest(self.own)
        self.assert_refused(**self.basic(self.own.secret))
        self.replace_hash(self.own)
        self.assert_refused(**self.basic(digests.OTHER_SECRET))
