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

"""Rotation of the secrets of a client."""

from keystone_oauth2.tests.functional import client_secrets
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import federation

CONFLICT = clients.IsKeystoneError(409, 'could no longer authenticate')


class RotationTest(client_secrets.SecretsTestCase):
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


class LimitTest(client_secrets.SecretsTestCase, federation.FederationTestCase):
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
            self.identify(subject=name)
        other = self.identity.create_application_credential(self.user)
        self.register_secret(other)
        for kind, wanted in (
            ('key', {'jwk': self.register_key(client=other).jwk}),
            ('certificate', {'tls_client_auth_san_dns': 'c'}),
            ('federated_identity', {'issuer_id': 'idp', 'subject': 'c'}),
        ):
            rest = f'/{clients.COLLECTIONS[kind]}'
            answer = self.manage('POST', rest, {kind: wanted})
            self.assertThat(answer, clients.IsKeystoneError(403))


class DigestTableTest(client_secrets.SecretsTestCase):
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
