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

"""Keys registered for a client, and assertions signed with them."""

import time

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import tokens

ALGORITHMS = ('ES256', 'ES384', 'RS256', 'PS256', 'EdDSA')


class PrivateKeyJWTTest(clients.ClientsTestCase):
    def test_each_algorithm_at_each_endpoint(self):
        """C01, C07: without a secret."""
        for algorithm in ALGORITHMS:
            with self.variant(algorithm):
                signer = self.register_key(algorithm)
                token = self.assert_issued(**clients.by_key(signer))
                answer = self.ask(
                    tokens.INTROSPECT, token, **clients.by_key(signer)
                )
                self.assertIs(True, answer.json['active'])
                self.assertEqual(self.own.id, answer.json['client_id'])
                answer = self.ask(
                    tokens.REVOKE, token, **clients.by_key(signer)
                )
                self.assertThat(answer, tokens.REVOKED)
                answer = self.ask(
                    tokens.INTROSPECT, token, **clients.by_key(signer)
                )
                self.assertThat(answer, tokens.INACTIVE)
                self.remove('key', signer.id)

    def test_token_equals_the_one_issued_for_the_secret(self):
        signer = self.register_key()
        described = []
        for how in (
            clients.by_secret(self.own, self.own.secret),
            clients.by_key(signer),
        ):
            token = self.validate(self.get_token(**how))
            self.assertEqual(['application_credential'], token['methods'])
            self.assertNotIn('oauth2_credential', token)
            roles = sorted(role['name'] for role in token['roles'])
            described.append((token['user'], token['project'], roles))
        self.assertEqual(*described)

    def test_secret_can_be_retired_in_favour_of_a_key(self):
        """The client stays the same."""
        signer = self.register_key()
        token = self.assert_issued(
            **clients.by_secret(self.own, self.own.secret)
        )
        self.retire_secret()
        self.assert_refused(**clients.by_secret(self.own, self.own.secret))
        self.assert_issued(**clients.by_key(signer))
        self.assert_valid(token)

    def test_any_of_several_keys_may_sign(self):
        """With or without a key id in the header."""
        first, second = self.register_key(), self.register_key()
        named = assertions.Signer(self.own.id, clients.ISSUER)
        self.register('key', jwk={**named.jwk, 'kid': 'third'})
        for signer, headers in (
            (first, None),
            (second, None),
            (second, {'kid': 'of a key without a name'}),
            (named, None),
            (named, {'kid': 'third'}),
        ):
            with self.variant((signer, headers)):
                self.assert_issued(**clients.by_key(signer, headers=headers))
        self.assert_refused(
            **clients.by_key(named, headers={'kid': 'another'})
        )

    def test_removed_key_is_refused_at_the_next_request(self):
        signer, other = self.register_key(), self.register_key()
        self.assert_issued(**clients.by_key(signer))
        self.remove('key', signer.id)
        self.assert_refused(**clients.by_key(signer))
        self.assert_issued(**clients.by_key(other))

    def test_last_key_cannot_be_removed(self):
        signer = self.register_key()
        self.retire_secret()
        answer = self.manage('DELETE', f'/keys/{signer.id}')
        self.assertThat(answer, clients.IsKeystoneError(409))
        self.assert_issued(**clients.by_key(signer))

    def test_expired_key_is_refused(self):
        signer = self.register_key(expires_at='2099-01-01T00:00:00Z')
        self.assert_issued(**clients.by_key(signer))
        self.expire(signer.id)
        self.assert_refused(**clients.by_key(signer))

    def test_key_is_deleted_with_the_application_credential(self):
        signer = self.register_key()
        self.identity.delete_application_credential(self.user, self.own.id)
        self.assert_refused(**clients.by_key(signer))

    def test_last_use_of_the_key_is_recorded(self):
        used, unused = self.register_key(), self.register_key()
        self.assert_issued(**clients.by_key(used))
        self.assertIsNotNone(self.shown('key', used.id)['last_used_at'])
        self.assertIsNone(self.shown('key', unused.id)['last_used_at'])
        self.assertIsNone(self.shown('secret', self.own.id)['last_used_at'])

    def test_disabled_user_and_expired_credential_are_refused(self):
        """B07: as with a secret."""
        signer = self.register_key()
        self.addCleanup(self.switch, 'user', self.user.id, enabled=True)
        self.switch('user', self.user.id, enabled=False)
        self.assert_refused(**clients.by_key(signer))
        self.switch('user', self.user.id, enabled=True)
        self.execute(
            'UPDATE application_credential SET expires_at = :moment'
            ' WHERE id = :id',
            id=self.own.id,
            moment=1,
        )
        self.assert_refused(**clients.by_key(signer))

    def test_assertion_is_not_logged(self):
        """It is a credential, even if valid only once."""
        assertion = self.register_key().assertion()
        for _ in range(2):
            self.get_token(**clients.by_assertion(assertion))
        self.assertNotIn(assertion, self.log)
        self.assertNotIn(assertion.rpartition('.')[2], self.log)

    def test_database_holds_no_part_of_it(self):
        signer = self.register_key()
        self.assert_issued(**clients.by_key(signer, jti='not-in-the-database'))
        ((digest, _),) = self.execute(
            'SELECT * FROM oauth2_client_assertion'
            ' ORDER BY expires_at DESC LIMIT 1'
        )
        self.assertRegex(digest, '^[0-9a-f]{64}$')


class ReplayTest(clients.ClientsTestCase):
    def test_assertion_is_accepted_once(self):
        """C06: across all endpoints."""
        signer = self.register_key()
        for first in (base.TOKEN, tokens.INTROSPECT, tokens.REVOKE):
            how = clients.by_key(signer)
            with self.variant(first):
                self.assertEqual(200, self.post_to(first, how).status)
                for path in (base.TOKEN, tokens.INTROSPECT, tokens.REVOKE):
                    self.assertThat(self.post_to(path, how), clients.REFUSED)

    def post_to(self, path, how):
        form = {'token': 'x', 'grant_type': 'client_credentials'}
        return self.keystone.request(
            'POST', path, form={**form, **how['form']}
        )

    def test_id_is_accepted_once_whatever_else_is_new(self):
        """C06: with a new signature, another key, or another form."""
        signer, other = self.register_key(), self.register_key()
        self.assert_issued(**clients.by_key(signer, jti='1'))
        for how in (
            clients.by_key(signer, jti='1'),
            clients.by_key(signer, jti='1', exp=int(time.time()) + 600),
            clients.by_key(other, jti='1'),
        ):
            self.assert_refused(**how)
        for jti in ('2', '1 ', ' 1', '\u0661', '01'):
            with self.variant(jti):
                self.assert_issued(**clients.by_key(signer, jti=jti))

    def test_ids_are_separate_for_each_client(self):
        """C06: or an attacker could use up another client's ids."""
        other = self.identity.create_application_credential(self.user)
        for signer in (self.register_key(), self.register_key(client=other)):
            self.assert_issued(**clients.by_key(signer, jti='the same'))

    def test_invalid_assertion_is_not_used_up(self):
        """C06: or an attacker could use up an id."""
        signer = self.register_key()
        forger = assertions.Signer(self.own.id, clients.ISSUER)
        self.assert_refused(**clients.by_key(forger, jti='1'))
        self.assert_refused(**clients.by_key(signer, jti='1', aud='x'))
        self.assert_issued(**clients.by_key(signer, jti='1'))

    def test_valid_assertion_is_used_up_even_if_the_request_fails(self):
        """C06: it was sent, and an attacker may have seen it."""
        signer = self.register_key()
        how = clients.by_key(signer)
        how['form']['scope'] = 'unknown'
        answer = self.get_token(**how)
        self.assertThat(answer, matchers.IsOAuthError(400, 'invalid_scope'))
        del how['form']['scope']
        self.assert_refused(**how)
