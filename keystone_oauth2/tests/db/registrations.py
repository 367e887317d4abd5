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

"""Tests of authenticators and assertions that each database must pass."""

import datetime
import uuid

from oslo_utils import timeutils

from keystone_oauth2.db import registrations
from keystone_oauth2.db import replay
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.tests.db import base
from keystone_oauth2.tests.support import assertions as made
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

DAY = datetime.timedelta(days=1)
KEY = '\U0001f511'


class RegistrationTests:
    """Tests of the rows of clients and their authenticators."""

    def count(self, table, client):
        ((count,),) = self.execute(
            f'SELECT COUNT(*) FROM {table} WHERE client_id = :id', id=client.id
        )
        return count

    def register_all(self):
        """Register an authenticator of each kind for the client of the test.

        :returns: functions that return the request arguments for each. They
            use the client that the test has when they are called.
        """
        secret = self.register_secret()['secret']
        signer = self.register_key()
        certificate = mutual_tls.AUTHORITY.client([('CN', self.own.id)])
        self.register_certificate(
            tls_client_auth_subject_dn=f'CN={self.own.id}'
        )
        return (
            lambda: clients.by_secret(self.own, secret),
            lambda: clients.by_key(signer, iss=self.own.id, sub=self.own.id),
            lambda: clients.by_certificate(self.own, certificate),
        )

    def introspect_as(self, how):
        return self.keystone.request(
            'POST', tokens.INTROSPECT, **{**how, **self.with_token(how)}
        )

    def with_token(self, how):
        return {'form': {**how.get('form', {}), 'token': 'unknown'}}

    def assert_authenticated(self, ways):
        for how in ways:
            self.assertThat(self.introspect_as(how()), tokens.INACTIVE)

    def assert_not_authenticated(self, ways):
        for how in ways:
            self.assertThat(self.introspect_as(how()), clients.REFUSED)

    def test_each_kind_is_stored_and_authenticates_the_client(self):
        self.assert_authenticated(self.register_all())
        client = self.show()['client']
        for collection, count in (
            ('secrets', 2),
            ('keys', 1),
            ('certificates', 1),
        ):
            with self.variant(collection):
                self.assertEqual(count, len(client[collection]))
                last = client[collection][-1]
                self.assertIsNotNone(last['last_used_at'])

    def test_authenticators_end_with_the_application_credential(self):
        ways = self.register_all()
        self.retire_secret()
        self.identity.delete_application_credential(self.user, self.own.id)
        self.assert_not_authenticated(ways)
        self.assert_raises(
            registration.UnknownClient, registrations.show, self.own.id
        )
        self.assertEqual(
            (self.left_behind, 3 * self.left_behind),
            (
                self.count(base.CLIENTS, self.own),
                self.count(base.AUTHENTICATORS, self.own),
            ),
        )
        registrations.purge()
        self.assertEqual(0, self.count(base.CLIENTS, self.own))
        self.assertEqual(0, self.count(base.AUTHENTICATORS, self.own))

    def test_longest_values_are_stored_unchanged(self):
        """No database truncates them."""
        description = '\u20ac' * 255
        jwk = made.jwk(made.rsa_key(8192), 'RS256')
        signer = self.register('key', jwk=jwk, description=description)
        name = 'CN=x' + f',O={KEY * 200}' * 5
        subject = self.register_certificate(tls_client_auth_subject_dn=name)
        uri = 'urn:' + 'x' * 1020
        other = self.register_certificate(tls_client_auth_san_uri=uri)
        key = self.shown('key', signer)
        self.assertEqual(jwk, key['jwk'])
        self.assertEqual(description, key['description'])
        self.assertEqual(
            name,
            self.shown('certificate', subject)['tls_client_auth_subject_dn'],
        )
        self.assertEqual(
            uri, self.shown('certificate', other)['tls_client_auth_san_uri']
        )

    def test_times_are_stored_to_the_second(self):
        for end in ('2099-12-31T23:59:59Z', '9999-12-31T23:59:59Z'):
            with self.variant(end):
                secret = self.register_secret(expires_at=end)
                self.assertEqual(
                    end, self.shown('secret', secret)['expires_at']
                )
                self.assertEqual(
                    secret['created_at'],
                    self.shown('secret', secret)['created_at'],
                )

    def test_client_id_that_only_looks_alike_is_unknown(self):
        """Some databases ignore case, accents and spaces."""
        ways = self.register_all()
        signer = self.register_key()
        admin = self.identity.admin_token()
        for client_id in (
            self.own.id.upper(),
            f'{self.own.id} ',
            self.own.id.replace('a', '\u00e1'),
            '%',
            'x' * 5000,
            KEY,
        ):
            if client_id == self.own.id:
                continue
            with self.variant(client_id):
                self.assert_raises(
                    registration.UnknownClient, registrations.show, client_id
                )
                for rest in ('', '/keys', f'/keys/{signer.id}'):
                    answer = self.manage(
                        'GET', rest, client=client_id, token=admin
                    )
                    self.assertEqual(404, answer.status, answer.text)
        for one in (signer.id.upper(), f'{signer.id} ', 'x' * 5000, KEY):
            if one == signer.id:
                continue
            with self.variant(one):
                for method in ('GET', 'DELETE'):
                    answer = self.manage(method, f'/keys/{one}')
                    self.assertEqual(404, answer.status, answer.text)
        self.assert_authenticated(ways)

    def test_id_that_no_database_can_store_is_refused(self):
        """PostgreSQL does not accept a NUL even in a comparison."""
        admin = self.identity.admin_token()
        for client, rest in (
            ('%00', ''),
            ('x%00', '/secrets'),
            (self.own, '/secrets/%00'),
            (self.own, '/keys/x%00y'),
            (self.own, '/keys/%F0%9F'),
        ):
            for method in ('GET', 'DELETE'):
                with self.variant((method, rest)):
                    answer = self.manage(method, rest, None, client, admin)
                    self.assertIn(answer.status, (404, 405), answer.text)

    def test_purge_removes_only_expired_authenticators(self):
        ways = self.register_all()
        registrations.purge()
        expired = self.register_secret()
        kept = self.register_secret(expires_at='2099-01-01T00:00:00Z')
        self.expire(expired)
        self.assertEqual(1, registrations.purge())
        self.assertEqual(0, registrations.purge())
        shown = [one['id'] for one in self.show('/secrets')['secrets']]
        self.assertIn(kept['id'], shown)
        self.assertNotIn(expired['id'], shown)
        self.assert_authenticated(ways)

    def test_expiring_authenticators_are_found_in_order(self):
        now = timeutils.utcnow().replace(microsecond=0)
        ends = [now + number * DAY for number in (3, 1, 30)]
        made_here = [
            self.register_secret(expires_at=end.isoformat() + 'Z')
            for end in ends
        ]
        other = self.identity.create_application_credential(self.user)
        gone = self.register_secret(
            other, expires_at=ends[1].isoformat() + 'Z'
        )
        expired = self.register_key(expires_at=ends[0].isoformat() + 'Z')
        self.register_key()
        self.expire(expired.id)
        self.identity.delete_application_credential(self.user, other.id)
        found = [
            one
            for one in registrations.expiring(now + 14 * DAY)
            if one.client_id in (self.own.id, other.id)
        ]
        self.assertEqual(
            [made_here[1]['id'], made_here[0]['id']],
            [one.id for one in found],
        )
        self.assertNotIn(gone['id'], [one.id for one in found])

    def test_missing_tables_are_503(self):
        """The error of the driver is recognised."""
        with self.without_tables():
            for method, rest, json in (
                ('GET', '', None),
                ('POST', '/secrets', {'secret': {}}),
                ('DELETE', '/keys/x', None),
                ('PATCH', '', {'client': {'authentication_methods': None}}),
            ):
                with self.variant((method, rest)):
                    answer = self.manage(method, rest, json)
                    self.assertThat(answer, clients.IsKeystoneError(503))
        self.register_secret()


class AssertionTests:
    """Tests of the rows of client assertions."""

    def consume(self, jti, expires_at=None, namespace='client_assertion'):
        end = expires_at or timeutils.utcnow() + DAY
        return replay.ReplayCache().consume(namespace, 'client', jti, end)

    def test_assertion_is_accepted_once_across_all_workers(self):
        """C06: each worker has its own cache, and the database decides."""
        jti = uuid.uuid4().hex
        self.assertIs(True, self.consume(jti))
        for _ in range(2):
            self.assertIs(False, self.consume(jti))

    def test_what_has_another_purpose_has_its_own_ids(self):
        """C06: a ``jti`` of a proof is not that of an assertion."""
        jti = uuid.uuid4().hex
        for namespace in ('client_assertion', 'proof', ''):
            self.assertIs(True, self.consume(jti, namespace=namespace))
            self.assertIs(False, self.consume(jti, namespace=namespace))

    def test_ids_are_compared_exactly(self):
        """C06: even if the database ignores case or spaces."""
        jti = f'a\u00e4 {uuid.uuid4().hex}'
        for other in (jti, jti.upper(), f'{jti} ', jti.replace('\u00e4', 'a')):
            with self.variant(other):
                self.assertIs(True, self.consume(other))

    def test_assertion_is_remembered_until_it_expires(self):
        """C06: and as long as the clock of another node may be behind."""
        now = timeutils.utcnow()
        replay.purge()
        ids = {seconds: uuid.uuid4().hex for seconds in (-900, -240, 240, 900)}
        for seconds, jti in ids.items():
            end = now + datetime.timedelta(seconds=seconds)
            self.assertIs(True, self.consume(jti, end))
        self.assertEqual(1, replay.purge())
        self.assertEqual(0, replay.purge())
        for seconds, jti in ids.items():
            with self.variant(seconds):
                self.assertIs(seconds < -300, self.consume(jti))

    def test_purge_can_be_done_in_batches(self):
        now = timeutils.utcnow()
        replay.purge()
        for _ in range(3):
            self.consume(uuid.uuid4().hex, now - DAY)
        self.assertEqual(2, replay.purge(2))
        self.assertEqual(1, replay.purge(2))
